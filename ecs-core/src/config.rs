//! What `#[world_config]` declares of a world, as constants.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use crate::schema::{Mask, Schema};

/// The most worlds in one coordinator.
pub const MAX_WORLDS: usize = 256;

/// The most entities in flight that a queue is made for.
pub const MAX_CAPACITY: u32 = 1 << 24;

/// The settings of one world, made by `#[world_config]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a world",
    label = "not a world",
    note = "put `#[world_config(...)]` on `{Self}`, or name a world here"
)]
pub trait WorldConfig: Sized + 'static {
    /// The components of the world, shared by all worlds with one `base`.
    type Schema: Schema;
    /// The world's path, unique in the program. Apart from [`Self::DESC`], so
    /// that worlds can name each other as targets.
    const PATH: &'static str;
    /// Everything that the attribute declares.
    const DESC: WorldDesc;
}

/// The settings of a base.
///
/// With [`NoBase`] in scope, they are there too where the type is no world: the compiler
/// complains of that where the schema is asked for, and so once.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inherited<W>(PhantomData<W>);

impl<W: WorldConfig> Inherited<W> {
    /// The base's.
    pub const DESC: WorldDesc = W::DESC;
}

/// The settings of what is no world.
#[doc(hidden)]
pub trait NoBase {
    /// The defaults.
    const DESC: WorldDesc = WorldDesc::new("", "", "");
}
impl<W> NoBase for Inherited<W> {}

/// Everything that `#[world_config]` declares of a world.
#[derive(Clone, Copy, Debug)]
pub struct WorldDesc {
    /// The world's name as written.
    pub name: &'static str,
    /// [`WorldConfig::PATH`].
    pub path: &'static str,
    /// [`Schema::PATH`] of the schema.
    pub schema: &'static str,
    /// What the world is for.
    pub role: Role,
    /// The declared id; `None` takes the world's place in the coordinator.
    pub id: Option<u16>,
    /// How entities come in.
    pub queue: QueueConfig,
    /// Where entities go.
    pub routing: Routing,
    /// Further worlds that a `TransferMarker` may name; of an array, each member.
    pub targets: &'static [Target],
    /// Whether the world's own attribute names the world as a target, which only
    /// the members of an array may do. Never inherited: what a base says of its
    /// heirs makes no edge from one of them to itself.
    pub itself: bool,
    /// Whether the attribute, or that of a base, has a mistake, of which the compiler has told
    /// already.
    #[doc(hidden)]
    pub mistaken: bool,
    /// Which members of an array of this world reach which.
    pub neighbours: Neighbours,
    /// Whether entities originate here, so that nothing needs to reach it.
    pub source: bool,
    /// The archetypes whose tables exist from the start.
    pub archetypes: &'static [ArchetypeDesc],
    /// Whether the declared archetypes are the only ones.
    pub closed: bool,
    /// The most residents.
    pub max_entities: u32,
}

impl WorldDesc {
    /// A world with every setting at its default.
    pub const fn new(name: &'static str, path: &'static str, schema: &'static str) -> Self {
        Self {
            name,
            path,
            schema,
            role: Role::Standalone,
            id: None,
            queue: QueueConfig::DEFAULT,
            routing: Routing { default: None, routes: &[] },
            targets: &[],
            itself: false,
            mistaken: false,
            neighbours: Neighbours::All,
            source: false,
            archetypes: &[],
            closed: false,
            max_entities: 1 << 20,
        }
    }

    /// Those of a world that has this one for its base, where it sets nothing else. An id
    /// is one world's own, and is not handed on.
    #[must_use]
    pub const fn inherit(self, name: &'static str, path: &'static str) -> Self {
        Self { name, path, id: None, itself: false, ..self }
    }
}

/// What a world is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Role {
    /// No driver; allowed anywhere.
    Standalone,
    /// Takes in what is new: polls its driver first, is stopped first.
    Accept,
    /// Waits for the operating system through its driver.
    Io,
    /// Works on what arrives.
    Compute,
    /// The user's own driver.
    Custom,
}

impl Role {
    /// Whether entities originate in worlds of this role.
    pub const fn is_source(self) -> bool {
        matches!(self, Role::Accept | Role::Custom)
    }

    /// Whether worlds of this role own a driver.
    pub const fn has_driver(self) -> bool {
        matches!(self, Role::Accept | Role::Io | Role::Custom)
    }
}

/// As it is written in an attribute.
impl fmt::Display for Role {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Standalone => "standalone",
            Role::Accept => "accept",
            Role::Io => "io",
            Role::Compute => "compute",
            Role::Custom => "custom",
        })
    }
}

/// How entities come into a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QueueConfig {
    /// The most entities in flight; a power of two, at most 2^24.
    pub capacity: u32,
    /// The most entities in one batch; at most the capacity.
    pub batch_size: u32,
    /// For how many ticks of its own a source lets less than a batch wait for more.
    pub linger: u32,
    /// `true`: one ring for each source world; `false`: one inbox for all.
    pub spsc: bool,
    /// What a source does when there is no room.
    pub on_full: OnFull,
}

impl QueueConfig {
    /// 4096 entities in batches of 64 through one inbox; nothing waits for a batch to fill,
    /// and what finds no room stays.
    pub const DEFAULT: Self =
        Self { capacity: 4096, batch_size: 64, linger: 0, spsc: false, on_full: OnFull::Retain };
}

/// As in a sentence: "4096 in batches of 64 through one inbox, retain".
impl fmt::Display for QueueConfig {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, batch_size, linger, spsc, on_full } = self;
        let through = if *spsc { "a ring for each source" } else { "one inbox" };
        write!(f, "{capacity} in batches of {batch_size} through {through}, {on_full}")?;
        match linger {
            0 => Ok(()),
            1 => f.write_str(", batches fill for a tick"),
            _ => write!(f, ", batches fill for {linger} ticks"),
        }
    }
}

/// What a source does with an entity that finds the queue full.
///
/// The world that receives sets it, in `transfer_queue(on_full = ...)`: `retain`,
/// `block(5ms)`, `shed` or `spill(1000)`.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Frame(u64);
/// # #[world_config(components(Frame))] struct Base;
/// #[world_config(base = Base, source, routing(default_target = Screen))]
/// struct Camera;
/// #[world_config(base = Base, transfer_queue(capacity = 4, batch_size = 4, on_full = shed))]
/// struct Screen;
/// coordinator!(type Video = (Camera, Screen));
///
/// let mut video = Video::new();
/// video.start()?;
/// let camera = video.world_mut::<Camera>();
/// for n in 0..10 {
///     let frame = camera.spawn(Frame(n))?;
///     camera.complete(frame)?;
/// }
/// video.tick()?;
/// // There was room for four: the oldest six are gone, and counted.
/// let shown: Vec<u64> = video.world::<Screen>().view::<&Frame>().map(|frame| frame.0).collect();
/// assert_eq!(shown, [6, 7, 8, 9]);
/// assert_eq!(video.stats().edges[0].counts.shed, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum OnFull {
    /// The entity stays and is tried again at the next tick.
    Retain,
    /// Waits up to the time given, then as `Retain`.
    Block(Duration),
    /// Drops unprioritised entities that are still at the source, oldest first.
    Shed,
    /// Takes up to this many entities out of the world and holds them at the
    /// source, then as `Retain`.
    Spill(u32),
}

/// As it is written in an attribute.
impl fmt::Display for OnFull {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnFull::Retain => f.write_str("retain"),
            OnFull::Block(time) => write!(f, "block({time:?})"),
            OnFull::Shed => f.write_str("shed"),
            OnFull::Spill(limit) => write!(f, "spill({limit})"),
        }
    }
}

/// Where completed entities go.
#[derive(Clone, Copy, Debug)]
pub struct Routing {
    /// Where an entity goes that no route matches.
    pub default: Option<Target>,
    /// Routes by component; the last that matches wins.
    pub routes: &'static [Route],
}

/// Entities with a component go to a target.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The component's index.
    pub component: usize,
    /// Where its entities go.
    pub target: Target,
}

/// A world that entities can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Target {
    /// The world with this [`WorldConfig::PATH`]. Of an array, a route means all
    /// members through one inbox, and `targets(...)` each member by itself.
    World(&'static str),
    /// The world with this id.
    Id(u16),
}

/// Which members of an array reach which.
#[derive(Clone, Copy, Debug)]
pub enum Neighbours {
    /// Each reaches every other.
    All,
    /// Bit `to` of word row `from`.
    Matrix(&'static NeighbourMatrix),
}

/// A bit for each pair of members of an array.
pub type NeighbourMatrix = [[u64; MAX_WORLDS / 64]; MAX_WORLDS];

impl Neighbours {
    /// Whether member `from` reaches member `to`. A member never reaches itself.
    pub const fn reaches(&self, from: usize, to: usize) -> bool {
        if from == to {
            return false;
        }
        match self {
            Neighbours::All => true,
            Neighbours::Matrix(rows) => rows[from][to / 64] >> (to % 64) & 1 == 1,
        }
    }
}

/// Fills a [`NeighbourMatrix`] from a `const fn(usize, usize) -> bool`.
#[doc(hidden)]
#[macro_export]
macro_rules! __neighbour_matrix {
    ($reaches:path) => {{
        let mut rows: $crate::config::NeighbourMatrix =
            [[0; $crate::config::MAX_WORLDS / 64]; $crate::config::MAX_WORLDS];
        let mut from = 0;
        while from < $crate::config::MAX_WORLDS {
            let mut to = 0;
            while to < $crate::config::MAX_WORLDS {
                if $reaches(from, to) {
                    rows[from][to / 64] |= 1 << (to % 64);
                }
                to += 1;
            }
            from += 1;
        }
        rows
    }};
}

/// A declared archetype.
#[derive(Clone, Copy, Debug)]
pub struct ArchetypeDesc {
    /// The name as written.
    pub name: &'static str,
    /// Its components, without those with sparse storage.
    pub mask: Mask,
    /// For how many entities there is room from the start.
    pub capacity: Option<u32>,
}

impl ArchetypeDesc {
    /// The archetype of entities with the components of `mask`.
    pub const fn new<S: Schema>(name: &'static str, mask: Mask, capacity: Option<u32>) -> Self {
        Self { name, mask: mask & !S::SPARSE, capacity }
    }
}

/// Ways in which the members of an array reach each other, for `neighbours = ...`.
pub mod neighbours {
    /// Each member reaches every other.
    pub const fn all(from: usize, to: usize) -> bool {
        from != to
    }

    /// Each of `N` members reaches the one before and the one after, around.
    pub const fn ring<const N: usize>(from: usize, to: usize) -> bool {
        from < N && to < N && from != to && ((from + 1) % N == to || (to + 1) % N == from)
    }

    /// Each member of a grid of `W` × `H`, row by row, reaches those beside it.
    pub const fn grid<const W: usize, const H: usize>(from: usize, to: usize) -> bool {
        if from >= W * H || to >= W * H {
            return false;
        }
        let (column, row) = ((from % W).abs_diff(to % W), (from / W).abs_diff(to / W));
        column + row == 1
    }
}
