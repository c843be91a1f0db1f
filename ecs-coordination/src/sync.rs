//! What the lock-free types are made of: the standard library's parts, or
//! loom's under `--cfg ecs_loom`. Under `--cfg ecs_stress` those of the standard library
//! are delayed at random.
//!
//! Nothing else in this crate's queues and parking names `std::sync` or
//! `std::thread`, so a loom model runs the code that ships.

#[cfg(ecs_stress)]
mod delays;

#[cfg(not(ecs_loom))]
mod imp {
    pub(crate) use std::cell::UnsafeCell;
    pub(crate) use std::sync::atomic::Ordering;
    #[cfg(not(ecs_stress))]
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
    pub(crate) use std::sync::{Arc, Mutex};
    pub(crate) use std::thread::ThreadId;
    #[cfg(not(ecs_stress))]
    pub(crate) use std::thread::{Thread, current, park, park_timeout};

    #[cfg(ecs_stress)]
    pub(crate) use super::delays::*;

    /// How those wait who found somebody else in their way.
    pub(crate) struct Backoff(crossbeam_utils::Backoff);

    impl Backoff {
        #[inline]
        pub(crate) fn new() -> Self {
            Backoff(crossbeam_utils::Backoff::new())
        }

        /// After a swap, or a second look, that another one's swap made fail.
        #[inline]
        pub(crate) fn lost(&mut self) {
            self.0.spin();
        }

        /// After a look that another one's progress made useless.
        #[inline]
        pub(crate) fn spin(&mut self) {
            self.0.spin();
        }

        /// For another one's progress: gives way to it at length.
        #[inline]
        pub(crate) fn wait(&mut self) {
            self.0.snooze();
        }
    }

    /// The end of a limited sleep.
    pub(crate) struct Deadline(std::time::Instant);

    impl Deadline {
        /// None when it lies beyond the clock's range.
        pub(crate) fn after(limit: std::time::Duration) -> Option<Self> {
            std::time::Instant::now().checked_add(limit).map(Deadline)
        }

        /// Parks until then at most; false, at once, when it has passed.
        pub(crate) fn park(&mut self) -> bool {
            let left = self.0.saturating_duration_since(std::time::Instant::now());
            if !left.is_zero() {
                park_timeout(left);
            }
            !left.is_zero()
        }
    }
}

#[cfg(ecs_loom)]
mod imp {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    pub(crate) use loom::sync::{Arc, Mutex};
    pub(crate) use loom::thread::{Thread, ThreadId, current, park};

    /// Loom goes on with the others.
    pub(crate) struct Backoff;

    impl Backoff {
        pub(crate) fn new() -> Self {
            Backoff
        }

        /// Who lost knows the newest value. Giving way here would hide older ones
        /// of other variables from the model.
        pub(crate) fn lost(&mut self) {}

        pub(crate) fn spin(&mut self) {
            loom::thread::yield_now();
        }

        pub(crate) fn wait(&mut self) {
            loom::thread::yield_now();
        }
    }

    /// Loom has no clock: a limited sleep is one that may end at any time.
    pub(crate) struct Deadline {
        passed: bool,
    }

    impl Deadline {
        pub(crate) fn after(_limit: std::time::Duration) -> Option<Self> {
            Some(Deadline { passed: false })
        }

        pub(crate) fn park(&mut self) -> bool {
            loom::thread::yield_now();
            !std::mem::replace(&mut self.passed, true)
        }
    }
}

pub(crate) use imp::*;
