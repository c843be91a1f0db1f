//! All worlds in lock-step: equal inputs give equal results, bit for bit, on any
//! number of threads.
//!
//! # A tick
//!
//! | part | what each world does | what nobody does meanwhile |
//! |---|---|---|
//! | work | receives, polls its driver, runs its systems, asks for room | send |
//! | send | sends as far as it was granted room, publishes its pressure | receive |
//!
//! After each part all threads meet at a barrier. What is sent in a tick is thus
//! received in the next one, and no world sees how far another has come: room in
//! queues, batches of shared inboxes, ids that come home and pressure are those
//! at the last barrier, and what comes from several worlds is put in order of
//! their ids (see [`exchange`](crate::exchange)).
//!
//! # The stop
//!
//! The first thread decides in its send part what happens from the next tick on,
//! from what was told in the work part; all read it after the barrier. As on free
//! threads the sources close first, then groups of worlds stop in order, each
//! when a tick finds it quiet or the deadline has come. A thread that meets a
//! panic goes on to the barrier, so nobody waits for good.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ecs_core::members::WorldSet;
use ecs_core::schema::Schema;

use crate::clock;
use crate::control::Control;
use crate::coordinator::WorldCoordinator;
use crate::crew::Crew;
use crate::error::{Cause, Failure, RunError};
use crate::member::{Activity, Step};
use crate::pace::Pace;
use crate::placement::Placement;
use crate::running::{Running, Stopped};
use crate::runtime::Threads;
use crate::supervise::Handling;

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// Ticks all worlds once in lock-step, by hand: each receives what was sent
    /// in the last step and runs its systems; then each sends. Threads in
    /// lock-step do the same, bit for bit.
    ///
    /// # Errors
    /// If a world fails; the others have ticked all the same.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Ball(u32);
    /// #[world_config(components(Ball), source, targets(Pong))]
    /// struct Base;
    /// #[world_config(base = Base, routing(default_target = Pong))]
    /// struct Ping;
    /// #[world_config(base = Base, routing(default_target = Ping))]
    /// struct Pong;
    /// coordinator!(type Game = (Ping, Pong));
    ///
    /// let mut game = Game::new();
    /// let ball = game.world_mut::<Ping>().spawn(Ball(0))?;
    /// game.world_mut::<Ping>().complete(ball)?;
    /// game.start()?;
    /// game.step()?; // it is sent,
    /// assert_eq!(game.world::<Pong>().len(), 0);
    /// game.step()?; // and received in the next step
    /// assert_eq!(game.world::<Pong>().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn step(&mut self) -> Result<Activity, Failure> {
        let tick = self.next_step;
        let step = Step { tick, delta: self.step_time };
        self.next_step += 1;
        let mut all = Activity::default();
        let mut failed = None;
        let mut add = |ticked| match ticked {
            Ok(activity) => all.add(activity),
            Err(failure) => failed = failed.take().or(Some(failure)),
        };
        self.crew.nodes_mut().for_each(|node| node.want());
        for seat in 0..self.crew.len() {
            add(self.fetch_events(seat).and_then(|()| self.crew.step_work(seat, step)));
        }
        for seat in 0..self.crew.len() {
            add(self.crew.node_mut(seat).step_send(tick));
        }
        self.crew.nodes_mut().for_each(|node| node.leave_step(tick + 1));
        failed.map_or(Ok(all), Err)
    }

    /// Says how much time a tick in lock-step stands for in the worlds' `Time`:
    /// zero, unless it is said. It is not looked up on a clock, or worlds would
    /// differ from run to run.
    pub fn set_step_time(&mut self, time: Duration) -> &mut Self {
        self.step_time = time;
        self
    }

    /// Hands the worlds to threads that tick in lock-step: all make one tick,
    /// then all the next. Equal inputs give equal results, bit for bit, whatever
    /// the placement, and as [`step`](Self::step) by hand does.
    ///
    /// The `pace` is that of all worlds, in place of their own; on demand is as
    /// continuous here. With a rate, its period is also the time that a tick
    /// stands for, in place of [`set_step_time`](Self::set_step_time). A stop begins at the end of a tick and drains in further
    /// ticks; what is left is in the worlds and queues. Where a queue is full,
    /// `block` does what `retain` does.
    ///
    /// # Errors
    /// If the placement does not fit, or a thread can't be made: the coordinator
    /// is handed back.
    pub fn run_lock_step(
        self,
        placement: Placement,
        pace: Pace,
    ) -> Result<Running<Worlds>, RunError<Worlds>> {
        self.run_steps(placement, pace, None)
    }

    /// Runs the worlds on threads for this many ticks in lock-step, as fast as
    /// possible, for tests and replays. It ends at the boundary of a tick and
    /// does not drain: what is on its way stays in the queues.
    ///
    /// # Errors
    /// As [`run_lock_step`](Self::run_lock_step).
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Cell(u64);
    /// # #[world_config(components(Cell))] struct Grid;
    /// # coordinator!(type Program = [Grid; 4]);
    /// let program = || {
    ///     let mut program = Program::new();
    ///     program.add_system::<Grid, _>(|world: &mut World<Grid>| {
    ///         world.query::<&mut Cell>().for_each(|cell| cell.0 = cell.0 * 5 + 1);
    ///     });
    ///     program.world_at_mut::<Grid>(2).spawn(Cell(1)).map(|_| program)
    /// };
    /// let cells = |placement| -> Result<Vec<u64>, Box<dyn std::error::Error>> {
    ///     let program = program()?.run_ticks(placement, 20)?.into_result()?;
    ///     Ok(program.world_at::<Grid>(2).view::<&Cell>().map(|cell| cell.0).collect())
    /// };
    /// assert_eq!(cells(Placement::Single)?, cells(Placement::PerWorld)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_ticks(
        self,
        placement: Placement,
        ticks: u64,
    ) -> Result<Stopped<Worlds>, RunError<Worlds>> {
        Ok(self.run_steps(placement, Pace::Continuous, Some(ticks))?.join())
    }

    fn run_steps(
        self,
        placement: Placement,
        pace: Pace,
        ticks: Option<u64>,
    ) -> Result<Running<Worlds>, RunError<Worlds>> {
        self.run_on(placement, |this, crews, sources| {
            let control = Control::of_steps(this.components.clone(), sources);
            let (threads, worlds) = (crews.len(), this.components.len());
            let first =
                Step { tick: this.next_step, delta: pace.period().unwrap_or(this.step_time) };
            let steps = Steps::new(threads, worlds, first, pace, ticks);
            Threads::start_steps(crews, control, Arc::new(steps), (&this.cores, this.backend))
        })
    }
}

/// What the threads share.
pub(crate) struct Steps {
    barrier: Barrier,
    /// The first tick.
    first: Step,
    pace: Pace,
    shared: Mutex<Shared>,
}

struct Shared {
    /// Written by the first thread between the barriers of a tick, read by all
    /// after the second one.
    orders: Orders,
    /// By place: whether the work part found nothing to do; while a stop drains.
    quiet: Vec<bool>,
}

/// What the next tick does.
#[derive(Clone, Copy, Debug)]
struct Orders {
    /// The tick after the last one, once that is known.
    end: Option<u64>,
    /// The group of worlds that drains; those before it have halted.
    draining: Option<usize>,
    /// Ticks that the pace has left out before this one.
    skipped: u64,
}

/// The first thread's view of time.
#[derive(Default)]
struct Clock {
    due: Option<Instant>,
    stopping_since: Option<Instant>,
}

impl Steps {
    fn new(threads: usize, worlds: usize, first: Step, pace: Pace, ticks: Option<u64>) -> Self {
        let end = ticks.map(|ticks| first.tick.saturating_add(ticks));
        let orders = Orders { end, draining: None, skipped: 0 };
        Self {
            barrier: Barrier::new(threads),
            first,
            pace,
            shared: Mutex::new(Shared { orders, quiet: vec![false; worlds] }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The number of the tick after the last one, when all threads have ended.
    pub(crate) fn next(&self) -> u64 {
        self.lock().orders.end.unwrap_or(self.first.tick)
    }

    /// A thread's life.
    pub(crate) fn run<S: Schema>(&self, thread: usize, crew: &mut Crew<S>, control: &Control) {
        if !control.wait_for_all() {
            return;
        }
        // What fails in a send part is told in the next work part, so that what
        // the first thread sees of it does not depend on who is faster.
        let mut failures = Vec::new();
        contain(crew, &mut failures, |crew, failures| {
            failures.extend(crew.start().err());
            crew.nodes_mut().for_each(|node| node.want());
        });
        let mut closed = vec![false; crew.len()];
        let mut clock = Clock { due: clock::now(), stopping_since: None };
        let mut tick = self.first.tick;
        self.barrier.wait();
        loop {
            let orders = self.lock().orders;
            if orders.end.is_some_and(|end| tick >= end) {
                break;
            }
            let began = clock::now();
            contain(crew, &mut failures, |crew, failures| {
                self.work(tick, orders, crew, &mut closed, control, failures);
            });
            failures.drain(..).for_each(|failure| control.fail(failure));
            self.barrier.wait();
            contain(crew, &mut failures, |crew, failures| {
                for node in crew.nodes_mut() {
                    failures.extend(node.step_send(tick).err());
                }
            });
            if thread == 0 {
                self.direct(tick, began, &mut clock, control);
            }
            tick += 1;
            self.barrier.wait();
        }
        failures.drain(..).for_each(|failure| control.fail(failure));
    }

    /// The work part of the crew's worlds.
    fn work<S: Schema>(
        &self,
        tick: u64,
        orders: Orders,
        crew: &mut Crew<S>,
        closed: &mut [bool],
        control: &Control,
        failures: &mut Vec<Failure>,
    ) {
        if let Err(error) = crew.wait(Some(Duration::ZERO))
            && let Some(node) = crew.nodes().next()
        {
            let (world, id) = (node.endpoint().name(), node.endpoint().id());
            let handling = Handling::Stopping;
            failures.push(Failure { world, id, cause: Cause::Io(error), handling });
        }
        for (seat, closed) in closed.iter_mut().enumerate() {
            let place = crew.node(seat).endpoint().place;
            let component = control.components[place];
            crew.node_mut(seat).skip(orders.skipped);
            if let Some(draining) = orders.draining {
                if component < draining {
                    crew.leave(seat);
                    continue;
                }
                let closes = component == draining || control.sources[place];
                if closes && !std::mem::replace(closed, true) {
                    failures.extend(crew.close(seat).err());
                }
            }
            let busy = match crew.step_work(seat, Step { tick, ..self.first }) {
                Ok(activity) => activity.is_busy(),
                Err(failure) => {
                    failures.push(failure);
                    true
                }
            };
            if orders.draining == Some(component) {
                self.lock().quiet[place] = !busy && crew.node(seat).is_quiet();
            }
        }
    }

    /// Decides what comes after this tick, and waits until that is due.
    fn direct(&self, tick: u64, began: Option<Instant>, clock: &mut Clock, control: &Control) {
        let mut orders = self.lock().orders;
        let last = orders.end.is_some_and(|end| tick + 1 >= end);
        orders.skipped = 0;
        if self.pace.period().is_some() && !last && !control.is_stopping() {
            (clock.due, orders.skipped) = self.pace.next(clock.due, began);
            if let Some(due) = clock.due {
                control.sleep_until(due);
            }
        }
        if let Some(draining) = orders.draining {
            let since = *clock.stopping_since.get_or_insert_with(Instant::now);
            let late = since.elapsed() >= control.deadline();
            let shared = self.lock();
            let mut places = control.components.iter().zip(&shared.quiet);
            let quiet = places.all(|(&component, &quiet)| component != draining || quiet);
            drop(shared);
            if quiet {
                orders.draining = Some(draining + 1);
            }
            let groups = control.components.iter().max().map_or(0, |&last| last + 1);
            if late || quiet && draining + 1 >= groups {
                orders.end = Some(tick + 1);
            }
        } else if control.is_stopping() {
            orders.draining = Some(0);
            clock.stopping_since = clock::now();
        }
        self.lock().orders = orders;
    }
}

/// Does a part of a tick; a panic, which ticks contain themselves, must not keep
/// the thread from the barrier.
fn contain<S: Schema>(
    crew: &mut Crew<S>,
    failures: &mut Vec<Failure>,
    part: impl FnOnce(&mut Crew<S>, &mut Vec<Failure>),
) {
    let done = catch_unwind(AssertUnwindSafe(|| part(crew, failures)));
    if let Err(cause) = done.map_err(Cause::of_panic)
        && let Some(node) = crew.nodes_mut().next()
    {
        failures.push(node.fail(cause));
    }
}
