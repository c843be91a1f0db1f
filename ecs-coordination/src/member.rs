//! A world with all that it takes along to its thread, and its tick.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ecs_core::block::Block;
use ecs_core::config::{Role, WorldConfig};
use ecs_core::entity::Entity;
use ecs_core::schedule::{Schedule, SystemError};
use ecs_core::schema::Schema;
use ecs_core::world::{Counts, World};

use crate::admit::Admission;
use crate::clock;
use crate::dispatch::{Peers, dispatch};
use crate::driver::{Driver, Event, Registry};
use crate::endpoint::Endpoint;
use crate::error::{Cause, Failure};
use crate::stats::StatsReader;

/// When a world ticks, on its thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// When something arrives, an event comes, or entities wait to leave; then
    /// again until a tick finds nothing to do.
    #[default]
    OnDemand,
    /// Again and again.
    Continuous,
    /// At a fixed rate. A tick that comes late does not delay those after it;
    /// ticks that were missed altogether are left out.
    Every(Duration),
}

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
    /// Entities that wanted to leave and found no room.
    pub waiting: usize,
    /// Whether the driver did anything.
    pub driven: bool,
}

impl Activity {
    /// Whether the tick did anything.
    pub fn is_busy(&self) -> bool {
        self.received > 0 || self.sent > 0 || self.driven
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.received += other.received;
        self.sent += other.sent;
        self.waiting += other.waiting;
        self.driven |= other.driven;
    }
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
    dead: Vec<Entity>,
    /// Commands that the world refused and that wait for room.
    commands: usize,
    failed: bool,
}

/// A member whatever its world.
pub(crate) trait Node<S: Schema>: Send {
    fn tick(&mut self, events: &[Event], peers: &mut dyn Peers) -> Result<Activity, Failure>;
    fn start(&mut self, registry: &Registry) -> Result<(), Failure>;
    /// The coordinator stops.
    fn close(&mut self) -> Result<(), Failure>;
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
    fn take_in(&mut self, block: &mut Block<S>) -> usize;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// Puts what reads the statistics into the world's resources.
    fn share_stats(&mut self, stats: StatsReader);
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
            dead: Vec::new(),
            commands: 0,
            failed: false,
        }
    }

    /// Receives, polls the driver, runs the systems, dispatches.
    fn try_tick(&mut self, events: &[Event], peers: &mut dyn Peers) -> Result<Activity, Cause> {
        let Self { world, endpoint, .. } = self;
        if world.id() != Some(endpoint.id) {
            return Err(Cause::Replaced);
        }
        endpoint.receive_returns(|entity| world.reclaim(entity));
        endpoint.moved = (0, 0);
        // Who accepts looks at its sources first: what is new waits least.
        let first = W::DESC.role == Role::Accept;
        let mut driven = false;
        if first && let Some(driver) = &mut self.driver {
            driven = driver.poll(world, events).map_err(Cause::Driver)?;
        }
        match &mut self.intake {
            Some(intake) => intake(world, endpoint),
            None => _ = endpoint.receive(world),
        }
        if !first && let Some(driver) = &mut self.driver {
            driven = driver.poll(world, events).map_err(Cause::Driver)?;
        }
        let systems = self.schedule.run(&mut self.world);
        let waiting = |error: &SystemError| error.waits().map_or(0, |refused| refused.waiting);
        self.commands = systems.as_ref().err().map_or(0, waiting);
        // Also after a system failed: what is complete goes on its way.
        let done = dispatch(&mut self.world, &mut self.endpoint, peers);
        // Commands that the full world refused wait for room, as entities do.
        systems
            .or_else(|error| if self.commands > 0 { Ok(()) } else { Err(Cause::System(error)) })?;
        let (received, queued) = self.endpoint.moved;
        let waiting = done.kept + self.commands;
        Ok(Activity { received, sent: done.gone + queued, waiting, driven })
    }

    fn publish(&mut self) {
        self.world.drain_returns(&mut self.dead);
        self.endpoint.send_returns(&mut self.dead);
        let waiting = self.world.outbox_len() + self.spilled();
        let batch = W::DESC.queue.batch_size.min(W::DESC.max_entities / 2) as usize;
        let pressed = waiting > 0 || self.world.room() < batch;
        self.endpoint.publish(self.world.len(), waiting, pressed);
    }

    fn spilled(&self) -> usize {
        self.endpoint.spilled_blocks().map(|(_, block)| block.len()).sum()
    }
}

impl<W: WorldConfig> Node<W::Schema> for Member<W>
where
    <W::Schema as Schema>::Types: Send,
{
    fn tick(&mut self, events: &[Event], peers: &mut dyn Peers) -> Result<Activity, Failure> {
        if self.failed {
            return Ok(Activity::default());
        }
        let start = clock::now();
        // A panic leaves the world between two steps of a tick: each step keeps
        // the world whole, so that it can be looked at and dropped afterwards.
        let ticked = catch_unwind(AssertUnwindSafe(|| {
            let ticked = self.try_tick(events, peers);
            self.publish();
            ticked
        }));
        // ORDERING: relaxed: counts of their own.
        self.endpoint.counters.ticks.fetch_add(1, Ordering::Relaxed);
        let took = clock::since(start).as_nanos() as u64;
        self.endpoint.counters.tick_ns.fetch_add(took, Ordering::Relaxed);
        if let Pace::Every(period) = self.pace {
            self.due = next_due(self.due, start, period);
        }
        let cause = match ticked {
            Ok(Ok(activity)) => return Ok(activity),
            Ok(Err(cause)) => cause,
            Err(panic) => Cause::of_panic(&*panic),
        };
        Err(self.fail(cause))
    }

    fn start(&mut self, registry: &Registry) -> Result<(), Failure> {
        self.failed = false;
        self.due = clock::now();
        if let Some(admission) = self.world.resource_mut::<Admission>() {
            admission.set_stopping(false);
        }
        let Self { world, driver: Some(driver), .. } = self else { return Ok(()) };
        let started = catch_unwind(AssertUnwindSafe(|| driver.start(world, registry)));
        match started {
            Ok(started) => started.map_err(|error| self.fail(Cause::Io(error))),
            Err(panic) => Err(self.fail(Cause::of_panic(&*panic))),
        }
    }

    fn fail(&mut self, cause: Cause) -> Failure {
        self.failed = true;
        Failure { world: W::DESC.name, id: self.endpoint.id, cause }
    }

    fn has_failed(&self) -> bool {
        self.failed
    }

    fn close(&mut self) -> Result<(), Failure> {
        if let Some(admission) = self.world.resource_mut::<Admission>() {
            admission.set_stopping(true);
        }
        let Self { world, driver: Some(driver), failed: false, .. } = self else { return Ok(()) };
        catch_unwind(AssertUnwindSafe(|| driver.close(world)))
            .map_err(|panic| self.fail(Cause::of_panic(&*panic)))
    }

    fn is_quiet(&self) -> bool {
        self.failed
            || self.endpoint.nothing_waits()
                && self.world.outbox_len() == 0
                && self.spilled() == 0
                && self.commands == 0
                && self.driver.as_ref().is_none_or(|driver| driver.is_idle())
    }

    fn is_stuck(&self) -> bool {
        let room = self.world.room();
        let mut waiting = self.endpoint.inlets.iter().filter(|inlet| !inlet.is_empty());
        self.failed || waiting.all(|inlet| room <= inlet.headroom)
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
        let waits = self.world.outbox_len() > 0 || self.spilled() > 0 || self.commands > 0;
        let retry = waits.then_some(RETRY);
        let due = match self.pace {
            Pace::OnDemand => None,
            Pace::Continuous => Some(Duration::ZERO),
            Pace::Every(_) => self.due.map(|due| due.saturating_duration_since(Instant::now())),
        };
        let driver = self.driver.as_ref().and_then(|driver| driver.timeout());
        [retry, due, driver].into_iter().flatten().min()
    }

    fn is_due(&self) -> bool {
        !matches!(self.pace, Pace::Every(_)) || self.due.is_none_or(|due| Instant::now() >= due)
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

    fn take_in(&mut self, block: &mut Block<W::Schema>) -> usize {
        self.world.arrive(block, usize::MAX).unwrap_or(0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn share_stats(&mut self, stats: StatsReader) {
        self.world.insert_resource(stats);
    }
}

/// The first time after `start` that is a whole number of periods after `due`:
/// neither a late tick nor one that was missed shifts those after it.
fn next_due(due: Option<Instant>, start: Option<Instant>, period: Duration) -> Option<Instant> {
    let (due, start) = (due.or(start)?, start?);
    let late = start.saturating_duration_since(due).as_nanos();
    let missed = late.checked_div(period.as_nanos()).unwrap_or(0);
    let ahead = period.saturating_mul(u32::try_from(missed + 1).unwrap_or(u32::MAX));
    due.checked_add(ahead)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::next_due;

    #[test]
    fn a_late_tick_shifts_none_after_it() {
        let (start, period) = (Instant::now(), Duration::from_millis(10));
        let at = |ms| Some(start + Duration::from_millis(ms));
        assert_eq!(next_due(at(0), at(0), period), at(10));
        assert_eq!(next_due(at(0), at(9), period), at(10));
        // Missed altogether, and left out.
        assert_eq!(next_due(at(0), at(10), period), at(20));
        assert_eq!(next_due(at(0), at(35), period), at(40));
        // Early, or the first.
        assert_eq!(next_due(at(20), at(15), period), at(30));
        assert_eq!(next_due(None, at(5), period), at(15));
        assert_eq!(next_due(at(0), at(7), Duration::ZERO), at(0));
    }
}
