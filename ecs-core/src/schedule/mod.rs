//! What runs at each tick of a world, and in which order.

mod error;
mod executor;
mod histogram;
mod phase;
mod plan;
mod roster;
mod slot;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut, Range};
use core::ptr::NonNull;
use core::time::Duration;

use crate::commands::Commands;
use crate::config::WorldConfig;
use crate::order::Swap;
use crate::schema::Schema;
use crate::system::BoxedSystem;
use crate::time::Time;
use crate::world::World;

pub use crate::system::{BoxError, IntoSystem, System, SystemResult};
pub use error::{OnError, SystemError};
pub use executor::{Executor, Job, Sequential, Stage};
pub use histogram::{Clock, Histogram};
pub use phase::Phase;
pub use plan::{Plan, PlanError, PlannedStage, Reason};
pub use slot::SystemInfo;

use roster::{Entry, KeptRoster, Roster};
use slot::{Label, Slot};

/// The most commands of one system in one tick, unless a schedule says otherwise.
pub const DEFAULT_COMMANDS: usize = 1 << 16;

/// The systems of a world, and the order in which they run.
///
/// Systems run phase by phase. In a phase, a run does what it would do if the systems ran
/// one after the other, in the order in which they were added or that
/// [`after`](Added::after) and [`before`](Added::before) ask for, each followed by its
/// commands. Systems that are not in each other's way form a *stage*, which an
/// [`Executor`] may run on several threads at once: the world is the same afterwards.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Age(u32);
/// # #[world_config(components(Age))] struct Base;
/// use static_ecs::commands::BufferFull;
///
/// fn grow(mut ages: Query<Base, &mut Age>) {
///     ages.iter_mut().for_each(|age| age.0 += 1);
/// }
///
/// fn retire(
///     ages: Query<Base, (Entity, &Age)>,
///     commands: &mut Commands<Base>,
/// ) -> Result<(), BufferFull<Entity>> {
///     for (entity, age) in &ages {
///         if age.0 > 65 {
///             commands.despawn(entity)?;
///         }
///     }
///     Ok(())
/// }
///
/// let mut schedule = Schedule::new();
/// schedule.add(retire).in_phase(Phase::POST_UPDATE).add(grow);
/// let mut world = World::<Base>::new();
/// world.spawn_batch([Age(64), Age(65)])?;
/// schedule.run(&mut world)?;
/// assert_eq!(world.len(), 1);
/// println!("{}", schedule.plan()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Schedule<W: WorldConfig> {
    /// Each beside its entry.
    slots: Vec<Slot<W>>,
    roster: KeptRoster,
    executor: Option<Box<dyn Executor<W>>>,
    capacity: usize,
}

impl<W: WorldConfig> Schedule<W> {
    /// No systems, the [default phases](Phase::DEFAULT), and room for
    /// [`DEFAULT_COMMANDS`] of each system.
    pub const fn new() -> Self {
        Self::with_commands(DEFAULT_COMMANDS)
    }

    /// No systems, and room for `capacity` commands of each.
    pub const fn with_commands(capacity: usize) -> Self {
        Self { slots: Vec::new(), roster: KeptRoster::new(Roster::new()), executor: None, capacity }
    }

    /// Phases of one's own, in their order, in place of the [default](Phase::DEFAULT).
    /// A system for which none is named runs in [`Phase::UPDATE`], or if that is not
    /// among them, in the first.
    pub fn set_phases(&mut self, phases: impl IntoIterator<Item = Phase>) -> &mut Self {
        self.roster.set_phases(phases.into_iter().collect());
        self
    }

    /// The phases in their order.
    pub fn phases(&self) -> &[Phase] {
        self.roster.phases()
    }

    /// Runs stages of several systems by `executor`.
    pub fn set_executor(&mut self, executor: impl Executor<W> + 'static) -> &mut Self {
        self.executor = Some(Box::new(executor));
        self
    }

    /// What to do when a system fails: [`OnError::Stop`] unless this says otherwise.
    pub fn set_on_error(&mut self, on_error: OnError) -> &mut Self {
        self.roster.on_error = on_error;
        self
    }

    /// Adds a system, and answers it for further settings.
    pub fn add<M, S: IntoSystem<W, M>>(&mut self, system: S) -> Added<'_, W> {
        // Here as well, so that the compiler's note shows the caller's line.
        let () = S::CHECKED;
        let number = self.add_boxed(system.into_system());
        Added { schedule: self, number }
    }

    fn add_boxed(&mut self, system: BoxedSystem<W>) -> usize {
        let info = SystemInfo::new(system.name(), system.access());
        let number = self.roster.add(info, system.function());
        self.slots.push(Slot::new(system, Commands::with_capacity(self.capacity)));
        number
    }

    /// The names of the systems, in the order in which they run if that is known.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.systems().map(SystemInfo::name)
    }

    /// What is known of each system, in the order in which they run if that is known.
    pub fn systems(&self) -> impl Iterator<Item = &SystemInfo> {
        self.roster.entries.iter().map(|entry| &entry.info)
    }

    /// How many systems.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are no systems.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Measures from now on how long each system takes: [`SystemInfo::histogram`].
    #[cfg(feature = "std")]
    pub fn measure(&mut self) -> &mut Self {
        self.measure_with(histogram::clock)
    }

    /// As `measure`, by a clock of one's own.
    pub fn measure_with(&mut self, clock: Clock) -> &mut Self {
        self.roster.measure_with(clock);
        self
    }

    /// The order in which the systems run, and why. Worked out once, until systems are
    /// added.
    ///
    /// # Errors
    /// If what the systems ask for can't be.
    pub fn plan(&mut self) -> Result<&Plan, PlanError> {
        self.make_plan()?;
        Ok(self.roster.plan().expect("it was made just now"))
    }

    fn make_plan(&mut self) -> Result<(), PlanError> {
        if self.roster.plan().is_some() {
            return Ok(());
        }
        let (swaps, result) = self.roster.make_plan(W::Schema::COMPONENTS);
        self.swap(&swaps);
        result
    }

    /// Puts the slots beside their entries again.
    fn swap(&mut self, swaps: &[Swap]) {
        for &(one, other) in swaps {
            self.slots.swap(one, other);
        }
    }

    /// Lets `delta` of time pass in the world, whose [`Time`] is made if need be, and runs
    /// the systems.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn tick(&mut self, world: &mut World<W>, delta: Duration) -> Result<(), SystemError> {
        world.resources_mut().get_or_insert_with(Time::default).advance(delta);
        self.run(world)
    }

    /// Runs each system once, and after each its commands.
    ///
    /// A spawn or an event for which the world has no room waits, and is tried again after
    /// each stage and before the next run: a system may make room. A command
    /// to whose archetype the world is closed waits too, and those after it of the same
    /// system wait behind it.
    ///
    /// # Errors
    /// If a system fails: its commands still take effect, and, unless
    /// [`set_on_error`](Self::set_on_error) says otherwise, systems of stages after its
    /// own do not run. If commands still wait at the end of the run. If there is no
    /// [`plan`](Self::plan).
    pub fn run(&mut self, world: &mut World<W>) -> Result<(), SystemError> {
        if let Err(error) = self.make_plan() {
            return Err(SystemError::of_plan(error));
        }
        // What may run at once is said of entries, and it is slots that run.
        assert_eq!(self.slots.len(), self.roster.entries.len(), "each system has its entry");
        if self.roster.begin() {
            // A system panicked: what it wrote down is made first.
            for at in 0..self.slots.len() {
                self.roster.resume(at, self.slots[at].commands.len());
            }
        }
        // What observers wrote down and was put off.
        world.flush();
        self.apply(world, 0..0, false);
        let (mut stage, mut spent) = (0, false);
        while let Some((systems, phase_ends)) = self.roster.stage(stage) {
            self.run_stage(world, systems.clone());
            spent |= self.roster.end_stage(systems.clone());
            self.apply(world, systems.clone(), false);
            if phase_ends || self.roster.stops() {
                self.apply(world, self.roster.first_of_phase(stage)..systems.end, true);
            }
            if self.roster.stops() {
                break;
            }
            stage += 1;
        }
        self.roster.end();
        // Not after a run that was cut short: some readers have not run.
        if !self.roster.stops() {
            world.end_events();
        }
        let result = self.roster.outcome();
        if spent {
            self.forget_spent();
        }
        result
    }

    /// Runs the systems of a stage whose conditions hold.
    fn run_stage(&mut self, world: &mut World<W>, range: Range<usize>) {
        let clock = self.roster.clock;
        let entries = &mut self.roster.entries[range.clone()];
        let slots = &mut self.slots[range];
        for (at, entry) in entries.iter_mut().enumerate() {
            if entry.gets_ready() {
                entry.runs = slots[at].holds(world);
            }
        }
        world.advance();
        match &mut self.executor {
            Some(executor) if slots.len() > 1 => {
                // SAFETY: systems of one stage are not in each other's way.
                let stage =
                    unsafe { Stage::new(slots, entries, NonNull::from(&mut *world), clock) };
                executor.run(stage);
            }
            _ => {
                for (at, entry) in entries.iter_mut().enumerate() {
                    if entry.runs {
                        // SAFETY: the world is this call's alone, and systems run one by one.
                        unsafe { slots[at].run(entry, NonNull::from(&mut *world), clock) };
                    }
                }
            }
        }
        world.advance();
    }

    /// Makes the commands that wait, the oldest first, then those of systems that are done:
    /// of those that put them off, or of the others.
    fn apply(&mut self, world: &mut World<W>, done: Range<usize>, deferred: bool) {
        // At the end of a phase, nothing has made room since its last stage.
        if self.roster.waiting > 0 && !deferred {
            self.apply_waiting(world);
        }
        for at in done {
            if self.roster.is_fresh(at, deferred) {
                self.apply_of(world, at);
            }
        }
    }

    #[cold]
    fn apply_waiting(&mut self, world: &mut World<W>) {
        let waiting = self.roster.waiting();
        for &at in &*waiting {
            self.apply_of(world, at);
        }
    }

    fn apply_of(&mut self, world: &mut World<W>, at: usize) {
        let commands = &mut self.slots[at].commands;
        let refusal = commands.apply(world).err();
        self.roster.applied(at, refusal, commands.len());
    }

    /// Takes out the systems that were to run once and did, unless their commands wait.
    #[cold]
    fn forget_spent(&mut self) {
        let (places, swaps) = self.roster.forget_spent();
        // They end when all is in order again: who ends may panic.
        let mut gone = Vec::new();
        for &at in &*places {
            gone.push(self.slots.remove(at));
        }
        self.swap(&swaps);
        self.roster.drop_gone();
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

/// A system that was added to a schedule, for further settings. Derefs to the schedule,
/// so that the next one can be added.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Heat(f32);
/// # #[world_config(components(Heat))] struct Base;
/// use static_ecs::schedule::every;
///
/// fn cool(mut heats: Query<Base, &mut Heat>) {
///     heats.iter_mut().for_each(|heat| heat.0 *= 0.5);
/// }
/// fn ignite(commands: &mut Commands<Base>) -> Result<(), static_ecs::system::BoxError> {
///     Ok(commands.spawn(Heat(100.0)).map_err(|_| "too many commands")?)
/// }
///
/// let mut schedule = Schedule::new();
/// schedule.add(cool).run_if(every(2)).add(ignite).before(cool).once();
/// let mut world = World::<Base>::new();
/// for _ in 0..3 {
///     schedule.run(&mut world)?;
/// }
/// assert!(world.view::<&Heat>().map(|heat| heat.0).eq([50.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Added<'s, W: WorldConfig> {
    schedule: &'s mut Schedule<W>,
    /// By which it is found, wherever the plan has put it meanwhile.
    number: usize,
}

impl<W: WorldConfig> Added<'_, W> {
    /// Changes a setting. One that is gone has none.
    fn set(self, change: impl FnOnce(&mut Entry)) -> Self {
        if let Some(place) = self.schedule.roster.change(self.number) {
            change(&mut self.schedule.roster.entries[place]);
        }
        self
    }

    /// Runs it in this phase.
    pub fn in_phase(self, phase: Phase) -> Self {
        self.set(|entry| entry.info.phase = Some(phase))
    }

    /// Runs it after another system of its phase, wherever that is added.
    pub fn after<M, F: IntoSystem<W, M> + 'static>(self, system: F) -> Self {
        self.set(|entry| entry.after.push(Label::of(&system)))
    }

    /// Runs it before another system of its phase, wherever that is added.
    pub fn before<M, F: IntoSystem<W, M> + 'static>(self, system: F) -> Self {
        self.set(|entry| entry.before.push(Label::of(&system)))
    }

    /// As [`after`](Self::after), for a system by its [name](Self::named).
    pub fn after_named(self, name: &str) -> Self {
        self.set(|entry| entry.after.push(Label::named(name)))
    }

    /// As [`before`](Self::before), for a system by its [name](Self::named).
    pub fn before_named(self, name: &str) -> Self {
        self.set(|entry| entry.before.push(Label::named(name)))
    }

    /// Calls it by this name.
    pub fn named(self, name: &str) -> Self {
        self.set(|entry| entry.info.name = name.to_string())
    }

    /// Runs it only when `condition` holds, which is asked right before its stage. Of
    /// several conditions, all must hold.
    pub fn run_if(self, condition: impl FnMut(&World<W>) -> bool + Send + 'static) -> Self {
        if let Some(place) = self.schedule.roster.change(self.number) {
            self.schedule.roster.entries[place].asks = true;
            self.schedule.slots[place].conditions.push(Box::new(condition));
        }
        self
    }

    /// Runs it once, and then takes it out of the schedule.
    pub fn once(self) -> Self {
        self.set(|entry| entry.once = true)
    }

    /// Makes its commands at the end of its phase, so that systems after it need not wait
    /// for them.
    pub fn deferred(self) -> Self {
        self.set(|entry| entry.deferred = true)
    }
}

impl<W: WorldConfig> Deref for Added<'_, W> {
    type Target = Schedule<W>;
    fn deref(&self) -> &Schedule<W> {
        self.schedule
    }
}

impl<W: WorldConfig> DerefMut for Added<'_, W> {
    fn deref_mut(&mut self) -> &mut Schedule<W> {
        self.schedule
    }
}

impl<'s, W: WorldConfig> Added<'s, W> {
    /// Adds the next system.
    // Not by `Deref` alone, so that a chain can go on with it.
    #[allow(clippy::should_implement_trait)]
    pub fn add<M, S: IntoSystem<W, M>>(self, system: S) -> Added<'s, W> {
        let () = S::CHECKED;
        self.schedule.add(system)
    }
}

/// A condition that holds at each `n`-th run, beginning with the `n`-th.
pub fn every<W: WorldConfig>(n: u64) -> impl FnMut(&World<W>) -> bool + Send + 'static {
    let mut runs = 0;
    move |_| {
        runs += 1;
        let holds = runs >= n;
        if holds {
            runs = 0;
        }
        holds
    }
}
