//! What the threads of running worlds share with whoever stops them.
//!
//! # The stop
//!
//! First the sources close: they take in nothing new. Then strongly connected
//! groups of worlds stop one after the other, those upstream first. A group's
//! drivers close; the group stops when it is at rest (see [`quiet`](crate::quiet))
//! or the deadline has come. What is left then stays in the worlds and queues
//! and is reported.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::error::Failure;
use crate::flags::{Flags, are_quiet};
use crate::park::Waker;
use crate::pending::Pending;
use crate::stats::{Counters, ns_after_epoch};
use crate::supervise::{Handling, Overdue, Watch};

/// How long a stop drains, unless it is told otherwise.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
/// How long it drains after a world has failed.
const FAILED_DEADLINE: Duration = Duration::from_secs(1);
/// The most failures that are kept until somebody asks for them; all are counted.
const MAX_SURVIVED: usize = 64;

/// Shared by the threads and whoever stops them.
#[derive(Default)]
pub(crate) struct Control {
    /// By place.
    pub(crate) worlds: Vec<Arc<Flags>>,
    /// By place: what is on its way to the world.
    pub(crate) pending: Vec<Vec<Arc<Pending>>>,
    /// By place: the stop's order.
    pub(crate) components: Vec<usize>,
    /// By place: whether the world is a source.
    pub(crate) sources: Vec<bool>,
    pub(crate) draining: AtomicBool,
    pub(crate) state: Mutex<State>,
    pub(crate) changed: Condvar,
    pub(crate) wakers: Vec<Waker>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) stop: Option<Duration>,
    pub(crate) failures: Vec<Failure>,
    /// Those after which the worlds went on, up to [`MAX_SURVIVED`].
    pub(crate) survived: Vec<Failure>,
    /// Threads that have ended.
    pub(crate) ended: usize,
    /// All threads are there.
    pub(crate) complete: bool,
}

impl Control {
    /// For worlds in lock-step.
    pub(crate) fn of_steps(components: Vec<usize>, sources: Vec<bool>) -> Arc<Self> {
        Arc::new(Self { components, sources, ..Self::default() })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn request_stop(&self, deadline: Duration) {
        let mut state = self.lock();
        // A second request can only shorten the first.
        let deadline = state.stop.map_or(deadline, |earlier| earlier.min(deadline));
        state.stop = Some(deadline);
        drop(state);
        self.changed.notify_all();
    }

    /// Whether the worlds are to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        let state = self.lock();
        state.stop.is_some() || !state.failures.is_empty()
    }

    /// Sleeps until `due`, or until a stop is asked for.
    pub(crate) fn sleep_until(&self, due: Instant) {
        let mut state = self.lock();
        while state.stop.is_none() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    /// Waits until all threads are there; `false` if one could not be made.
    pub(crate) fn wait_for_all(&self) -> bool {
        let mut state = self.lock();
        while !state.complete && state.stop.is_none() {
            state = self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.complete
    }

    pub(crate) fn fail(&self, failure: Failure) {
        let mut state = self.lock();
        if failure.handling == Handling::Stopping {
            state.failures.push(failure);
        } else if state.survived.len() < MAX_SURVIVED {
            state.survived.push(failure);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Tells of ticks that take longer than they may, once of each, until all threads have
    /// ended.
    pub(crate) fn watch(&self, threads: usize, watch: &mut Watch, counters: &Counters) {
        let mut told = vec![None; counters.worlds.len()];
        loop {
            let state = self.lock();
            if state.ended >= threads {
                return;
            }
            let nap = (watch.bound / 4).max(Duration::from_micros(100));
            let state = self.changed.wait_timeout(state, nap);
            drop(state.unwrap_or_else(|poisoned| poisoned.into_inner()));
            let now = ns_after_epoch(Instant::now());
            for (id, (told, (world, counters))) in told.iter_mut().zip(&counters.worlds).enumerate()
            {
                let Some(since) = counters.ticking_since() else { continue };
                let ticking_for = Duration::from_nanos(now.saturating_sub(since));
                if ticking_for > watch.bound && told.replace(since) != Some(since) {
                    (watch.tell)(Overdue { world, id: id as u16, ticking_for });
                }
            }
        }
    }

    pub(crate) fn wake_all(&self) {
        self.wakers.iter().for_each(Waker::wake);
    }

    fn members(&self, component: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        (0..self.worlds.len()).filter(move |&place| self.components[place] == component)
    }

    /// Whether no world of the component does anything or has anything to do,
    /// now that it is closed.
    fn is_quiet(&self, component: usize) -> bool {
        are_quiet(self.members(component).map(|place| {
            (&*self.worlds[place], self.pending[place].iter().map(|pending| &**pending))
        }))
    }

    /// Whether no world of the component ticks, or will.
    fn has_halted(&self, component: usize) -> bool {
        self.members(component).all(|place| self.worlds[place].has_halted())
    }

    /// Stops all worlds in order. Runs on the thread of who asked.
    pub(crate) fn drain(&self) {
        // ORDERING: relaxed: threads that miss it find out a nap later; the
        // flags below are what counts.
        self.draining.store(true, Ordering::Relaxed);
        let started = Instant::now();
        self.set(|place| self.sources[place], Flags::ask_to_close);
        let last = self.components.iter().copied().max().unwrap_or(0);
        for component in 0..=last {
            self.set(|place| self.components[place] == component, Flags::ask_to_close);
            self.wait(started, || self.is_quiet(component));
            self.set(|place| self.components[place] == component, Flags::ask_to_halt);
            // What a last tick still sends, those downstream wait for.
            self.wait(started, || self.has_halted(component));
        }
    }

    /// Waits until `done` or the deadline.
    fn wait(&self, started: Instant, done: impl Fn() -> bool) {
        while !done() && started.elapsed() < self.deadline() {
            let state = self.lock();
            let _ = self
                .changed
                .wait_timeout(state, Duration::from_micros(500))
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// How long a stop drains.
    pub(crate) fn deadline(&self) -> Duration {
        let state = self.lock();
        let asked = state.stop.unwrap_or(DEFAULT_DEADLINE);
        if state.failures.is_empty() { asked } else { asked.min(FAILED_DEADLINE) }
    }

    fn set(&self, which: impl Fn(usize) -> bool, ask: impl Fn(&Flags)) {
        (0..self.worlds.len()).filter(|&place| which(place)).for_each(|at| ask(&self.worlds[at]));
        self.wake_all();
    }
}

/// Stops running worlds, from any thread, a signal handler's for example.
#[derive(Clone)]
pub struct StopHandle {
    pub(crate) control: Arc<Control>,
}

impl StopHandle {
    /// Asks for a stop that drains for up to 5 s. Returns at once.
    pub fn stop(&self) {
        self.stop_within(DEFAULT_DEADLINE);
    }

    /// Asks for a stop that drains for up to `deadline`; a later call can make
    /// it shorter.
    pub fn stop_within(&self, deadline: Duration) {
        self.control.request_stop(deadline);
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").finish_non_exhaustive()
    }
}
