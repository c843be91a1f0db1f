//! The standard library's atomics and parking with random delays before and after, under
//! `--cfg ecs_stress`: threads meet where they seldom do. `.ci/stress delays` runs the tests so.
//!
//! What may fail or end for no reason does so, now and then: a weak exchange, a sleep.
//!
//! `ECS_SEED` chooses the delays; each thread has its own, by how many came here before it.
//! Which thread runs when remains the operating system's choice.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64 as Counter, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| match std::env::var("ECS_SEED") {
        Ok(seed) => seed.parse().expect("`ECS_SEED` is a number"),
        Err(_) => 1,
    })
}

/// Steele and others, "Fast Splittable Pseudorandom Number Generators", 2014.
struct Random(Cell<u64>);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// Each thread begins far from the others on the same way.
    fn of_this_thread() -> Self {
        static THREADS: Counter = Counter::new(0);
        // ORDERING: relaxed: only that no two threads get the same number.
        let thread = THREADS.fetch_add(1, Ordering::Relaxed);
        Random(Cell::new((seed() << 32 | thread).wrapping_mul(STEP.rotate_left(32))))
    }

    fn next(&self, below: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(STEP));
        let mut mixed = self.0.get();
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % below
    }
}

thread_local! {
    static RANDOM: Random = Random::of_this_thread();
}

/// A number below the limit; zero from a thread that ends.
fn random(below: u64) -> u64 {
    RANDOM.try_with(|random| random.next(below)).unwrap_or(0)
}

/// Mostly none. A sleep is what preemption looks like to the others.
fn delay() {
    match random(4096) {
        1..=64 => thread::yield_now(),
        65..=320 => (0..random(64)).for_each(|_| std::hint::spin_loop()),
        321 => thread::sleep(Duration::from_micros(1 << random(11))),
        _ => {}
    }
}

fn between<T>(operation: impl FnOnce() -> T) -> T {
    delay();
    let answer = operation();
    delay();
    answer
}

macro_rules! atomics {
    ($($atomic:ident of $value:ty;)*) => {$(
        #[derive(Debug, Default)]
        pub(crate) struct $atomic(std::sync::atomic::$atomic);

        #[allow(dead_code, reason = "not each of them does everything")]
        impl $atomic {
            pub(crate) const fn new(value: $value) -> Self {
                Self(std::sync::atomic::$atomic::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                between(|| self.0.load(order))
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                between(|| self.0.store(value, order));
            }

            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                between(|| self.0.swap(value, order))
            }

            pub(crate) fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                between(|| match random(16) {
                    1 => Err(self.0.load(failure)),
                    _ => self.0.compare_exchange_weak(current, new, success, failure),
                })
            }
        }
    )*};
}

macro_rules! counts {
    ($($atomic:ident of $value:ty;)*) => {$(
        #[allow(dead_code, reason = "not each of them does everything")]
        impl $atomic {
            pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                between(|| self.0.fetch_add(value, order))
            }

            pub(crate) fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                between(|| self.0.fetch_sub(value, order))
            }
        }
    )*};
}

atomics! {
    AtomicBool of bool;
    AtomicU8 of u8;
    AtomicU32 of u32;
    AtomicU64 of u64;
    AtomicUsize of usize;
}

counts! {
    AtomicU64 of u64;
    AtomicUsize of usize;
}

pub(crate) struct Thread(thread::Thread);

impl Thread {
    pub(crate) fn id(&self) -> ThreadId {
        self.0.id()
    }

    pub(crate) fn unpark(&self) {
        between(|| self.0.unpark());
    }
}

pub(crate) fn current() -> Thread {
    Thread(thread::current())
}

pub(crate) fn park() {
    between(|| {
        if random(16) != 1 {
            thread::park()
        }
    });
}

pub(crate) fn park_timeout(limit: Duration) {
    between(|| {
        if random(16) != 1 {
            thread::park_timeout(limit)
        }
    });
}
