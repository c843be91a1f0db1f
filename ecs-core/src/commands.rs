//! Changes to a world that are written down now and made later, in order.

mod chain;
mod kinds;
mod pass;
mod relations;
mod words;

use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::event::EventOf;
use crate::schema::Schema;
use crate::world::World;

use chain::END;
use kinds::{Command, Complete, Despawn, Insert, Remove, Run, Spawn, Tell, TellEntity, TellTo};
use words::{Head, KeptWords, Words, words};

/// A bounded list of changes to a world, for where the world itself is
/// borrowed: inside of a query.
///
/// [`apply`](Self::apply) makes them in the order in which they were written
/// down. What is inserted into and removed from one entity is gathered and made
/// by one move of its row, where the first of these commands stands. A buffer that
/// is dropped drops what was not made.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Health(i32);
/// # #[derive(Component)] struct Dead;
/// # #[world_config(components(Health, Dead))] struct Base;
/// # let mut world = World::<Base>::new();
/// # world.spawn_batch([Health(5), Health(0), Health(-2)])?;
/// let mut commands = Commands::with_capacity(100);
/// for (entity, health) in world.view::<(Entity, &Health)>() {
///     if health.0 <= 0 {
///         commands.insert(entity, Dead)?;
///     }
/// }
/// assert_eq!(commands.len(), 2);
/// assert_eq!(commands.apply(&mut world)?.made, 2);
/// assert_eq!(world.view_filtered::<Entity, With<Dead>>().count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Commands<W: WorldConfig> {
    /// Each command is a [`Head`] and its payload.
    words: KeptWords,
    world: PhantomData<(W, <W::Schema as Schema>::Types)>,
}

// SAFETY: the buffer owns its payloads: ids; bundles, which hold nothing but
// components of the schema and so are `Send` if the types are; events; and closures, of
// which `run` demands it.
unsafe impl<W: WorldConfig> Send for Commands<W> where <W::Schema as Schema>::Types: Send {}

impl<W: WorldConfig> Commands<W> {
    /// A buffer for up to `capacity` commands. Memory is taken as it is needed.
    pub const fn with_capacity(capacity: usize) -> Self {
        Self { words: KeptWords::new(Words::new(capacity)), world: PhantomData }
    }

    /// How many commands wait.
    pub fn len(&self) -> usize {
        self.words.count
    }

    /// Whether no command waits.
    pub fn is_empty(&self) -> bool {
        self.words.count == 0
    }

    /// The most commands that can wait.
    pub fn capacity(&self) -> usize {
        self.words.capacity
    }

    /// The bytes allocated.
    pub fn bytes(&self) -> usize {
        self.words.bytes()
    }

    /// Makes an entity with the components of `bundle`.
    ///
    /// # Errors
    /// If the buffer is full: the bundle is handed back.
    pub fn spawn<B: Bundle<W::Schema>>(&mut self, bundle: B) -> Result<(), BufferFull<B>> {
        const { crate::world::assert_declared::<W, B>() };
        self.push(Spawn(bundle)).map_err(|full| BufferFull(full.0.0))
    }

    /// Ends an entity.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn despawn(&mut self, entity: Entity) -> Result<(), BufferFull<Entity>> {
        self.push(Despawn(entity)).map_err(|full| BufferFull(full.0.0))
    }

    /// Gives an entity the components of `bundle`.
    ///
    /// # Errors
    /// If the buffer is full: the bundle is handed back.
    pub fn insert<B: Bundle<W::Schema>>(
        &mut self,
        entity: Entity,
        bundle: B,
    ) -> Result<(), BufferFull<B>> {
        const { assert_distinct::<W::Schema, B>() };
        self.push(Insert(entity, bundle)).map_err(|full| BufferFull(full.0.1))
    }

    /// Takes the components of `B` away from an entity and drops them.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn remove<B: Bundle<W::Schema>>(
        &mut self,
        entity: Entity,
    ) -> Result<(), BufferFull<Entity>> {
        const { assert_distinct::<W::Schema, B>() };
        self.push(Remove(entity, PhantomData::<B>)).map_err(|full| BufferFull(full.0.0))
    }

    /// Lets routing decide where an entity goes at the end of the tick.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn complete(&mut self, entity: Entity) -> Result<(), BufferFull<Entity>> {
        self.push(Complete(entity)).map_err(|full| BufferFull(full.0.0))
    }

    /// Tells those who read events of type `E`.
    ///
    /// # Errors
    /// If the buffer is full: the event is handed back.
    pub fn send<E: EventOf<W::Schema>>(&mut self, event: E) -> Result<(), BufferFull<E>> {
        self.push(Tell(event)).map_err(|full| BufferFull(full.0.0))
    }

    /// Tells those who read events of type `E` in the world with id `target`. If no
    /// edge leads there, the event is dropped and counted as missed.
    ///
    /// # Errors
    /// If the buffer is full: the event is handed back.
    pub fn send_to<E: EventOf<W::Schema>>(
        &mut self,
        target: u16,
        event: E,
    ) -> Result<(), BufferFull<E>> {
        self.push(TellTo(target, event)).map_err(|full| BufferFull(full.0.1))
    }

    /// Tells those who read events of type `E` in the world where the entity is. If it can't
    /// be reached, the event is dropped and counted as missed.
    ///
    /// # Errors
    /// If the buffer is full: the event is handed back.
    pub fn send_to_entity<E: EventOf<W::Schema>>(
        &mut self,
        entity: Entity,
        event: E,
    ) -> Result<(), BufferFull<E>> {
        self.push(TellEntity(entity, event)).map_err(|full| BufferFull(full.0.1))
    }

    /// Any other change.
    ///
    /// # Errors
    /// If the buffer is full: the closure is handed back.
    pub fn run<F: FnOnce(&mut World<W>) + Send + 'static>(
        &mut self,
        change: F,
    ) -> Result<(), BufferFull<F>> {
        self.push(Run(change)).map_err(|full| BufferFull(full.0.0))
    }

    fn push<C: Command<W>>(&mut self, command: C) -> Result<(), BufferFull<C>> {
        if self.words.count == self.words.capacity {
            return Err(BufferFull(command));
        }
        const { assert!(words(size_of::<C>()) <= u32::MAX as usize, "a command of many gigabytes") };
        let payload = words(size_of::<C>());
        let (kind, entity) = (&C::KIND, command.entity());
        let place = self.words.push(Head { kind, entity, words: payload as u32, next: END });
        // SAFETY: there is room, written at whatever alignment words have.
        unsafe { place.cast::<C>().write_unaligned(command) };
        Ok(())
    }

    /// Makes the changes in order. A command whose entity is not here any more
    /// is dropped and counted. A spawn, or an event, for which the world has no room
    /// steps aside, since those after it may make room, and is the first of the next
    /// `apply`.
    ///
    /// # Errors
    /// If spawns or events wait for room: apply again when there is some. If the world is
    /// closed to an archetype, or has none left: this command and those after it
    /// stay in the buffer; [`skip`](Self::skip) it. Nothing is lost either way.
    pub fn apply(&mut self, world: &mut World<W>) -> Result<Applied, ApplyError> {
        let mut applied = Applied { made: 0, missed: 0 };
        match self.pass(world, &mut applied, &mut |_| false) {
            Some(why) => Err(ApplyError { applied, waiting: self.words.count, why }),
            None => Ok(applied),
        }
    }

    /// As [`apply`](Self::apply), and drops what the world refuses for good: only spawns
    /// that wait for room stay. Answers how many were dropped as well.
    pub(crate) fn apply_all(&mut self, world: &mut World<W>) -> (Applied, usize) {
        let (mut applied, mut refused) = (Applied { made: 0, missed: 0 }, 0);
        self.pass(world, &mut applied, &mut |words| {
            refused += 1;
            words.skip()
        });
        (applied, refused)
    }

    /// Makes the changes in order. Where one is refused for good, and is the next,
    /// `go_on` tells whether to. Answers why something waits, if it does.
    fn pass(
        &mut self,
        world: &mut World<W>,
        applied: &mut Applied,
        go_on: &mut dyn FnMut(&mut Words) -> bool,
    ) -> Option<Refusal> {
        let pass = self.words.pass()?;
        // SAFETY: whoever wrote a command into this buffer wrote one for worlds of this type; the
        // world is borrowed meanwhile.
        unsafe { pass(&mut self.words, NonNull::from(world).cast(), applied, go_on) }
    }

    /// Moves the commands of another buffer behind these, however many they are.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.words.append(&mut other.words);
    }

    /// Changes how many commands can wait. Those that do stay.
    pub(crate) fn set_capacity(&mut self, capacity: usize) {
        self.words.capacity = capacity;
    }

    /// Drops the next command. `false` if there is none.
    pub fn skip(&mut self) -> bool {
        self.words.skip()
    }

    /// Drops all commands.
    pub fn clear(&mut self) {
        while self.skip() {}
        self.words.clear();
    }
}

impl<W: WorldConfig> fmt::Debug for Commands<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands")
            .field("len", &self.words.count)
            .field("capacity", &self.words.capacity)
            .finish()
    }
}

/// What [`Commands::apply`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Commands that took effect.
    pub made: usize,
    /// Commands whose entity, or component, was not there any more.
    pub missed: usize,
}

/// A world refused a command, which waits at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplyError {
    /// What was done before.
    pub applied: Applied,
    /// How many commands wait.
    pub waiting: usize,
    /// Why the first of them was refused.
    pub why: Refusal,
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} commands wait in the buffer: {}", self.waiting, self.why)
    }
}
impl Error for ApplyError {}

/// The buffer is full. Holds what was to be written down.
pub struct BufferFull<T>(T);

impl<T> BufferFull<T> {
    /// The value back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for BufferFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferFull").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for BufferFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the command buffer is full: apply it, or give it more capacity")
    }
}
impl<T> Error for BufferFull<T> {}
