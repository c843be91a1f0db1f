//! What runs at each tick of a world.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;

use crate::commands::{ApplyError, Commands};
use crate::config::WorldConfig;
use crate::error::Refusal;
use crate::world::World;

/// The most commands of one system in one tick, unless a schedule says otherwise.
pub const DEFAULT_COMMANDS: usize = 1 << 16;

/// A part of a tick.
pub trait System<W: WorldConfig>: Send {
    /// Runs once. Commands take effect when the system has returned.
    ///
    /// # Errors
    /// Whatever the system fails with; the tick then ends.
    fn run(
        &mut self,
        world: &mut World<W>,
        commands: &mut Commands<W>,
    ) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// What to call it.
    fn name(&self) -> &str;
}

/// What can be made a system: functions and closures of `&mut World<W>`, or of
/// `&mut World<W>` and `&mut Commands<W>`, that return nothing or a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a system of the world `{W}`",
    label = "not a system",
    note = "a system takes `&mut World<{W}>`, or `&mut World<{W}>` and `&mut Commands<{W}>`, and returns nothing or a `Result`; write the types of a closure's parameters"
)]
pub trait IntoSystem<W: WorldConfig, Marker> {
    /// The system.
    fn into_system(self) -> Box<dyn System<W>>;
}

/// What a system may return.
pub trait SystemResult {
    /// As a result.
    ///
    /// # Errors
    /// If the system failed.
    fn into_result(self) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl SystemResult for () {
    fn into_result(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> SystemResult for Result<(), E> {
    fn into_result(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}

/// A system of the world alone.
#[derive(Debug)]
pub struct OfWorld<R>(PhantomData<R>);

/// A system of the world and commands.
#[derive(Debug)]
pub struct OfCommands<R>(PhantomData<R>);

struct Function<F> {
    function: F,
    name: &'static str,
}

impl<W, F, R> IntoSystem<W, OfWorld<R>> for F
where
    W: WorldConfig,
    F: FnMut(&mut World<W>) -> R + Send + 'static,
    R: SystemResult,
{
    fn into_system(mut self) -> Box<dyn System<W>> {
        let name = core::any::type_name::<F>();
        let function = move |world: &mut World<W>, _: &mut Commands<W>| self(world).into_result();
        Box::new(Function { function, name })
    }
}

impl<W, F, R> IntoSystem<W, OfCommands<R>> for F
where
    W: WorldConfig,
    F: FnMut(&mut World<W>, &mut Commands<W>) -> R + Send + 'static,
    R: SystemResult,
{
    fn into_system(mut self) -> Box<dyn System<W>> {
        let name = core::any::type_name::<F>();
        let function = move |world: &mut World<W>, commands: &mut Commands<W>| {
            self(world, commands).into_result()
        };
        Box::new(Function { function, name })
    }
}

impl<W, F> System<W> for Function<F>
where
    W: WorldConfig,
    F: FnMut(&mut World<W>, &mut Commands<W>) -> Result<(), Box<dyn Error + Send + Sync>> + Send,
{
    fn run(
        &mut self,
        world: &mut World<W>,
        commands: &mut Commands<W>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        (self.function)(world, commands)
    }

    fn name(&self) -> &str {
        self.name
    }
}

/// The systems of a world, in the order in which they run.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Age(u32);
/// # #[world_config(components(Age))] struct Base;
/// use static_ecs::commands::BufferFull;
///
/// fn grow(world: &mut World<Base>) {
///     world.query::<&mut Age>().for_each(|age| age.0 += 1);
/// }
///
/// fn retire(
///     world: &mut World<Base>,
///     commands: &mut Commands<Base>,
/// ) -> Result<(), BufferFull<Entity>> {
///     for (entity, age) in world.view::<(Entity, &Age)>() {
///         if age.0 > 65 {
///             commands.despawn(entity)?;
///         }
///     }
///     Ok(())
/// }
///
/// let mut schedule = Schedule::new();
/// schedule.add(grow).add(retire);
/// let mut world = World::<Base>::new();
/// world.spawn_batch([Age(64), Age(65)])?;
/// schedule.run(&mut world)?;
/// assert_eq!(world.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Schedule<W: WorldConfig> {
    systems: Vec<Box<dyn System<W>>>,
    commands: Commands<W>,
}

impl<W: WorldConfig> Schedule<W> {
    /// No systems, and room for [`DEFAULT_COMMANDS`].
    pub const fn new() -> Self {
        Self::with_commands(DEFAULT_COMMANDS)
    }

    /// No systems, and room for `capacity` commands.
    pub const fn with_commands(capacity: usize) -> Self {
        Self { systems: Vec::new(), commands: Commands::with_capacity(capacity) }
    }

    /// Adds a system after those that are there.
    pub fn add<M>(&mut self, system: impl IntoSystem<W, M>) -> &mut Self {
        self.systems.push(system.into_system());
        self
    }

    /// The names of the systems in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(|system| system.name())
    }

    /// How many systems.
    pub fn len(&self) -> usize {
        self.systems.len()
    }

    /// Whether there are no systems.
    pub fn is_empty(&self) -> bool {
        self.systems.is_empty()
    }

    /// Runs each system once, and after each its commands.
    ///
    /// A spawn for which the world has no room waits, and is tried again after
    /// each system and before the next run: one of them may make room. A command
    /// to whose archetype the world is closed waits too, and those after it wait
    /// behind it.
    ///
    /// # Errors
    /// If a system fails: its commands still take effect, and the systems after
    /// it do not run. If commands still wait at the end of the run.
    pub fn run(&mut self, world: &mut World<W>) -> Result<(), SystemError> {
        let refused = self.commands.apply(world).err();
        // What waits, and the system whose command was refused first.
        let mut waits = refused.map(|error| (None, error));
        for index in 0..self.systems.len() {
            let result = self.systems[index].run(world, &mut self.commands);
            let applied = self.commands.apply(world);
            if let Err(source) = result {
                return Err(SystemError { system: self.systems[index].name().to_string(), source });
            }
            let first = waits.map_or(Some(index), |(first, _)| first);
            waits = applied.err().map(|error| (first, error));
        }
        let Some((system, error)) = waits else { return Ok(()) };
        let system = system.map_or("commands of the last run", |index| self.systems[index].name());
        Err(SystemError { system: system.to_string(), source: Box::new(error) })
    }
}

impl<W: WorldConfig> Default for Schedule<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: WorldConfig> fmt::Debug for Schedule<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// A system failed, or commands wait.
#[derive(Debug)]
pub struct SystemError {
    /// The system's name.
    pub system: String,
    /// What it failed with.
    pub source: Box<dyn Error + Send + Sync>,
}

impl SystemError {
    /// The spawns that found the world full and wait, if nothing else is wrong:
    /// they are tried again at the next run.
    pub fn waits(&self) -> Option<&ApplyError> {
        let refused = self.source.downcast_ref::<ApplyError>()?;
        matches!(refused.why, Refusal::WorldFull { .. }).then_some(refused)
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system `{}` failed: {}", self.system, self.source)
    }
}

impl Error for SystemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
