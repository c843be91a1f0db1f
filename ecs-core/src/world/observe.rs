//! Who wants to be told of components that come and go, and what they write down.
//!
//! The places where components come and go call [`World::after_insert`],
//! [`World::before_remove`] and [`World::before_despawn`], and at their end
//! [`World::settle`]. Each is nothing where the mask has nothing that is
//! [`World::WATCHED`], which is known when a call is compiled. A move between worlds
//! calls none of them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use super::World;
use super::deferred::{DeferredCounts, DeferredWorld};
use crate::commands::Commands;
use crate::component::Component;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::memory::bits;
use crate::schedule::DEFAULT_COMMANDS;
use crate::schema::{Contains, Mask, Schema};
use crate::text::Text;

type Observer<W> = Box<dyn FnMut(&mut DeferredWorld<'_, W>, Entity) + Send>;

/// What an observer is told of.
#[derive(Clone, Copy)]
enum Event {
    Add,
    Insert,
    Remove,
    Despawn,
}

pub(super) struct Observers<W: WorldConfig> {
    /// By event.
    lists: [List<W>; 4],
    /// What observers write down.
    pub(super) commands: Commands<W>,
    /// What is being made of it, and spawns that wait for room.
    running: Commands<W>,
    /// The most commands that wait.
    limit: usize,
    /// How many operations are under way, at whose end it is made.
    depth: u32,
    counts: DeferredCounts,
}

/// The observers of one event.
struct List<W: WorldConfig> {
    /// The components that have some.
    mask: Mask,
    /// By component; empty while there are none at all.
    observers: Vec<Vec<Observer<W>>>,
}

impl<W: WorldConfig> Observers<W> {
    fn new() -> Self {
        Self {
            lists: core::array::from_fn(|_| List { mask: 0, observers: Vec::new() }),
            commands: Commands::with_capacity(DEFAULT_COMMANDS),
            running: Commands::with_capacity(0),
            limit: DEFAULT_COMMANDS,
            depth: 0,
            counts: DeferredCounts::default(),
        }
    }

    fn of(&mut self, event: Event, component: usize) -> &mut Vec<Observer<W>> {
        let List { observers, .. } = &mut self.lists[event as usize];
        if observers.is_empty() {
            observers.resize_with(W::Schema::COMPONENTS.len(), Vec::new);
        }
        &mut observers[component]
    }

    /// Bounds what can be written down by what waits already.
    fn leave_room(&mut self) {
        self.commands.set_capacity(self.limit.saturating_sub(self.running.len()));
    }
}

/// Observers that are called are out of their world, so that they can be given it.
/// They go back also when one of them panics.
struct Lent<'w, W: WorldConfig> {
    world: &'w mut World<W>,
    observers: Vec<Observer<W>>,
    event: Event,
    component: usize,
}

impl<W: WorldConfig> Drop for Lent<'_, W> {
    fn drop(&mut self) {
        let place = self.world.observers_mut().of(self.event, self.component);
        *place = core::mem::take(&mut self.observers);
    }
}

/// Observers are told when a component comes or goes, where its declaration says
/// `#[component(observe)]`.
///
/// Each is called with the world, of which it may change values and resources, and
/// with the entity. What it wants to change of the entities themselves it writes down
/// in [`DeferredWorld::commands`]: that is made when the operation that called it
/// ends, one of many entities too. Observers of one component are called in the order
/// in which they were registered, components in the order of the schema.
///
/// An entity that leaves for another world, or comes from one, calls none of them: see
/// [`on_depart`](Self::on_depart) and [`on_arrive`](Self::on_arrive). Nor does the drop
/// of the whole world.
///
/// An observer that panics ends the operation: a removal or a despawn has not been made
/// then, an insert or a spawn has; observers that were to be called after it are not. What
/// was written down before is made at the end of the next operation.
impl<W: WorldConfig> World<W> {
    /// Calls `observer` after an entity has got a `C` that it did not have.
    ///
    /// A `C` that is not declared with `observe` is a compile error.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// #[derive(Component)]
    /// #[component(observe)]
    /// struct Health(i32);
    ///
    /// #[derive(Component)]
    /// struct Bar { width: i32 }
    ///
    /// # #[world_config(components(Health, Bar))] struct Base;
    /// let mut world = World::<Base>::new();
    /// world.on_add::<Health>(|world, entity| {
    ///     let width = world.get::<Health>(entity).map_or(0, |health| health.0 * 10);
    ///     let _ = world.commands().insert(entity, Bar { width });
    /// });
    /// let hero = world.spawn(Health(7))?;
    /// assert_eq!(world.get::<Bar>(hero)?.width, 70);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_add<C: 'static>(
        &mut self,
        observer: impl FnMut(&mut DeferredWorld<'_, W>, Entity) + Send + 'static,
    ) where
        W::Schema: Contains<C>,
    {
        const { assert_observed::<W::Schema, C>() };
        self.observe::<C>(Event::Add, Box::new(observer));
    }

    /// Calls `observer` after an entity has got a `C`, also one that replaces another,
    /// for which [`on_add`](Self::on_add) is not called. The observers of `on_add` come
    /// first.
    pub fn on_insert<C: 'static>(
        &mut self,
        observer: impl FnMut(&mut DeferredWorld<'_, W>, Entity) + Send + 'static,
    ) where
        W::Schema: Contains<C>,
    {
        const { assert_observed::<W::Schema, C>() };
        self.observe::<C>(Event::Insert, Box::new(observer));
    }

    /// Calls `observer` before an entity loses its `C`, which can still be read, also
    /// by a despawn. Not for a value that another replaces.
    pub fn on_remove<C: 'static>(
        &mut self,
        observer: impl FnMut(&mut DeferredWorld<'_, W>, Entity) + Send + 'static,
    ) where
        W::Schema: Contains<C>,
    {
        const { assert_observed::<W::Schema, C>() };
        self.observe::<C>(Event::Remove, Box::new(observer));
    }

    /// Calls `observer` before an entity that has a `C` is despawned. After all of
    /// these, the observers of [`on_remove`](Self::on_remove) are called, for each
    /// component that the entity has.
    pub fn on_despawn<C: 'static>(
        &mut self,
        observer: impl FnMut(&mut DeferredWorld<'_, W>, Entity) + Send + 'static,
    ) where
        W::Schema: Contains<C>,
    {
        const { assert_observed::<W::Schema, C>() };
        self.observe::<C>(Event::Despawn, Box::new(observer));
    }

    /// Makes what observers wrote down and is not made yet; answers how many commands
    /// still wait. The end of each operation that may have called one does this.
    ///
    /// So does the begin of a schedule's run. Commands wait when the world is full, and
    /// where those of observers led to more than
    /// [`set_deferred_limit`](Self::set_deferred_limit) allows in one go.
    pub fn flush(&mut self) -> usize {
        self.settle(Self::WATCHED);
        if const { Self::WATCHED == 0 } {
            return 0;
        }
        self.observers().map_or(0, |o| o.running.len() + o.commands.len())
    }

    /// What became of commands that observers wrote down.
    pub fn deferred_counts(&self) -> DeferredCounts {
        self.observers().map(|observers| observers.counts).unwrap_or_default()
    }

    /// Bounds what observers write down: the most commands that can wait, and the most
    /// that the end of one operation makes, where commands call observers that write
    /// more of them. What is above that waits for the end of the next operation, or
    /// the next run of a schedule, and is counted as
    /// [`postponed`](DeferredCounts::postponed). 65,536 if nothing is said.
    pub fn set_deferred_limit(&mut self, commands: usize) {
        let observers = self.observers_mut();
        observers.limit = commands;
        observers.leave_room();
    }

    fn observe<C: 'static>(&mut self, event: Event, observer: Observer<W>)
    where
        W::Schema: Contains<C>,
    {
        let observers = self.observers_mut();
        observers.of(event, <W::Schema as Contains<C>>::INDEX).push(observer);
        observers.lists[event as usize].mask |= <W::Schema as Contains<C>>::BIT;
    }

    pub(super) fn observers_mut(&mut self) -> &mut Observers<W> {
        // SAFETY: nothing else is put in.
        unsafe { self.observers.get_or_insert(Observers::new) }
    }

    #[inline(always)]
    fn observers(&self) -> Option<&Observers<W>> {
        // SAFETY: as above.
        unsafe { self.observers.get() }
    }

    #[inline(always)]
    fn observers_if_any(&mut self) -> Option<&mut Observers<W>> {
        // SAFETY: as above.
        unsafe { self.observers.get_mut() }
    }
}

/// The places where observers are told.
///
/// What a schema has not declared is asked by a `const` block: what stands behind it is not even
/// compiled for its worlds.
impl<W: WorldConfig> World<W> {
    /// The components of which something is to be told.
    pub(crate) const WATCHED: Mask = W::Schema::OBSERVED | W::Schema::LINKED;

    /// The components of `mask` were written to an entity that had those of `old`.
    #[inline(always)]
    pub(super) fn after_insert(&mut self, entity: Entity, mask: Mask, old: Mask) {
        if const { W::Schema::OBSERVED != 0 } && mask & W::Schema::OBSERVED != 0 {
            self.tell(Event::Add, entity, mask & !old & W::Schema::OBSERVED);
            self.tell(Event::Insert, entity, mask & W::Schema::OBSERVED);
        }
    }

    /// The components of `mask`, which the entity has, go.
    #[inline(always)]
    pub(super) fn before_remove(&mut self, entity: Entity, mask: Mask) {
        if const { W::Schema::OBSERVED != 0 } && mask & W::Schema::OBSERVED != 0 {
            self.tell(Event::Remove, entity, mask & W::Schema::OBSERVED);
        }
    }

    /// The entity, which has the components of `mask`, ends.
    #[inline(always)]
    pub(super) fn before_despawn(&mut self, entity: Entity, mask: Mask) {
        self.tell_despawn(entity, mask);
        if const { W::Schema::LINKED != 0 } && mask & W::Schema::LINKED != 0 {
            self.unlink(&[entity], None);
        }
    }

    #[inline(always)]
    fn tell_despawn(&mut self, entity: Entity, mask: Mask) {
        if const { W::Schema::OBSERVED != 0 } && mask & W::Schema::OBSERVED != 0 {
            self.tell(Event::Despawn, entity, mask & W::Schema::OBSERVED);
        }
        self.before_remove(entity, mask);
    }

    /// As [`after_insert`](Self::after_insert), for all rows of a table from `first` on.
    #[inline(always)]
    pub(super) fn after_insert_rows(&mut self, table: u32, first: usize, mask: Mask) {
        if const { Self::WATCHED != 0 } && mask & Self::WATCHED != 0 {
            for row in first..self.tables.get(table).len() {
                let entity = self.tables.get(table).entities()[row];
                self.after_insert(entity, mask, 0);
            }
        }
    }

    /// As [`before_remove`](Self::before_remove), for all rows of a table.
    #[inline(always)]
    pub(super) fn before_remove_rows(&mut self, table: u32, mask: Mask) {
        if const { Self::WATCHED != 0 } && mask & Self::WATCHED != 0 {
            for row in 0..self.tables.get(table).len() {
                let entity = self.tables.get(table).entities()[row];
                self.before_remove(entity, mask);
            }
        }
    }

    /// As [`before_despawn`](Self::before_despawn), for all rows of a table.
    #[inline(always)]
    pub(super) fn before_despawn_rows(&mut self, table: u32) {
        if const { Self::WATCHED != 0 } && self.tables.get(table).possible() & Self::WATCHED != 0 {
            for row in 0..self.tables.get(table).len() {
                let table = self.tables.get(table);
                let (entity, mask) = (table.entities()[row], table.row_mask(row));
                self.tell_despawn(entity, mask);
            }
            if const { W::Schema::LINKED != 0 }
                && self.tables.get(table).possible() & W::Schema::LINKED != 0
            {
                let entities = self.tables.get(table).entities().to_vec();
                self.unlink(&entities, Some(table));
            }
        }
    }

    /// Calls the observers of the components of `mask`, which change no structure.
    #[inline(never)]
    fn tell(&mut self, event: Event, entity: Entity, mask: Mask) {
        let Some(observers) = self.observers() else { return };
        for component in bits(mask & observers.lists[event as usize].mask) {
            let observers = core::mem::take(self.observers_mut().of(event, component));
            let mut lent = Lent { world: self, observers, event, component };
            let Lent { world, observers, .. } = &mut lent;
            for observer in observers {
                observer(&mut DeferredWorld::new(world), entity);
            }
        }
    }

    /// An operation on components of `mask` ends: what observers wrote down is made,
    /// unless it is a part of another.
    #[inline(always)]
    pub(super) fn settle(&mut self, mask: Mask) {
        if const { Self::WATCHED != 0 }
            && mask & Self::WATCHED != 0
            && let Some(observers) = self.observers()
            && observers.depth == 0
            && !(observers.commands.is_empty() && observers.running.is_empty())
        {
            self.make_deferred();
        }
    }

    #[cold]
    #[inline(never)]
    fn make_deferred(&mut self) {
        let running = Commands::with_capacity(0);
        let batch = core::mem::replace(&mut self.observers_mut().running, running);
        let mut making = Making { operation: Operation::begin(self), batch };
        let Making { operation: Operation(world), batch } = &mut making;
        let mut left = world.observers_mut().limit;
        // Spawns that found the world full.
        let mut wait = 0;
        loop {
            let observers = world.observers_mut();
            batch.append(&mut observers.commands);
            if batch.len() == wait {
                break;
            }
            if left == 0 {
                observers.counts.postponed += (batch.len() - wait) as u64;
                break;
            }
            left = left.saturating_sub(batch.len());
            let (applied, refused) = batch.apply_all(world);
            wait = batch.len();
            let counts = &mut world.observers_mut().counts;
            counts.made += applied.made as u64;
            counts.missed += applied.missed as u64;
            counts.refused += refused as u64;
        }
    }
}

/// What observers wrote down is being made. It goes back where some is left, also when
/// a panic passes.
struct Making<'w, W: WorldConfig> {
    operation: Operation<'w, W>,
    batch: Commands<W>,
}

impl<W: WorldConfig> Drop for Making<'_, W> {
    fn drop(&mut self) {
        let observers = self.operation.observers_mut();
        core::mem::swap(&mut observers.running, &mut self.batch);
        observers.leave_room();
    }
}

/// An operation made of others: what observers write down waits for its end, where
/// [`World::settle`] is called.
pub(super) struct Operation<'w, W: WorldConfig>(&'w mut World<W>);

impl<'w, W: WorldConfig> Operation<'w, W> {
    #[inline(always)]
    pub(super) fn begin(world: &'w mut World<W>) -> Self {
        if const { World::<W>::WATCHED != 0 }
            && let Some(observers) = world.observers_if_any()
        {
            observers.depth += 1;
        }
        Self(world)
    }
}

impl<W: WorldConfig> Deref for Operation<'_, W> {
    type Target = World<W>;

    #[inline(always)]
    fn deref(&self) -> &World<W> {
        self.0
    }
}

impl<W: WorldConfig> DerefMut for Operation<'_, W> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut World<W> {
        self.0
    }
}

impl<W: WorldConfig> Drop for Operation<'_, W> {
    #[inline(always)]
    fn drop(&mut self) {
        if const { World::<W>::WATCHED != 0 }
            && let Some(observers) = self.0.observers_if_any()
        {
            // Less than it was in a world that a command has put in this one's place.
            observers.depth = observers.depth.saturating_sub(1);
        }
    }
}

/// Fails to compile where nobody would ever be told.
const fn assert_observed<S: Contains<C>, C: 'static>() {
    if !S::Component::OBSERVE {
        let text = Text::new()
            .str("component `")
            .str(S::COMPONENTS[S::INDEX].name)
            .str("` is not observed: write `#[component(observe)]` on it");
        panic!("{}", text.as_str())
    }
}
