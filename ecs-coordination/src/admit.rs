//! Admission: a source asks before it takes in more, so that pressure anywhere
//! down the pipeline reaches the first world.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_utils::CachePadded;
use ecs_core::config::WorldConfig;
use ecs_core::world::World;
use thiserror::Error;

use crate::stats::WorldCounters;

/// What a world needs to know to admit more. A resource of each world in a coordinator.
pub struct Admission {
    /// Entities for which room is left free, so that a full cycle still turns.
    free: usize,
    /// The worlds that entities from here can reach, this one included.
    pipeline: Vec<(&'static str, Arc<CachePadded<WorldCounters>>)>,
    /// The coordinator stops.
    stopping: bool,
    /// Which bit of a world's pressure to look at: in lock-step, that of the
    /// last tick.
    bit: u64,
}

impl Admission {
    pub(crate) fn new(
        free: usize,
        pipeline: Vec<(&'static str, Arc<CachePadded<WorldCounters>>)>,
    ) -> Self {
        Self { free, pipeline, stopping: false, bit: 1 }
    }

    pub(crate) fn set_stopping(&mut self, stopping: bool) {
        self.stopping = stopping;
    }

    /// From now on, pressure is that at the end of the last tick before this one.
    pub(crate) fn set_step(&mut self, tick: u64) {
        self.bit = crate::endpoint::pressure_bit(tick);
    }

    fn check(&self, room: usize, count: usize) -> Result<(), Overloaded> {
        if self.stopping {
            return Err(Overloaded::Stopping);
        }
        if room < count + self.free {
            return Err(Overloaded::WorldFull { room: room.saturating_sub(self.free) });
        }
        // ORDERING: relaxed: see `Endpoint::publish`.
        let mut pipeline = self.pipeline.iter();
        let pressed =
            pipeline.find(|(_, world)| world.pressed.load(Ordering::Relaxed) & self.bit != 0);
        match pressed {
            Some(&(world, _)) => Err(Overloaded::Downstream { world }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worlds: Vec<_> = self.pipeline.iter().map(|(name, _)| name).collect();
        f.debug_struct("Admission").field("pipeline", &worlds).finish_non_exhaustive()
    }
}

/// More should not be taken in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Overloaded {
    /// This world has not enough room.
    #[error(
        "the world has room for {room} more entities only: refuse the rest, or ask again later"
    )]
    WorldFull {
        /// For how many there is.
        room: usize,
    },
    /// A world down the pipeline is full, or can't get rid of what it has.
    #[error("world `{world}` can take no more now: refuse work, or ask again later")]
    Downstream {
        /// Its name.
        world: &'static str,
    },
    /// The coordinator stops: what is begun is finished, and nothing new is.
    #[error("the coordinator is stopping: refuse work, and finish what is begun")]
    Stopping,
}

/// Asks whether a world should take in more.
///
/// # Examples
/// ```
/// # use static_ecs::Overloaded;
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Job(u64);
/// # #[world_config(components(Job), max_entities = 1000)] struct Base;
/// #[world_config(base = Base, role = accept, routing(default_target = Work))]
/// struct Door;
/// #[world_config(base = Base, max_entities = 8)]
/// struct Work;
/// coordinator!(type Shop = (Door, Work));
///
/// let mut shop = Shop::new();
/// shop.start()?;
/// let mut admitted = 0;
/// while shop.world::<Door>().try_admit(1).is_ok() {
///     let door = shop.world_mut::<Door>();
///     let job = door.spawn(Job(admitted))?;
///     door.complete(job)?;
///     shop.tick()?;
///     admitted += 1;
/// }
/// // `Work` does nothing, so it fills up, and the door learns of it.
/// let refused = shop.world::<Door>().try_admit(1).unwrap_err();
/// assert_eq!(refused, Overloaded::Downstream { world: "Work" });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Admit {
    /// Whether `count` more entities should be made here now: there is room
    /// for them, no world that they can reach is under pressure, and the
    /// coordinator is not stopping. A system that makes entities in each tick
    /// asks this, or its worlds never come to rest for a stop.
    ///
    /// # Errors
    /// If they should not: say so to whoever brings them.
    fn try_admit(&self, count: usize) -> Result<(), Overloaded>;
}

impl<W: WorldConfig> Admit for World<W> {
    fn try_admit(&self, count: usize) -> Result<(), Overloaded> {
        match self.resource::<Admission>() {
            Some(admission) => admission.check(self.room(), count),
            None if self.room() < count => Err(Overloaded::WorldFull { room: self.room() }),
            None => Ok(()),
        }
    }
}
