//! One world: entities, their tables, resources and the outbox.

mod access;
mod bulk;
mod change;
mod cloning;
mod copying;
mod debug;
mod deferred;
mod events;
mod handover;
mod hierarchy;
mod hooks;
mod leaving;
mod links;
#[cfg(feature = "serde")]
mod load;
mod lookup;
mod moving;
mod observe;
mod relations;
#[cfg(feature = "snapshot")]
mod restore;
#[cfg(any(feature = "serde", feature = "snapshot"))]
mod saved;
mod spawn;
mod state;
mod structure;
mod sweep;
mod template;
mod tracking;
mod trees;

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::bundle::{Bundle, Cells};
use crate::config::WorldConfig;
use crate::entities::{Entities, MAX_ROWS, MAX_TABLES};
use crate::entity::{Entity, MAX_ORIGIN};
use crate::error::{EntityError, Refusal};
use crate::event::EventStore;
use crate::kept::Rare;
use crate::location::{Directory, Location, Locator, WorldDirectory};
use crate::outbox::{KeptOutbox, Outbox, Parcel, TransferMarker};
use crate::removed::{KeptLogs, Logs};
use crate::resources::{KeptResources, Resources};
use crate::schema::{Contains, Mask, Schema};
use crate::table::Table;
use crate::tables::Tables;
use crate::tick::Clock;

#[cfg(feature = "serde")]
pub(crate) use access::{Sound, assert_sound};
pub(crate) use change::Change;
pub use copying::CopyError;
pub use debug::EntityDebug;
pub use deferred::{DeferredCounts, DeferredWorld};
pub use leaving::Leaving;
pub use lookup::Lookup;
pub(crate) use lookup::{find, find_row};
pub use moving::{Departure, DepartureKind, MoveError, Selection};
pub(crate) use spawn::assert_declared;
pub use state::Unhashed;
pub use structure::RemoveError;
pub use tracking::Since;
pub use trees::SendTreeError;

/// A world as its `#[world_config]` declares it.
///
/// Code that works on one world takes no locks, borrow flags or atomics: what
/// may be borrowed together is settled by the compiler.
///
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component)]
/// struct Position { x: f32 }
/// #[derive(Component)]
/// struct Velocity { dx: f32 }
///
/// #[world_config(components(Position, Velocity))]
/// struct Base;
///
/// let mut world = World::<Base>::new();
/// let entity = world.spawn((Position { x: 1.0 }, Velocity { dx: 0.5 }))?;
/// for (position, velocity) in world.query::<(&mut Position, &Velocity)>() {
///     position.x += velocity.dx;
/// }
/// assert_eq!(world.get::<Position>(entity)?.x, 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct World<W: WorldConfig> {
    tables: Tables,
    entities: Entities,
    outbox: KeptOutbox,
    resources: KeptResources,
    /// Guests that died here: their slots are their origins' to reuse. And natives that
    /// the directory may know.
    returns: alloc::vec::Vec<Entity>,
    counts: Counts,
    /// `Hooks<W>`.
    hooks: Rare,
    waiting: links::KeptWaiting,
    /// Sources that end with a target that has ended.
    ending: alloc::vec::Vec<Entity>,
    /// `Observers<W>`.
    observers: Rare,
    /// None where the schema has no events.
    events: Option<Box<EventStore<W::Schema>>>,
    scratch: moving::KeptScratch,
    clock: Clock,
    removed: KeptLogs,
    /// Where entities of other worlds are; none in a world on its own.
    directory: WorldDirectory,
    types: PhantomData<<W::Schema as Schema>::Types>,
}

// SAFETY: a world owns its components, resources, events, hooks, observers and a directory.
// All but the components are `Send`; these, also in commands, are if the schema's types are.
unsafe impl<W: WorldConfig> Send for World<W> where <W::Schema as Schema>::Types: Send {}

/// The bytes that an entity takes in the world that it was born in, beside its
/// components: its id in the table, and its slot, which says where it is.
///
/// One that was sent away keeps its slot, as does one that died, with 4 bytes more,
/// until its id is used again; a guest takes 12 bytes here for its slot, in pages of
/// 256. In a world whose entities leave for others, each slot has 4 bytes more.
pub const OVERHEAD: usize = size_of::<Entity>() + crate::entities::SLOT_BYTES;

/// How many entities came and went; `spawned + arrived = live + despawned + departed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Counts {
    /// Spawned here.
    pub spawned: u64,
    /// Arrived from other worlds.
    pub arrived: u64,
    /// Despawned here.
    pub despawned: u64,
    /// Left for other worlds, or taken out.
    pub departed: u64,
    /// Changes and arrivals that were refused, because the world is closed to
    /// the archetype they would make.
    pub refused: u64,
}

impl<W: WorldConfig> World<W> {
    /// An empty world on its own. It can't join a coordinator, which makes the
    /// worlds it holds.
    pub fn new() -> Self {
        const { assert_limits::<W>() };
        Self::of_origin(0)
    }

    /// An empty world whose entities have this origin.
    ///
    /// # Panics
    /// If the origin is above 4,095.
    #[doc(hidden)]
    pub fn with_origin(origin: u16) -> Self {
        assert!(origin <= MAX_ORIGIN, "an origin has 12 bits");
        const { assert_limits::<W>() };
        Self::of_origin(origin)
    }

    /// An empty world within its limits.
    fn of_origin(origin: u16) -> Self {
        let mut tables = Tables::new(W::Schema::COMPONENTS);
        for archetype in W::DESC.archetypes {
            let mask = tabled::<W>(archetype.mask);
            let table = tables.of(mask).expect("fewer archetypes than the limit");
            let table = tables.get_mut(table);
            match archetype.capacity {
                Some(rows) => table.reserve(rows as usize),
                None => table.reserve_declared(W::DESC.max_entities as usize),
            }
        }
        Self {
            tables,
            entities: Entities::new(origin),
            outbox: KeptOutbox::new(Outbox::default()),
            resources: KeptResources::new(Resources::default()),
            returns: alloc::vec::Vec::new(),
            counts: Counts::default(),
            hooks: Rare::default(),
            waiting: links::KeptWaiting::new(links::Waiting::new()),
            ending: alloc::vec::Vec::new(),
            observers: Rare::default(),
            events: (!W::Schema::EVENTS.is_empty()).then(|| Box::new(EventStore::new())),
            scratch: moving::KeptScratch::new(moving::Scratch::default()),
            clock: Clock::new(),
            removed: KeptLogs::new(Logs::new()),
            directory: None,
            types: PhantomData,
        }
    }

    /// How many entities are here.
    pub fn len(&self) -> usize {
        self.entities.live()
    }

    /// Whether no entity is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many more entities the world takes before `max_entities` is reached.
    pub fn room(&self) -> usize {
        (W::DESC.max_entities as usize).saturating_sub(self.len())
    }

    /// How many entities came and went.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The origin of entities born here: 0 for a world on its own, else the id
    /// in its coordinator plus 1.
    pub fn origin(&self) -> u16 {
        self.entities.origin()
    }

    /// The world's id in its coordinator, by which the members of an array tell
    /// themselves apart; `None` for a world on its own.
    pub fn id(&self) -> Option<u16> {
        self.origin().checked_sub(1)
    }

    /// Whether the entity is here.
    pub fn contains(&self, entity: Entity) -> bool {
        self.entities.find(entity).is_ok()
    }

    /// Whether the entity is here, and if not, whether its origin, which is this world,
    /// knows it to be dead.
    ///
    /// # Errors
    /// If it is not here.
    pub fn check(&self, entity: Entity) -> Result<(), EntityError> {
        self.entities.find(entity).map(|_| ())
    }

    /// Where the entity is. What this world can know, it says for sure; of entities that
    /// are elsewhere it says what the worlds of its coordinator have told each other: each
    /// tells at the end of its tick whom it has sent where, and who has died.
    ///
    /// After a [`restore`](Self::restore) or a load, hints about entities whose ids are
    /// given again are those of the time before.
    ///
    /// # Examples
    /// See [`Locator`], which is the same as a parameter of systems.
    pub fn locate(&self, entity: Entity) -> Location {
        self.locator().locate(entity)
    }

    /// As [`locate`](Self::locate), for many.
    pub fn locator(&self) -> Locator<'_> {
        Locator::new(&self.entities, &self.directory)
    }

    /// Gives the world the directory of its coordinator.
    pub fn set_directory(&mut self, directory: impl Directory + 'static) {
        self.directory = Some(Box::new(directory));
    }

    /// Guests that died here, and others of whose death the directory must be told, since
    /// the last [`drain_returns`](Self::drain_returns).
    pub fn returns(&self) -> &[Entity] {
        &self.returns
    }

    /// Whether the directory must be told when entities that were born here die: some of
    /// this world may be known to it.
    #[inline(always)]
    fn tells_deaths(&self) -> bool {
        self.directory.is_some() && self.counts.departed > 0
    }

    /// All entities, table by table.
    pub fn entities(&self) -> impl Iterator<Item = Entity> + '_ {
        self.tables.all().iter().flat_map(Table::entities).copied()
    }

    /// The tables, one for each set of components seen so far.
    pub fn tables(&self) -> &[Table] {
        self.tables.all()
    }

    /// Makes room for `additional` more entities with exactly the components of `B`:
    /// these spawns, and arrivals, will not grow anything.
    ///
    /// # Errors
    /// If the world takes fewer, or has no archetype left. Nothing has changed then.
    pub fn reserve<B: Bundle<W::Schema>>(&mut self, additional: usize) -> Result<(), Refusal> {
        self.check_room(additional)?;
        let table = self.tables.of(tabled::<W>(B::MASK))?;
        let table = self.tables.get_mut(table);
        table.hold(sparse::<W>(B::MASK));
        table.reserve(additional);
        self.entities.reserve(additional);
        Ok(())
    }

    /// Gives back memory that no entity needs, also what this thread keeps of
    /// columns that ended.
    pub fn shrink(&mut self) {
        // Before as well, so that what stays is not put into scattered old pieces.
        crate::shelf::clear();
        self.tables.iter_mut().for_each(Table::shrink);
        self.entities.shrink();
        if let Some(events) = &mut self.events {
            events.shrink();
        }
        crate::shelf::clear();
    }

    /// The bytes allocated for components and ids.
    ///
    /// At rest after [`shrink`](Self::shrink), or after one
    /// [`reserve`](Self::reserve) that was used up, that is for each entity its
    /// components and [`OVERHEAD`] bytes; columns of less than 2 MiB are rounded up
    /// to 64 bytes, and above that by at most a quarter.
    pub fn bytes(&self) -> usize {
        self.tables.all().iter().map(Table::bytes).sum::<usize>() + self.entities.bytes()
    }

    /// The world's resources: one value of each type, shared by its systems.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }

    /// As [`resources`](Self::resources), to change.
    pub fn resources_mut(&mut self) -> &mut Resources {
        &mut self.resources
    }

    /// Puts a resource in; answers the one of the same type that was there.
    pub fn insert_resource<R: Send + 'static>(&mut self, resource: R) -> Option<R> {
        self.resources.insert(resource)
    }

    /// The resource of this type.
    pub fn resource<R: Send + 'static>(&self) -> Option<&R> {
        self.resources.get()
    }

    /// The resource of this type, to change.
    pub fn resource_mut<R: Send + 'static>(&mut self) -> Option<&mut R> {
        self.resources.get_mut()
    }

    /// Calls `work` with the world and one of its resources, so that both can
    /// be changed at once. Answers `None`, without a call, if there is no `R`.
    ///
    /// Meanwhile the resource is not in the world: one of its type that `work`
    /// puts there is dropped. If `work` panics, the resource is dropped.
    ///
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Score(u64);
    /// # #[world_config(components(Score))] struct Base;
    /// struct Total(u64);
    ///
    /// # let mut world = World::<Base>::new();
    /// # world.spawn(Score(3))?;
    /// world.insert_resource(Total(0));
    /// world.resource_scope(|world, total: &mut Total| {
    ///     for score in world.query::<&mut Score>() {
    ///         total.0 += std::mem::take(&mut score.0);
    ///     }
    /// });
    /// assert_eq!(world.resource::<Total>().unwrap().0, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resource_scope<R: Send + 'static, T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut R) -> T,
    ) -> Option<T> {
        let mut lifted = self.resources.lift::<R>()?;
        let answer = work(self, &mut lifted.value);
        self.resources.put_back(lifted);
        Some(answer)
    }

    /// Takes a resource out.
    pub fn remove_resource<R: Send + 'static>(&mut self) -> Option<R> {
        self.resources.remove()
    }

    /// The entities that want to leave, in the order in which they asked; without those
    /// of tables that leave as a whole, by [`transfer_query`](Self::transfer_query).
    pub fn outbox(&self) -> impl Iterator<Item = &Parcel> {
        self.outbox.iter()
    }

    /// How many entities want to leave. One that asked itself and is of a table that
    /// leaves as a whole counts twice.
    pub fn outbox_len(&self) -> usize {
        let swept = self.outbox.swept().iter();
        self.outbox.len() + swept.map(|&(table, _)| self.tables.get(table).len()).sum::<usize>()
    }

    /// Also what makes the number of any row fit into its slot: no table has more
    /// rows than its world may have residents.
    #[inline(always)]
    fn check_room(&self, additional: usize) -> Result<(), Refusal> {
        if additional > self.room() {
            return Err(Refusal::WorldFull { limit: W::DESC.max_entities });
        }
        Ok(())
    }
}

/// The components of the mask that make the archetype.
#[inline(always)]
const fn tabled<W: WorldConfig>(mask: Mask) -> Mask {
    mask & !<W::Schema as Schema>::SPARSE
}

/// The components of the mask that are kept beside the archetype.
#[inline(always)]
const fn sparse<W: WorldConfig>(mask: Mask) -> Mask {
    mask & <W::Schema as Schema>::SPARSE
}

/// Fails to compile where the numbers of rows and tables would not fit their slots.
const fn assert_limits<W: WorldConfig>() {
    assert!(
        W::DESC.max_entities <= MAX_ROWS,
        "a world holds at most 268,435,456 entities: lower its `max_entities`"
    );
    assert!(
        W::DESC.archetypes.len() < MAX_TABLES as usize,
        "a world holds at most 65,533 archetypes: declare fewer"
    );
    let mut index = 0;
    while index < W::DESC.archetypes.len() {
        if let Some(capacity) = W::DESC.archetypes[index].capacity {
            assert!(
                capacity <= W::DESC.max_entities,
                "an archetype's capacity is above the world's `max_entities`: lower it"
            );
        }
        index += 1;
    }
}

/// Whether the world takes entities with exactly these components. Sparse ones
/// are always taken.
pub(crate) const fn admits<W: WorldConfig>(mask: Mask) -> bool {
    if !W::DESC.closed {
        return true;
    }
    let mask = tabled::<W>(mask);
    let mut index = 0;
    while index < W::DESC.archetypes.len() {
        if W::DESC.archetypes[index].mask == mask {
            return true;
        }
        index += 1;
    }
    false
}

impl<W: WorldConfig> Default for World<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: WorldConfig> fmt::Debug for World<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("name", &W::DESC.name)
            .field("len", &self.len())
            .field("outbox", &self.outbox.len())
            .field("counts", &self.counts)
            .field("tables", &self.tables.all())
            .finish_non_exhaustive()
    }
}

/// The cells of one row of a table.
struct RowCells<'a> {
    table: &'a Table,
    row: usize,
    marker: Option<TransferMarker>,
}

impl<'a> RowCells<'a> {
    #[inline(always)]
    fn new(table: &'a Table, row: usize) -> Self {
        Self { table, row, marker: None }
    }
}

// SAFETY: answers the component's own cell in the row.
unsafe impl<S: Schema> Cells<S> for RowCells<'_> {
    #[inline(always)]
    fn cell<C: 'static>(&mut self) -> *mut C
    where
        S: Contains<C>,
    {
        // `wrapping_add` needs no promise about `row`: who reads or writes makes it.
        debug_assert!(self.row < self.table.capacity() && self.table.can_have(S::BIT));
        // SAFETY: the schema promises that the index is the component's.
        unsafe { self.table.values::<C>(S::INDEX) }.as_ptr().wrapping_add(self.row)
    }
    #[inline(always)]
    fn put_marker(&mut self, marker: TransferMarker) {
        self.marker = Some(marker);
    }
    #[inline(always)]
    fn take_marker(&mut self) -> TransferMarker {
        self.marker.take().expect("the caller has put the marker")
    }
}
