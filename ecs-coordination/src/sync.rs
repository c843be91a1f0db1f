//! What the lock-free types are made of: the standard library's parts, or
//! loom's under `--cfg ecs_loom`.
//!
//! Nothing else in this crate's queues and parking names `std::sync` or
//! `std::thread`, so a loom model runs the code that ships.

#[cfg(not(ecs_loom))]
mod imp {
    pub(crate) use std::cell::UnsafeCell;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
    pub(crate) use std::sync::{Arc, Mutex};
    pub(crate) use std::thread::{Thread, ThreadId, current, park, park_timeout};
}

#[cfg(ecs_loom)]
mod imp {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
    pub(crate) use loom::sync::{Arc, Mutex};
    pub(crate) use loom::thread::{Thread, ThreadId, current, park};

    /// Loom has no clock: a limited sleep is one that may end at any time.
    pub(crate) fn park_timeout(_limit: std::time::Duration) {
        loom::thread::yield_now();
    }
}

pub(crate) use imp::*;
