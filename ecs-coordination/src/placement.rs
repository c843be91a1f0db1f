//! Which worlds share a thread.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which worlds share a thread.
///
/// Written as `single`, `per-world`, or a thread number for each world in order
/// of its id, such as `0,1,1`. Threads are named after their world, or `worlds-N`
/// where they share one. With the feature `affinity`, `WorldCoordinator::pin` keeps them on
/// cores.
///
/// # Examples
/// ```
/// use static_ecs::prelude::*;
///
/// let placement: Placement = "0,1,1".parse()?;
/// assert_eq!(placement, Placement::Map(vec![0, 1, 1]));
/// assert_eq!(placement.threads(3)?, [vec![0], vec![1, 2]]);
/// assert!(placement.threads(2).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// All worlds on one thread.
    Single,
    /// A thread for each world.
    #[default]
    PerWorld,
    /// A thread number for each world, by id. Numbers start at 0, without gaps.
    Map(Vec<usize>),
}

/// A placement can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlacementError {
    /// The text is none of the forms.
    #[error(
        "`{0}` is no placement: write `single`, `per-world`, or a thread for each world such as `0,1,1`"
    )]
    Syntax(String),
    /// There are more, or fewer, worlds.
    #[error("the placement names {given} worlds, but there are {worlds}: write a thread for each")]
    Count {
        /// How many the placement names.
        given: usize,
        /// How many there are.
        worlds: usize,
    },
    /// A thread has no world.
    #[error("thread {0} has no world: number the threads from 0 without gaps")]
    Gap(usize),
}

impl Placement {
    /// The worlds' ids, thread by thread.
    ///
    /// # Errors
    /// If the map does not fit this many worlds.
    pub fn threads(&self, worlds: usize) -> Result<Vec<Vec<usize>>, PlacementError> {
        match self {
            Self::Single => Ok(vec![(0..worlds).collect()]),
            Self::PerWorld => Ok((0..worlds).map(|world| vec![world]).collect()),
            Self::Map(map) => {
                if map.len() != worlds {
                    return Err(PlacementError::Count { given: map.len(), worlds });
                }
                let count = map.iter().max().map_or(0, |&last| last.saturating_add(1));
                // More threads than worlds leave one empty: don't build a list for each.
                let empty = (0..count.min(worlds + 1)).find(|thread| !map.contains(thread));
                if let Some(thread) = empty {
                    return Err(PlacementError::Gap(thread));
                }
                let mut threads = vec![Vec::new(); count];
                map.iter().enumerate().for_each(|(world, &thread)| threads[thread].push(world));
                Ok(threads)
            }
        }
    }
}

impl FromStr for Placement {
    type Err = PlacementError;

    fn from_str(text: &str) -> Result<Self, PlacementError> {
        match text {
            "single" => Ok(Self::Single),
            "per-world" => Ok(Self::PerWorld),
            map => map
                .split(',')
                .map(|thread| thread.trim().parse())
                .collect::<Result<_, _>>()
                .map(Self::Map)
                .map_err(|_| PlacementError::Syntax(text.to_owned())),
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => f.write_str("single"),
            Self::PerWorld => f.write_str("per-world"),
            Self::Map(map) => {
                let threads: Vec<_> = map.iter().map(usize::to_string).collect();
                f.write_str(&threads.join(","))
            }
        }
    }
}
