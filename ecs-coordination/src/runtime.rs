//! Worlds on threads: a loop of ticks for each thread, sleep when there is
//! nothing to do, and a stop in order (see [`control`](crate::control)).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ecs_core::schema::Schema;

use crate::affinity;
use crate::control::{Control, StopHandle};
use crate::crew::Crew;
use crate::error::{Cause, Failure, discard};
use crate::flags::Flags;
use crate::lock_step::Steps;
use crate::member::{Activity, Idle};
use crate::net::Backend;
use crate::park::{Parker, Waker};
use crate::problem::Problem;
use crate::seated::Seated;
use crate::stats::Counters;
use crate::supervise::{Handling, Watch};

/// The longest sleep of a thread while the stop drains.
const DRAIN_NAP: Duration = Duration::from_millis(1);

/// The threads of running worlds.
pub(crate) struct Threads<S: Schema> {
    control: Arc<Control>,
    handles: Vec<JoinHandle<Crew<S>>>,
    /// In lock-step the threads find their end by themselves.
    steps: Option<Arc<Steps>>,
    /// Who looks for ticks that take too long.
    watcher: Option<JoinHandle<Watch>>,
}

/// What came back from the threads.
pub(crate) struct Ended<S: Schema> {
    pub(crate) nodes: Vec<Seated<S>>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) survived: Vec<Failure>,
    pub(crate) watch: Option<Watch>,
    /// Whether every world was quiet in the end.
    pub(crate) drained: bool,
    /// In lock-step, the number of the next tick.
    pub(crate) next_step: Option<u64>,
}

/// Threads could not be started; the nodes are all here.
pub(crate) struct NotStarted<S: Schema> {
    pub(crate) nodes: Vec<Seated<S>>,
    pub(crate) error: std::io::Error,
}

impl<S: Schema> Threads<S> {
    /// Starts a thread for each crew.
    pub(crate) fn start(
        mut crews: Vec<Crew<S>>,
        components: Vec<usize>,
        sources: Vec<bool>,
        (cores, backend): (&[usize], Backend),
    ) -> Result<Self, NotStarted<S>> {
        let mut parkers = Vec::new();
        for crew in &mut crews {
            match crew.prepare(backend) {
                Ok(Some(reactor)) => {
                    let interrupt = reactor.interrupt();
                    parkers.push(Parker::with_interrupt(move || interrupt()));
                }
                Ok(None) => parkers.push(Parker::new()),
                Err(error) => {
                    let nodes = crews.into_iter().flat_map(Crew::into_nodes).collect();
                    return Err(NotStarted { nodes, error });
                }
            }
        }
        let wakers: Vec<Waker> = parkers.iter().map(Parker::waker).collect();
        let total = components.len();
        let mut thread_of = vec![0; total];
        let mut pending = vec![Vec::new(); total];
        for (thread, crew) in crews.iter().enumerate() {
            for node in crew.nodes() {
                let endpoint = node.endpoint();
                thread_of[endpoint.place] = thread;
                let lanes = endpoint.inlets.iter().flat_map(|inlet| &inlet.lanes);
                let lanes = lanes.map(|lane| &lane.pending).chain([&endpoint.events.pending]);
                pending[endpoint.place] = lanes.cloned().collect();
            }
        }
        for (thread, crew) in crews.iter_mut().enumerate() {
            for node in crew.nodes_mut() {
                node.endpoint_mut().events.set_wakers(|place| {
                    (thread_of[place] != thread).then(|| wakers[thread_of[place]].clone())
                });
            }
            for outlet in crew.nodes_mut().flat_map(|node| &mut node.endpoint_mut().outlets) {
                let mut threads: Vec<usize> =
                    outlet.targets.iter().map(|&place| thread_of[place]).collect();
                threads.sort_unstable();
                threads.dedup();
                outlet.workers = threads.len();
                threads.retain(|&other| other != thread);
                outlet.wakers = threads.into_iter().map(|other| wakers[other].clone()).collect();
            }
        }
        let worlds: Vec<Arc<Flags>> = (0..total).map(|_| Arc::default()).collect();
        for node in crews.iter_mut().flat_map(Crew::nodes_mut) {
            let endpoint = node.endpoint_mut();
            endpoint.flags = Some(worlds[endpoint.place].clone());
        }
        let control = Arc::new(Control {
            worlds,
            pending,
            components,
            sources,
            draining: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
            wakers,
        });
        // With a core for each thread it pays to look again before sleeping.
        let spins = crews.len() < thread::available_parallelism().map_or(1, |cores| cores.get());
        let mut parkers = parkers.into_iter();
        Self::spawn(control, None, (crews, cores), |_| {
            let parker = parkers.next().expect("one for each crew");
            move |crew: &mut Crew<S>, control: &Control| run_worlds(crew, parker, control, spins)
        })
    }

    /// Starts a thread for each crew, to tick in lock-step.
    pub(crate) fn start_steps(
        mut crews: Vec<Crew<S>>,
        control: Arc<Control>,
        steps: Arc<Steps>,
        (cores, backend): (&[usize], Backend),
    ) -> Result<Self, NotStarted<S>> {
        for crew in &mut crews {
            if let Err(error) = crew.prepare(backend).map(drop) {
                let nodes = crews.into_iter().flat_map(Crew::into_nodes).collect();
                return Err(NotStarted { nodes, error });
            }
        }
        Self::spawn(control, Some(steps.clone()), (crews, cores), |thread| {
            let steps = steps.clone();
            move |crew: &mut Crew<S>, control: &Control| steps.run(thread, crew, control)
        })
    }

    fn spawn<Life>(
        control: Arc<Control>,
        steps: Option<Arc<Steps>>,
        (crews, cores): (Vec<Crew<S>>, &[usize]),
        mut life: impl FnMut(usize) -> Life,
    ) -> Result<Self, NotStarted<S>>
    where
        Life: FnOnce(&mut Crew<S>, &Control) + Send + 'static,
    {
        let mut threads = Self { control, handles: Vec::new(), steps, watcher: None };
        let mut left = crews.into_iter();
        while let Some(crew) = left.next() {
            let number = threads.handles.len();
            let name = match crew.nodes().next() {
                Some(node) if crew.len() == 1 => node.endpoint().name().to_owned(),
                _ => format!("worlds-{number}"),
            };
            // Handed over through a slot, so that it comes back if the thread
            // can't be made.
            let slot = Arc::new(Mutex::new(Some(crew)));
            let taken = slot.clone();
            let control = threads.control.clone();
            let life = life(number);
            let core = cores.get(number % cores.len().max(1)).copied();
            let spawned = thread::Builder::new().name(name).spawn(move || {
                let crew = taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
                let mut crew = crew.expect("the crew was put there for this thread");
                if let Some(core) = core
                    && !affinity::stay_on(core)
                    && let Some(node) = crew.nodes_mut().next()
                {
                    let world = node.endpoint().name();
                    node.endpoint_mut().report_once(Problem::NotPinned { world, core });
                }
                run_crew(&mut crew, &control, life);
                crew
            });
            match spawned {
                Ok(handle) => threads.handles.push(handle),
                Err(error) => {
                    let crew = slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
                    let rest = crew.into_iter().chain(left);
                    let mut nodes: Vec<_> = rest.flat_map(Crew::into_nodes).collect();
                    threads.control.request_stop(Duration::ZERO);
                    nodes.extend(threads.join().nodes);
                    return Err(NotStarted { nodes, error });
                }
            }
        }
        threads.control.lock().complete = true;
        threads.control.changed.notify_all();
        Ok(threads)
    }

    /// Has somebody look for ticks that take too long. Handed back if there is no thread
    /// for it.
    pub(crate) fn watch(
        &mut self,
        watch: Watch,
        counters: Arc<Counters>,
    ) -> Result<(), (Watch, std::io::Error)> {
        let (control, threads) = (self.control.clone(), self.handles.len());
        let slot = Arc::new(Mutex::new(Some(watch)));
        let take = |slot: &Mutex<Option<Watch>>| {
            let taken = slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
            taken.expect("it was put there for one")
        };
        let taken = slot.clone();
        let spawned = thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            let mut watch = take(&taken);
            control.watch(threads, &mut watch, &counters);
            watch
        });
        match spawned {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => return Err((take(&slot), error)),
        }
        Ok(())
    }

    /// Takes the failures after which the worlds went on.
    pub(crate) fn take_survived(&self) -> Vec<Failure> {
        std::mem::take(&mut self.control.lock().survived)
    }

    pub(crate) fn stop_handle(&self) -> StopHandle {
        StopHandle { control: self.control.clone() }
    }

    /// Whether a stop was asked for, or a world has failed.
    pub(crate) fn is_running(&self) -> bool {
        let state = self.control.lock();
        state.stop.is_none() && state.failures.is_empty() && state.ended == 0
    }

    /// Waits until a stop is asked for or a world fails, then stops all in order.
    pub(crate) fn join(self) -> Ended<S> {
        if self.steps.is_none() {
            self.drain();
        }
        let mut nodes = Vec::new();
        for handle in self.handles {
            // A crew contains its worlds' panics; its own loop has none.
            let crew = handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            nodes.extend(crew.into_nodes());
        }
        let next_step = self.steps.map(|steps| steps.next());
        for node in &mut nodes {
            let endpoint = node.endpoint_mut();
            for outlet in &mut endpoint.outlets {
                outlet.wakers.clear();
                outlet.workers = 1;
            }
            endpoint.events.set_wakers(|_| None);
            endpoint.flags = None;
            if let Some(next) = next_step {
                node.leave_step(next);
            }
        }
        let drained = nodes.iter().all(|node| node.is_quiet());
        // Who panics when told of a late tick is not told again.
        let watch = self.watcher.and_then(|watcher| watcher.join().map_err(discard).ok());
        let mut state = self.control.lock();
        let failures = std::mem::take(&mut state.failures);
        let survived = std::mem::take(&mut state.survived);
        drop(state);
        Ended { nodes, failures, survived, watch, drained, next_step }
    }

    fn drain(&self) {
        let mut state = self.control.lock();
        while state.stop.is_none() && state.failures.is_empty() && state.ended == 0 {
            state =
                self.control.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        drop(state);
        self.control.drain();
    }
}

/// A thread's life. Ticks contain their panics; what panics in between, in a
/// driver's `timeout` say, ends the thread, but not its worlds.
fn run_crew<S: Schema>(
    crew: &mut Crew<S>,
    control: &Control,
    life: impl FnOnce(&mut Crew<S>, &Control),
) {
    /// Tells that the thread has ended, also when it panics.
    struct End<'a>(&'a Control);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.lock().ended += 1;
            self.0.changed.notify_all();
        }
    }
    let _end = End(control);
    let ran = catch_unwind(AssertUnwindSafe(|| life(crew, control))).map_err(Cause::of_panic);
    crew.finish();
    if let (Err(cause), Some(node)) = (ran, crew.nodes_mut().next()) {
        control.fail(node.fail(cause));
    }
}

fn run_worlds<S: Schema>(crew: &mut Crew<S>, mut parker: Parker, control: &Control, spins: bool) {
    if let Err(failure) = crew.start() {
        control.fail(failure);
    }
    let mut closed = vec![false; crew.len()];
    let mut idle_since: Option<Instant> = None;
    // Whether the sleep before this round has fetched what became ready.
    let mut fetched = false;
    loop {
        if !std::mem::take(&mut fetched)
            && let Err(error) = crew.wait(Some(Duration::ZERO))
        {
            fail_waiting(crew, control, error);
        }
        let mut running = false;
        let mut busy = false;
        for (seat, closed) in closed.iter_mut().enumerate() {
            let place = crew.node(seat).endpoint().place;
            let flags = &control.worlds[place];
            if !*closed && flags.must_close() {
                *closed = true;
                if let Err(failure) = crew.close(seat) {
                    control.fail(failure);
                }
                flags.tell_closed();
            }
            if flags.is_halted() {
                flags.tell_halted();
                crew.leave(seat);
                continue;
            }
            running = true;
            // What is closed has no more use for its pace.
            if *closed || crew.node(seat).is_due() {
                busy |= tick_world(crew, seat, flags, control).is_busy();
            }
        }
        if !running {
            return;
        }
        if busy {
            idle_since = None;
            continue;
        }
        // ORDERING: relaxed: see `drain`.
        let draining = control.draining.load(Ordering::Relaxed);
        let nap = draining.then_some(DRAIN_NAP);
        let timeout = crew.timeout().into_iter().chain(nap).min();
        if timeout == Some(Duration::ZERO) {
            thread::yield_now();
            continue;
        }
        let idle = crew.nodes().map(|node| node.idle(spins)).max_by_key(wakefulness);
        match idle.unwrap_or(Idle::Park(Duration::ZERO)) {
            Idle::Spin => std::hint::spin_loop(),
            Idle::Yield => thread::yield_now(),
            Idle::Park(spin) => {
                let since = *idle_since.get_or_insert_with(Instant::now);
                if since.elapsed() < spin {
                    std::hint::spin_loop();
                    continue;
                }
                match sleep(crew, &mut parker, control, timeout, &closed) {
                    Ok(slept) => fetched = slept,
                    Err(error) => fail_waiting(crew, control, error),
                }
                idle_since = None;
            }
        }
    }
}

/// The worlds of a thread share its idle strategy: the most wakeful one wins.
fn wakefulness(idle: &Idle) -> (u8, Duration) {
    match *idle {
        Idle::Spin => (2, Duration::ZERO),
        Idle::Yield => (1, Duration::ZERO),
        Idle::Park(spin) => (0, spin),
    }
}

fn fail_waiting<S: Schema>(crew: &Crew<S>, control: &Control, error: std::io::Error) {
    if let Some(node) = crew.nodes().next() {
        let (world, id) = (node.endpoint().name(), node.endpoint().id());
        let handling = Handling::Stopping;
        control.fail(Failure { world, id, cause: Cause::Io(error), handling });
    }
}

/// Sleeps until something arrives, an event comes, or `timeout` is over. Answers
/// whether it has fetched what became ready.
fn sleep<S: Schema>(
    crew: &mut Crew<S>,
    parker: &mut Parker,
    control: &Control,
    timeout: Option<Duration>,
    closed: &[bool],
) -> std::io::Result<bool> {
    let announced = parker.prepare();
    // Look once more: whatever came before the announcement wakes nobody.
    let arrived = crew.nodes().zip(closed).any(|(node, &closed)| {
        let flags = &control.worlds[node.endpoint().place];
        let asked = !closed && flags.must_close();
        let halted = flags.is_halted();
        // What can't come in, because the world is full or its next tick is not
        // due, keeps nobody awake.
        let waits = !node.endpoint().nothing_waits() && node.is_due() && !node.is_stuck();
        !halted && (asked || waits)
    });
    // Once all are halted the loop ends by itself.
    let all_halted = crew.nodes().all(|node| control.worlds[node.endpoint().place].is_halted());
    if arrived || all_halted {
        announced.cancel();
        return Ok(false);
    }
    if crew.has_reactor() {
        let mut result = Ok(());
        announced.sleep(|| result = crew.wait(timeout));
        result.map(|()| true)
    } else {
        announced.park(timeout);
        Ok(false)
    }
}

/// Ticks one world, and tells whoever stops it what became of that.
fn tick_world<S: Schema>(
    crew: &mut Crew<S>,
    seat: usize,
    flags: &Flags,
    control: &Control,
) -> Activity {
    let (activity, busy) = match crew.tick(seat) {
        Ok(activity) => (activity, activity.is_busy()),
        Err(failure) => {
            control.fail(failure);
            // Whatever it did before.
            (Activity::default(), true)
        }
    };
    let node = crew.node(seat);
    if node.has_failed() {
        flags.tell_failed();
    }
    flags.quiet.ticked(busy, !busy && node.is_quiet());
    activity
}
