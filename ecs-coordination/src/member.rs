//! A world with all that it takes along to its thread, and its tick.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ecs_core::block::Block;
use ecs_core::config::{Role, WorldConfig};
use ecs_core::entity::Entity;
use ecs_core::event::EventStore;
use ecs_core::inspect::WorldReport;
use ecs_core::location::Location;
use ecs_core::outbox::Parcel;
use ecs_core::schedule::{Schedule, SystemError};
use ecs_core::schema::Schema;
use ecs_core::time::Time;
use ecs_core::transfer::EntityTransfer;
use ecs_core::world::{Counts, World};

use crate::admit::Admission;
use crate::clock;
use crate::counters::add;
use crate::dispatch::{self, Thread, dispatch};
use crate::driver::{Driver, Port};
use crate::endpoint::Endpoint;
use crate::error::{Cause, Failure};
use crate::events;
use crate::pace::Pace;
use crate::stats::StatsReader;
use crate::supervise::{Handling, Supervisor};
use crate::unfinished;

/// What a thread does when its worlds have nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Looks again at once: the fastest answer, for a core of its own.
    Spin,
    /// Lets other threads run, then looks again.
    Yield,
    /// Looks again for this long, then sleeps until something arrives.
    Park(Duration),
}

impl Idle {
    /// The strategy of worlds of a role that set none, on a machine with more
    /// cores than threads: a compute world spins for about as long as it takes
    /// to wake a thread; others sleep at once.
    pub const fn of(role: Role) -> Self {
        match role {
            Role::Compute => Self::Park(Duration::from_micros(30)),
            _ => Self::Park(Duration::ZERO),
        }
    }
}

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Entities that arrived.
    pub received: usize,
    /// Entities that left, or were shed.
    pub sent: usize,
    /// Entities that wanted to leave and found no room, or wait for a batch to fill.
    pub waiting: usize,
    /// Whether the driver did anything.
    pub driven: bool,
    /// Events that came from other worlds, or left for them.
    pub events: usize,
}

impl Activity {
    /// Whether the tick did anything.
    pub fn is_busy(&self) -> bool {
        self.received > 0 || self.sent > 0 || self.driven || self.events > 0
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.received += other.received;
        self.sent += other.sent;
        self.waiting += other.waiting;
        self.driven |= other.driven;
        self.events += other.events;
    }
}

/// A tick in lock-step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Its number.
    pub(crate) tick: u64,
    /// How much time it stands for.
    pub(crate) delta: Duration,
}

/// Takes in what has arrived, in place of [`Endpoint::receive`].
pub(crate) type Intake<W> =
    Box<dyn FnMut(&mut World<W>, &mut Endpoint<<W as WorldConfig>::Schema>) + Send>;

/// A world, what runs in it, and its ends of all edges.
pub(crate) struct Member<W: WorldConfig> {
    pub(crate) world: World<W>,
    pub(crate) schedule: Schedule<W>,
    pub(crate) driver: Option<Box<dyn Driver<W>>>,
    pub(crate) endpoint: Endpoint<W::Schema>,
    pub(crate) intake: Option<Intake<W>>,
    pub(crate) pace: Pace,
    pub(crate) idle: Option<Idle>,
    pub(crate) due: Option<Instant>,
    /// When the last tick began, and how much time this one stands for.
    last: Option<Instant>,
    delta: Duration,
    dead: Vec<Entity>,
    /// Commands that the world refused and that wait for room.
    commands: usize,
    failed: bool,
    pub(crate) supervisor: Supervisor,
    /// The first half of a tick in lock-step is done.
    stepping: bool,
    /// Ticks in a row that did nothing but pass events on inside of the world.
    echoes: u32,
}

/// How many ticks a world makes, or a stop waits for, in which systems do nothing but
/// answer each other's events. One that sends in each run would go on for good.
const ECHOES: u32 = 64;

/// A member whatever its world.
pub(crate) trait Node<S: Schema> {
    fn tick(&mut self, thread: &mut dyn Thread) -> Result<Activity, Failure>;
    /// The first half of a tick in lock-step: receives and runs the systems.
    fn step_work(&mut self, step: Step, port: &mut Port<'_>) -> Result<Activity, Failure>;
    /// The second half, when all worlds have done the first: sends.
    fn step_send(&mut self, tick: u64) -> Result<Activity, Failure>;
    /// Says what can be taken in in the next tick in lock-step.
    fn want(&mut self);
    /// The lock-step is over, before the tick with this number.
    fn leave_step(&mut self, next: u64);
    /// Counts ticks that were left out.
    fn skip(&mut self, ticks: u64);
    fn start(&mut self, port: &mut Port<'_>) -> Result<(), Failure>;
    /// The coordinator stops.
    fn close(&mut self, port: &mut Port<'_>) -> Result<(), Failure>;
    /// The world ticks no more.
    fn fail(&mut self, cause: Cause) -> Failure;
    fn has_failed(&self) -> bool;
    /// Whether nothing waits to come in, to leave, or to be finished.
    fn is_quiet(&self) -> bool;
    /// Whether what waits to come in can't: the world is full.
    fn is_stuck(&self) -> bool;
    fn has_driver(&self) -> bool;
    /// How long until the next tick is due; `None` when something arrives.
    fn timeout(&self) -> Option<Duration>;
    /// Whether a tick is due now, by the clock alone.
    fn is_due(&self) -> bool;
    /// What to do when there is nothing to do; by default, spin only with `spins`.
    fn idle(&self, spins: bool) -> Idle;
    fn endpoint(&self) -> &Endpoint<S>;
    fn endpoint_mut(&mut self) -> &mut Endpoint<S>;
    fn counts(&self) -> Counts;
    fn live(&self) -> usize;
    /// How many events wait to leave.
    fn events_waiting(&self) -> usize;
    fn inspect(&self) -> WorldReport;
    /// Where an entity is, as the world knows it.
    fn locate(&self, entity: Entity) -> Location;
    /// Whether it died here, and its id has not gone home.
    fn has_ended(&self, entity: Entity) -> bool;
    fn take_in(&mut self, block: &mut Block<S>) -> usize;
    /// Who asked to leave, for [`take_leaving`](Self::take_leaving).
    fn leaving(&mut self) -> Vec<Parcel>;
    /// Takes out one who asked to leave.
    fn take_leaving(&mut self, parcel: Parcel) -> Option<EntityTransfer<S>>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// Puts what reads the statistics into the world's resources.
    fn share_stats(&mut self, stats: StatsReader);
    /// Gives back memory that nobody needs now.
    fn shrink(&mut self);
}

/// A panic is one more way to fail.
fn flatten<T>(result: std::thread::Result<Result<T, Cause>>) -> Result<T, Cause> {
    result.unwrap_or_else(|panic| Err(Cause::of_panic(panic)))
}

impl<W: WorldConfig> Member<W> {
    pub(crate) fn new(world: World<W>, endpoint: Endpoint<W::Schema>) -> Self {
        Self {
            world,
            schedule: Schedule::new(),
            driver: None,
            endpoint,
            intake: None,
            pace: Pace::OnDemand,
            idle: None,
            due: None,
            last: None,
            delta: Duration::ZERO,
            dead: Vec::new(),
            commands: 0,
            failed: false,
            supervisor: Supervisor::default(),
            stepping: false,
            echoes: 0,
        }
    }

    /// Receives, polls the driver, runs the systems, dispatches.
    fn try_tick(&mut self, thread: &mut dyn Thread) -> Result<Activity, Cause> {
        self.endpoint.ticking = true;
        let worked = self.work(&mut thread.port())?;
        self.endpoint.end_ticking();
        self.endpoint.tell_came();
        // Also after a system failed: what is complete goes on its way.
        let done = dispatch(&mut self.world, &mut self.endpoint, thread);
        // After the entities: see `events::receive`.
        let events = events::send(&mut self.world, &mut self.endpoint);
        let driven = worked?;
        let (received, queued) = self.endpoint.moved;
        let waiting = done.kept + self.commands;
        let events = events + self.endpoint.events.received;
        Ok(Activity { received, sent: done.gone + queued, waiting, driven, events })
    }

    /// The first half of a tick in lock-step: all but the dispatch, of which it
    /// says how much room it wants.
    fn try_step(&mut self, tick: u64, port: &mut Port<'_>) -> Result<Activity, Cause> {
        self.endpoint.begin_step(tick);
        self.set_step(tick);
        let worked = self.work(port)?;
        dispatch::ask(tick, &mut self.world, &mut self.endpoint);
        let driven = worked?;
        // What an intake sent by hand counts when it leaves.
        let received = self.endpoint.moved.0;
        let events = self.endpoint.events.received;
        Ok(Activity { received, sent: 0, waiting: self.commands, driven, events })
    }

    /// Around a tick, for who traces.
    #[cfg(feature = "tracing")]
    fn span(&self) -> tracing::span::EnteredSpan {
        tracing::info_span!("tick", world = W::DESC.name, id = self.endpoint.id).entered()
    }

    /// Receives, polls the driver, runs the systems. Answers whether the driver
    /// did anything; the inner error is that of a system, which does not keep
    /// others from leaving.
    fn work(&mut self, port: &mut Port<'_>) -> Result<Result<bool, Cause>, Cause> {
        let Self { world, endpoint, .. } = self;
        if world.id() != Some(endpoint.id) {
            return Err(Cause::Replaced);
        }
        if let Some(time) = world.resource_mut::<Time>() {
            time.advance(self.delta);
        }
        endpoint.receive_returns(|entity| world.reclaim(entity));
        endpoint.moved = (0, 0);
        events::receive(world, endpoint);
        // Who accepts looks at its sources first: what is new waits least.
        let first = W::DESC.role == Role::Accept;
        let mut driven = false;
        if first && let Some(driver) = &mut self.driver {
            driven = driver.poll(world, port).map_err(Cause::Driver)?;
        }
        match &mut self.intake {
            Some(intake) => intake(world, endpoint),
            None => _ = endpoint.receive(world),
        }
        world.sort_post();
        if !first && let Some(driver) = &mut self.driver {
            driven = driver.poll(world, port).map_err(Cause::Driver)?;
        }
        let systems = self.schedule.run(&mut self.world);
        self.echoes = if self.has_come(driven) { 0 } else { self.echoes.saturating_add(1) };
        let waiting = |error: &SystemError| error.waits().map_or(0, |refused| refused.waiting);
        self.commands = systems.as_ref().err().map_or(0, waiting);
        // Commands that the full world refused wait for room, as entities do.
        Ok(match systems {
            Err(error) if self.commands == 0 => Err(Cause::System(error)),
            _ => Ok(driven),
        })
    }

    /// Whether anything came from outside in this tick, or no event is left to read.
    fn has_come(&self, driven: bool) -> bool {
        driven
            || self.endpoint.moved != (0, 0)
            || self.endpoint.events.received > 0
            || self.world.event_store().is_none_or(EventStore::is_empty)
    }

    /// A tick, or a half of one, has ended. Answers when.
    fn count(&self, start: Option<Instant>, ticks: u64) -> Option<Instant> {
        // ORDERING: relaxed: counts of their own.
        add(&self.endpoint.counters.ticks, ticks, Ordering::Relaxed);
        let end = clock::now();
        let took = end.zip(start).map_or(Duration::ZERO, |(end, start)| end - start);
        let took = took.as_nanos() as u64;
        add(&self.endpoint.counters.tick_ns, took, Ordering::Relaxed);
        self.endpoint.counters.end_tick();
        end
    }

    /// What became of a tick, or of the first half of one in lock-step.
    fn handle(
        &mut self,
        ticked: std::thread::Result<Result<Activity, Cause>>,
    ) -> Result<Activity, Failure> {
        let ticked = flatten(ticked).map_err(|cause| self.fail_by_policy(cause));
        if ticked.is_ok() {
            self.supervisor.went_well();
        }
        ticked
    }

    fn fail_by_policy(&mut self, cause: Cause) -> Failure {
        // The same again next time.
        let handling = match cause {
            Cause::Replaced => Handling::Stopping,
            _ => self.supervisor.handle(),
        };
        self.failure(cause, handling)
    }

    fn failure(&mut self, cause: Cause, handling: Handling) -> Failure {
        self.failed = handling != Handling::Restarted;
        // ORDERING: relaxed: a count of its own.
        add(&self.endpoint.counters.failures, 1, Ordering::Relaxed);
        Failure { world: W::DESC.name, id: self.endpoint.id, cause, handling }
    }

    fn set_step(&mut self, tick: u64) {
        if let Some(admission) = self.world.resource_mut::<Admission>() {
            admission.set_step(tick);
        }
    }

    fn publish(&mut self) {
        self.world.drain_returns(&mut self.dead);
        self.endpoint.send_returns(&mut self.dead);
        let waiting = self.world.outbox_len() + self.endpoint.spilled();
        let batch = W::DESC.queue.batch_size.min(W::DESC.max_entities / 2) as usize;
        // Who waits for others to come is no reason to let none come.
        let pressed = waiting > self.endpoint.lingering || self.world.room() < batch;
        self.endpoint.publish(self.world.len(), waiting, pressed);
    }

    /// Whether systems may not have read all events of the last run yet.
    fn has_unread(&self) -> bool {
        self.echoes < ECHOES && self.world.event_store().is_some_and(|store| !store.is_empty())
    }
}

impl<W: WorldConfig> Node<W::Schema> for Member<W> {
    fn tick(&mut self, thread: &mut dyn Thread) -> Result<Activity, Failure> {
        if self.failed {
            return Ok(Activity::default());
        }
        #[cfg(feature = "tracing")]
        let _span = self.span();
        let start = thread.begin();
        self.endpoint.counters.begin_tick(start);
        self.delta = match self.pace {
            Pace::Fixed { step, .. } => step,
            _ => start.zip(self.last).map_or(Duration::ZERO, |(start, last)| start - last),
        };
        self.last = start;
        // A panic leaves the world between two steps of a tick: each step keeps
        // the world whole, so that it can be looked at and dropped afterwards.
        let ticked = catch_unwind(AssertUnwindSafe(|| {
            let ticked = self.try_tick(thread);
            self.publish();
            ticked
        }));
        // After a panic.
        self.endpoint.end_ticking();
        thread.end(self.count(start, 1));
        let (due, skipped) = self.pace.next(self.due, start);
        self.due = due;
        self.skip(skipped);
        self.handle(ticked)
    }

    fn step_work(&mut self, step: Step, port: &mut Port<'_>) -> Result<Activity, Failure> {
        #[cfg(feature = "tracing")]
        let _span = self.span();
        if self.failed {
            return Ok(Activity::default());
        }
        let start = clock::now();
        self.endpoint.counters.begin_tick(start);
        self.stepping = true;
        (self.delta, self.last) = (step.delta, start);
        // See `tick`.
        let worked = catch_unwind(AssertUnwindSafe(|| self.try_step(step.tick, port)));
        self.count(start, 1);
        self.handle(worked)
    }

    fn step_send(&mut self, tick: u64) -> Result<Activity, Failure> {
        if !std::mem::take(&mut self.stepping) {
            return Ok(Activity::default());
        }
        let start = clock::now();
        self.endpoint.counters.begin_tick(start);
        let sent = catch_unwind(AssertUnwindSafe(|| {
            self.endpoint.tell_came();
            let done = dispatch::send_granted(tick, &mut self.world, &mut self.endpoint);
            let events = events::send(&mut self.world, &mut self.endpoint);
            self.publish();
            Ok(Activity { sent: done.gone, waiting: done.kept, events, ..Activity::default() })
        }));
        self.count(start, 0);
        let sent = flatten(sent).map_err(|cause| self.fail_by_policy(cause));
        if !self.failed {
            self.want();
        }
        sent
    }

    fn want(&mut self) {
        self.endpoint.want(self.world.room());
    }

    fn leave_step(&mut self, next: u64) {
        self.endpoint.leave_step();
        self.set_step(next);
    }

    fn skip(&mut self, ticks: u64) {
        if ticks > 0 {
            // ORDERING: relaxed: a count of its own.
            add(&self.endpoint.counters.skipped, ticks, Ordering::Relaxed);
        }
    }

    fn start(&mut self, port: &mut Port<'_>) -> Result<(), Failure> {
        self.failed = false;
        (self.due, self.last) = (clock::now(), None);
        if let Some(admission) = self.world.resource_mut::<Admission>() {
            admission.set_stopping(false);
        }
        let Self { world, driver: Some(driver), .. } = self else { return Ok(()) };
        let started = catch_unwind(AssertUnwindSafe(|| driver.start(world, port)));
        match started {
            Ok(started) => started.map_err(|error| self.fail(Cause::Io(error))),
            Err(panic) => Err(self.fail(Cause::of_panic(panic))),
        }
    }

    fn fail(&mut self, cause: Cause) -> Failure {
        self.failure(cause, Handling::Stopping)
    }

    fn has_failed(&self) -> bool {
        self.failed
    }

    fn close(&mut self, port: &mut Port<'_>) -> Result<(), Failure> {
        if let Some(admission) = self.world.resource_mut::<Admission>() {
            admission.set_stopping(true);
        }
        let Self { world, driver: Some(driver), failed: false, .. } = self else { return Ok(()) };
        catch_unwind(AssertUnwindSafe(|| driver.close(world, port)))
            .map_err(|panic| self.fail(Cause::of_panic(panic)))
    }

    fn is_quiet(&self) -> bool {
        self.failed
            || self.endpoint.nothing_waits()
                && self.world.outbox_len() == 0
                && self.endpoint.spilled() == 0
                && self.commands == 0
                && self.events_waiting() == 0
                && !self.has_unread()
                && self.endpoint.plan.is_empty()
                && self.endpoint.trees.is_empty()
                && self.driver.as_ref().is_none_or(|driver| driver.is_idle())
    }

    fn is_stuck(&self) -> bool {
        let room = self.world.room();
        let mut waiting = self.endpoint.inlets.iter().filter(|inlet| !inlet.is_empty());
        // Room for events comes with each tick, but for those that wait for entities.
        let blocked = self.world.event_store().is_some_and(EventStore::is_blocked);
        let events = !self.endpoint.events.nothing_waits() && !blocked;
        self.failed || !events && waiting.all(|inlet| room <= inlet.headroom)
    }

    fn has_driver(&self) -> bool {
        self.driver.is_some()
    }

    fn timeout(&self) -> Option<Duration> {
        /// How long entities that found no room wait for the next try.
        const RETRY: Duration = Duration::from_micros(200);
        if self.failed {
            return None;
        }
        let waits = self.world.outbox_len() > 0
            || self.endpoint.spilled() > 0
            || self.commands > 0
            || self.events_waiting() > 0;
        let retry = waits.then_some(RETRY);
        let due = match self.pace {
            Pace::OnDemand => self.has_unread().then_some(Duration::ZERO),
            Pace::Continuous => Some(Duration::ZERO),
            Pace::Every(_) | Pace::Fixed { .. } => {
                self.due.map(|due| due.saturating_duration_since(Instant::now()))
            }
        };
        let driver = self.driver.as_ref().and_then(|driver| driver.timeout());
        [retry, due, driver].into_iter().flatten().min()
    }

    fn is_due(&self) -> bool {
        self.pace.period().is_none() || self.due.is_none_or(|due| Instant::now() >= due)
    }

    fn idle(&self, spins: bool) -> Idle {
        let default = if spins { Idle::of(W::DESC.role) } else { Idle::Park(Duration::ZERO) };
        self.idle.unwrap_or(default)
    }

    fn endpoint(&self) -> &Endpoint<W::Schema> {
        &self.endpoint
    }

    fn endpoint_mut(&mut self) -> &mut Endpoint<W::Schema> {
        &mut self.endpoint
    }

    fn counts(&self) -> Counts {
        self.world.counts()
    }

    fn live(&self) -> usize {
        self.world.len()
    }

    fn events_waiting(&self) -> usize {
        self.world.event_store().map_or(0, EventStore::waiting)
    }

    fn inspect(&self) -> WorldReport {
        self.world.inspect()
    }

    fn locate(&self, entity: Entity) -> Location {
        self.world.locate(entity)
    }

    fn has_ended(&self, entity: Entity) -> bool {
        self.world.returns().contains(&entity)
    }

    fn take_in(&mut self, block: &mut Block<W::Schema>) -> usize {
        self.endpoint.note_back(block);
        let arrived = match block.is_unit() {
            true => self.world.arrive_unit(block, usize::MAX),
            false => self.world.arrive(block, usize::MAX),
        };
        arrived.unwrap_or(0)
    }

    fn leaving(&mut self) -> Vec<Parcel> {
        unfinished::leaving(&mut self.world, &mut self.endpoint)
    }

    fn take_leaving(&mut self, parcel: Parcel) -> Option<EntityTransfer<W::Schema>> {
        unfinished::take_leaving(&mut self.world, &mut self.endpoint, parcel)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn shrink(&mut self) {
        self.world.shrink();
        self.endpoint.shrink();
        self.dead.shrink_to_fit();
    }

    fn share_stats(&mut self, stats: StatsReader) {
        self.world.insert_resource(stats);
    }
}
