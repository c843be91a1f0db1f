//! What runs at each tick of a world, and in which order.

mod error;
mod executor;
mod histogram;
mod phase;
mod plan;
mod slot;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut, Range};
use core::ptr::NonNull;
use core::time::Duration;

use crate::commands::{ApplyError, Commands};
use crate::config::WorldConfig;
use crate::error::Refusal;
use crate::order;
use crate::schema::Schema;
use crate::time::Time;
use crate::world::World;

pub use crate::system::{BoxError, IntoSystem, System, SystemResult};
pub use error::{OnError, SystemError};
pub use executor::{Executor, Job, Sequential, Stage};
pub use histogram::{Clock, Histogram};
pub use phase::Phase;
pub use plan::{Plan, PlanError, PlannedStage, Reason};
pub use slot::SystemInfo;

use error::Failures;
use plan::Node;
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
    /// In the order of the plan, or if there is none, in which they were added.
    slots: Vec<Slot<W>>,
    phases: Vec<Phase>,
    plan: Option<Plan>,
    executor: Option<Box<dyn Executor<W>>>,
    capacity: usize,
    on_error: OnError,
    clock: Option<Clock>,
    /// How many systems have commands that the world refused.
    waiting: usize,
    /// How often commands began to wait, by which they know their order.
    refusals: u64,
    added: usize,
    /// Whether a run has begun that has not ended.
    running: bool,
}

impl<W: WorldConfig> Schedule<W> {
    /// No systems, the [default phases](Phase::DEFAULT), and room for
    /// [`DEFAULT_COMMANDS`] of each system.
    pub const fn new() -> Self {
        Self::with_commands(DEFAULT_COMMANDS)
    }

    /// No systems, and room for `capacity` commands of each.
    pub const fn with_commands(capacity: usize) -> Self {
        Self {
            slots: Vec::new(),
            phases: Vec::new(),
            plan: None,
            executor: None,
            capacity,
            on_error: OnError::Stop,
            clock: None,
            waiting: 0,
            refusals: 0,
            added: 0,
            running: false,
        }
    }

    /// Phases of one's own, in their order, in place of the [default](Phase::DEFAULT).
    /// A system for which none is named runs in [`Phase::UPDATE`], or if that is not
    /// among them, in the first.
    pub fn set_phases(&mut self, phases: impl IntoIterator<Item = Phase>) -> &mut Self {
        self.phases = phases.into_iter().collect();
        self.plan = None;
        self
    }

    /// The phases in their order.
    pub fn phases(&self) -> &[Phase] {
        if self.phases.is_empty() { Phase::DEFAULT } else { &self.phases }
    }

    /// Runs stages of several systems by `executor`.
    pub fn set_executor(&mut self, executor: impl Executor<W> + 'static) -> &mut Self {
        self.executor = Some(Box::new(executor));
        self
    }

    /// What to do when a system fails: [`OnError::Stop`] unless this says otherwise.
    pub fn set_on_error(&mut self, on_error: OnError) -> &mut Self {
        self.on_error = on_error;
        self
    }

    /// Adds a system, and answers it for further settings.
    pub fn add<M, S: IntoSystem<W, M>>(&mut self, system: S) -> Added<'_, W> {
        // Here as well, so that the compiler's note shows the caller's line.
        let () = S::CHECKED;
        self.plan = None;
        let commands = Commands::with_capacity(self.capacity);
        self.slots.push(Slot::new(system.into_system(), commands, self.added));
        self.added += 1;
        Added { schedule: self }
    }

    /// The names of the systems, in the order in which they run if that is known.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().map(Slot::name)
    }

    /// What is known of each system, in the order in which they run if that is known.
    pub fn systems(&self) -> impl Iterator<Item = &SystemInfo> {
        self.slots.iter().map(|slot| &slot.info)
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
        self.clock = Some(clock);
        self.slots.iter_mut().for_each(|slot| slot.info.histogram = Some(Box::default()));
        self
    }

    /// The order in which the systems run, and why. Worked out once, until systems are
    /// added.
    ///
    /// # Errors
    /// If what the systems ask for can't be.
    pub fn plan(&mut self) -> Result<&Plan, PlanError> {
        if self.plan.is_none() {
            self.rearrange(&order::ascending(self.slots.iter().map(|slot| slot.added).collect()));
            let nodes: Vec<Node<'_>> = self.slots.iter().map(Slot::node).collect();
            let (plan, order) = Plan::new(&nodes, self.phases(), W::Schema::COMPONENTS)?;
            drop(nodes);
            self.rearrange(&order);
            self.plan = Some(plan);
        }
        Ok(self.plan.as_ref().expect("it was made just now"))
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
        if self.plan.is_none()
            && let Err(error) = self.plan()
        {
            return Err(SystemError::new("plan".to_string(), Box::new(error)));
        }
        let stages = self.plan.as_ref().map_or(0, |plan| plan.stages().len());
        if core::mem::replace(&mut self.running, true) {
            // A system panicked: what it wrote down is made first.
            for slot in &mut self.slots {
                slot.waits_since = slot.waits_since.or((!slot.commands.is_empty()).then_some(0));
            }
            self.waiting = self.slots.iter().filter(|slot| slot.waits_since.is_some()).count();
        }
        let mut failures = Failures::new(self.on_error);
        // What observers wrote down and was put off.
        world.flush();
        self.apply(world, 0..0, false);
        let mut spent = false;
        for stage in 0..stages {
            let (range, phase_ends) = match &self.plan {
                Some(plan) => (plan.range(stage), plan.ends_phase(stage)),
                None => break,
            };
            spent |= self.run_stage(world, range.clone(), &mut failures);
            self.apply(world, range.clone(), false);
            if phase_ends || failures.stop() {
                let first = self.first_of_phase(stage);
                self.apply(world, first..range.end, true);
            }
            if failures.stop() {
                break;
            }
        }
        self.running = false;
        // Not after a run that was cut short: some readers have not run.
        if !failures.stop() {
            world.end_events();
        }
        if spent {
            self.forget_spent();
        }
        failures.into_error().or_else(|| self.refusal()).map_or(Ok(()), Err)
    }

    /// Runs the systems of a stage whose conditions hold. Answers whether one of them has
    /// run for the last time.
    fn run_stage(
        &mut self,
        world: &mut World<W>,
        range: Range<usize>,
        failures: &mut Failures,
    ) -> bool {
        let slots = &mut self.slots[range];
        for slot in slots.iter_mut() {
            slot.runs = !slot.spent && slot.conditions.iter_mut().all(|holds| holds(world));
        }
        world.advance();
        match &mut self.executor {
            Some(executor) if slots.len() > 1 => {
                // SAFETY: systems of one stage are not in each other's way.
                let stage = unsafe { Stage::new(slots, NonNull::from(&mut *world), self.clock) };
                executor.run(stage);
            }
            _ => {
                for slot in slots.iter_mut().filter(|slot| slot.runs) {
                    // SAFETY: the world is this call's alone, and systems run one by one.
                    unsafe { slot.run(NonNull::from(&mut *world), self.clock) };
                }
            }
        }
        world.advance();
        let mut spent = false;
        for slot in slots {
            spent |= slot.spent;
            if let Some(error) = slot.error.take() {
                failures.add(slot.name(), error);
            }
        }
        spent
    }

    /// Makes the commands that wait, the oldest first, then those of systems that are done:
    /// of those that put them off, or of the others.
    fn apply(&mut self, world: &mut World<W>, done: Range<usize>, deferred: bool) {
        // At the end of a phase, nothing has made room since its last stage.
        if self.waiting > 0 && !deferred {
            self.apply_waiting(world);
        }
        for at in done {
            let slot = &self.slots[at];
            let fresh = !slot.commands.is_empty() && slot.waits_since.is_none();
            if fresh && slot.deferred == deferred {
                self.apply_of(world, at);
            }
        }
    }

    #[cold]
    fn apply_waiting(&mut self, world: &mut World<W>) {
        let waits = |&at: &usize| self.slots[at].waits_since.is_some();
        let waiting: Vec<usize> = (0..self.slots.len()).filter(waits).collect();
        // Those that wait have a number.
        let since = |&at: &usize| self.slots[at].waits_since.unwrap_or(0) as usize;
        for next in order::ascending(waiting.iter().map(since).collect()) {
            self.apply_of(world, waiting[next]);
        }
    }

    fn apply_of(&mut self, world: &mut World<W>, at: usize) {
        let slot = &mut self.slots[at];
        let waited = slot.waits_since.is_some();
        slot.refusal = slot.commands.apply(world).err();
        match slot.refusal {
            Some(_) if !waited => {
                self.refusals += 1;
                slot.waits_since = Some(self.refusals);
                self.waiting += 1;
            }
            None if waited => {
                slot.waits_since = None;
                self.waiting -= 1;
            }
            _ => {}
        }
    }

    /// The first refusal of commands that wait, with the number of all that do.
    fn refusal(&self) -> Option<SystemError> {
        if self.waiting == 0 {
            return None;
        }
        let waiting = self.slots.iter().filter(|slot| slot.waits_since.is_some());
        let count = waiting.clone().map(|slot| slot.commands.len()).sum();
        // What room alone doesn't mend is told first.
        let full = |slot: &Slot<W>| {
            slot.refusal.is_some_and(|error| matches!(error.why, Refusal::WorldFull { .. }))
        };
        let first = waiting.min_by_key(|slot| (full(slot), slot.waits_since))?;
        let error = ApplyError { waiting: count, ..first.refusal? };
        Some(SystemError::new(first.name().to_string(), Box::new(error)))
    }

    fn first_of_phase(&self, stage: usize) -> usize {
        self.plan.as_ref().map_or(0, |plan| plan.first_of_phase(stage))
    }

    /// Puts the slots in this order of their places.
    fn rearrange(&mut self, order: &[usize]) {
        let mut slots: Vec<_> = core::mem::take(&mut self.slots).into_iter().map(Some).collect();
        self.slots = order.iter().filter_map(|&place| slots[place].take()).collect();
    }

    /// Takes out the systems that were to run once and did, unless their commands wait.
    fn forget_spent(&mut self) {
        let goes = |slot: &mut Slot<W>| slot.spent && slot.commands.is_empty();
        let gone: Vec<Slot<W>> = self.slots.extract_if(.., goes).collect();
        if gone.is_empty() {
            return;
        }
        self.plan = None;
        // Numbers don't grow with all systems that ever were.
        self.rearrange(&order::ascending(self.slots.iter().map(|slot| slot.added).collect()));
        (0..).zip(&mut self.slots).for_each(|(number, slot)| slot.added = number);
        self.added = self.slots.len();
        // Who was to run before or after them need not any more.
        let gone: Vec<Node<'_>> = gone.iter().map(Slot::node).collect();
        for at in 0..self.slots.len() {
            let Slot { after, before, .. } = &mut self.slots[at];
            let mut labels = [core::mem::take(after), core::mem::take(before)];
            let left: Vec<Node<'_>> = self.slots.iter().map(Slot::node).collect();
            labels.iter_mut().for_each(|labels| Node::forget(labels, &gone, &left));
            [self.slots[at].after, self.slots[at].before] = labels;
        }
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
}

impl<W: WorldConfig> Added<'_, W> {
    fn slot(&mut self) -> &mut Slot<W> {
        self.schedule.slots.last_mut().expect("it was added just now")
    }

    /// Runs it in this phase.
    pub fn in_phase(mut self, phase: Phase) -> Self {
        self.slot().info.phase = Some(phase);
        self
    }

    /// Runs it after another system of its phase, wherever that is added.
    pub fn after<M, F: IntoSystem<W, M> + 'static>(mut self, system: F) -> Self {
        self.slot().after.push(Label::of(&system));
        self
    }

    /// Runs it before another system of its phase, wherever that is added.
    pub fn before<M, F: IntoSystem<W, M> + 'static>(mut self, system: F) -> Self {
        self.slot().before.push(Label::of(&system));
        self
    }

    /// As [`after`](Self::after), for a system by its [name](Self::named).
    pub fn after_named(mut self, name: &str) -> Self {
        self.slot().after.push(Label::named(name));
        self
    }

    /// As [`before`](Self::before), for a system by its [name](Self::named).
    pub fn before_named(mut self, name: &str) -> Self {
        self.slot().before.push(Label::named(name));
        self
    }

    /// Calls it by this name.
    pub fn named(mut self, name: &str) -> Self {
        self.slot().info.name = name.to_string();
        self
    }

    /// Runs it only when `condition` holds, which is asked right before its stage. Of
    /// several conditions, all must hold.
    pub fn run_if(mut self, condition: impl FnMut(&World<W>) -> bool + Send + 'static) -> Self {
        self.slot().conditions.push(Box::new(condition));
        self
    }

    /// Runs it once, and then takes it out of the schedule.
    pub fn once(mut self) -> Self {
        self.slot().once = true;
        self
    }

    /// Makes its commands at the end of its phase, so that systems after it need not wait
    /// for them.
    pub fn deferred(mut self) -> Self {
        self.slot().deferred = true;
        self
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
