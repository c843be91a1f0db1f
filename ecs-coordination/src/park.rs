//! Sleeping until there is work: one thread sleeps, many wake it.
//!
//! # Protocol
//!
//! One atomic state, written only by read-modify-writes:
//!
//! | state | meaning | who leaves it, to what |
//! |---|---|---|
//! | `AWAKE` | the sleeper looks for work by itself | the sleeper, to `PARKED`, when it announces to sleep; a waker, to `NOTIFIED` |
//! | `PARKED` | announced: it sleeps, or is about to | one waker, to `NOTIFIED`, which then interrupts the sleep; the sleeper, to `AWAKE`, when it gives up or its time is over |
//! | `NOTIFIED` | woken since the last change by the sleeper | the sleeper, to `PARKED` or `AWAKE` |
//!
//! The sleeper announces, *then* looks for work once more, and only then
//! sleeps. A waker publishes work, *then* swaps in `NOTIFIED`.
//!
//! **No wake-up is lost.** The announcement and the waker's swap are
//! read-modify-writes of one variable, so one of them is the earlier one. If
//! the announcement is, the waker reads `PARKED` and interrupts the sleep. If
//! the waker's swap is, the announcement reads it, or a later swap in its
//! release sequence (which nothing but read-modify-writes ever follows), and
//! acquires what it released: the second look sees the work. No sequential
//! consistency is needed, nor a fence, wherever the work is published.
//!
//! **A sleep is interrupted once.** Only the swap that reads `PARKED` calls
//! the hook, and that swap ends the state. While nobody sleeps, a wake is one
//! swap.
//!
//! - **Drop**: a waker may outlive its parker, and wakes nobody then.

use std::fmt;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::sync::{Arc, AtomicU8, Deadline, Mutex, Ordering, Thread, ThreadId, current, park};

const AWAKE: u8 = 0;
const PARKED: u8 = 1;
const NOTIFIED: u8 = 2;

/// How a sleep is interrupted.
enum Interrupt {
    /// By unparking the thread that announced last.
    Thread(Mutex<Option<Thread>>),
    /// By a call: the sleeper waits in something that this call ends.
    Hook(Box<dyn Fn() + Send + Sync>),
}

struct Shared {
    state: CachePadded<AtomicU8>,
    interrupt: Interrupt,
}

/// The sleeper's side: announces, looks once more, sleeps.
///
/// # Examples
///
/// ```
/// use ecs_coordination::{SpscQueue, park::Parker};
///
/// let (mut producer, mut consumer) = SpscQueue::<u32, 4>::new().split();
/// let mut parker = Parker::new();
/// let waker = parker.waker();
///
/// let sender = std::thread::spawn(move || {
///     producer.push(7).unwrap();
///     waker.wake();
/// });
/// let received = loop {
///     if let Some(item) = consumer.pop() {
///         break item;
///     }
///     let announced = parker.prepare();
///     if consumer.is_empty() {
///         announced.park(None);
///     }
/// };
/// assert_eq!(received, 7);
/// # sender.join().unwrap();
/// ```
pub struct Parker {
    shared: Arc<Shared>,
    /// The thread that the shared handle is of.
    bound: Option<ThreadId>,
}

impl Parker {
    /// A parker whose thread sleeps by [`Announced::park`]: the thread that
    /// calls it, which may change from one sleep to the next.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Interrupt::Thread(Mutex::new(None)))
    }

    /// A parker whose thread sleeps by [`Announced::sleep`], in something that
    /// a call of `interrupt` from another thread ends, also when the call comes
    /// just before the sleep: a poll of an operating system's events, say.
    ///
    /// `interrupt` is called at most once per announcement.
    #[must_use]
    pub fn with_interrupt(interrupt: impl Fn() + Send + Sync + 'static) -> Self {
        Self::of(Interrupt::Hook(Box::new(interrupt)))
    }

    fn of(interrupt: Interrupt) -> Self {
        let shared = Shared { state: CachePadded::new(AtomicU8::new(AWAKE)), interrupt };
        Parker { shared: Arc::new(shared), bound: None }
    }

    /// A handle that wakes this parker's thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker { shared: Arc::clone(&self.shared) }
    }

    /// Announces to sleep. The caller looks for work now, once more, and then
    /// sleeps, or drops the announcement.
    ///
    /// Each piece of work whose [`wake`](Waker::wake) this look can't see
    /// interrupts the sleep.
    pub fn prepare(&mut self) -> Announced<'_> {
        self.bind();
        // ORDERING: acquire, with the release in `Waker::wake`: the caller's
        // look sees the work of each wake that came before. No release: a
        // waker that reads this value finds the handle by its lock alone, for
        // had it locked before `bind` did, its swap would have happened before
        // this one, and couldn't read it.
        self.shared.state.swap(PARKED, Ordering::Acquire);
        Announced { parker: self }
    }

    /// Tells the wakers which thread to unpark. One that is late, from a sleep
    /// on another thread, unparks this one once too often, which `park` allows.
    fn bind(&mut self) {
        let Interrupt::Thread(handle) = &self.shared.interrupt else { return };
        let thread = current();
        let id = thread.id();
        if self.bound != Some(id) {
            *handle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(thread);
            self.bound = Some(id);
        }
    }
}

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Parker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").finish_non_exhaustive()
    }
}

/// An announced sleep; dropped, it is called off.
#[must_use = "look for work, then sleep or drop this"]
pub struct Announced<'a> {
    parker: &'a mut Parker,
}

impl Announced<'_> {
    /// Sleeps until woken, or for `limit` at most, and returns whether it was
    /// woken.
    ///
    /// # Panics
    ///
    /// When the parker was made [`with_interrupt`](Parker::with_interrupt): its
    /// wakers don't end this sleep.
    pub fn park(self, limit: Option<Duration>) -> bool {
        let shared = &self.parker.shared;
        assert!(
            matches!(shared.interrupt, Interrupt::Thread(_)),
            "a parker made `with_interrupt` sleeps by `sleep`"
        );
        // A limit beyond the clock's range is none.
        let mut deadline = limit.and_then(Deadline::after);
        // ORDERING: relaxed. It only ends the loop; `finish` acquires.
        while shared.state.load(Ordering::Relaxed) == PARKED {
            match &mut deadline {
                None => park(),
                Some(deadline) => {
                    if !deadline.park() {
                        break;
                    }
                }
            }
        }
        self.finish()
    }

    /// Sleeps in `sleep`, and returns whether it was woken; for parkers made
    /// [`with_interrupt`](Parker::with_interrupt).
    pub fn sleep(self, sleep: impl FnOnce()) -> bool {
        sleep();
        self.finish()
    }

    /// Calls the sleep off, and returns whether a waker came meanwhile.
    pub fn cancel(self) -> bool {
        self.finish()
    }

    fn finish(self) -> bool {
        let woken = self.parker.shared.leave();
        std::mem::forget(self);
        woken
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.parker.shared.leave();
    }
}

impl fmt::Debug for Announced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Announced").finish_non_exhaustive()
    }
}

impl Shared {
    /// Back to `AWAKE`; whether a waker came since the announcement.
    fn leave(&self) -> bool {
        // ORDERING: acquire, with the release in `Waker::wake`: the work of
        // wakers up to here is seen from now on. A swap, not a store: a store
        // would end their release sequence unread.
        self.state.swap(AWAKE, Ordering::Acquire) == NOTIFIED
    }
}

/// Wakes the thread of a [`Parker`].
#[derive(Clone)]
pub struct Waker {
    shared: Arc<Shared>,
}

impl Waker {
    /// Wakes the thread if it sleeps or has announced to; it will see all that
    /// the caller has done before.
    ///
    /// While nobody sleeps this is one swap. Call it once per batch, after the
    /// batch is published.
    #[inline]
    pub fn wake(&self) {
        // ORDERING: release, with the acquire in `prepare` and `leave`: what
        // was published before is seen by the sleeper's next look. Acquire
        // isn't needed: of the sleeper's memory only the handle is read, under
        // its lock.
        if self.shared.state.swap(NOTIFIED, Ordering::Release) == PARKED {
            self.interrupt();
        }
    }

    #[cold]
    fn interrupt(&self) {
        match &self.shared.interrupt {
            Interrupt::Hook(interrupt) => interrupt(),
            Interrupt::Thread(handle) => {
                let handle = handle.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if let Some(thread) = &*handle {
                    thread.unpark();
                }
            }
        }
    }

    /// Whether both wake the same parker.
    #[must_use]
    pub fn wakes_same(&self, other: &Waker) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}
