//! Worlds of one coordinator at rates of their own, and a consumer that is far too slow: each
//! keeps its pace, and memory stays what it is. Workers that share a queue share its work.

mod memory;
mod paces;
mod shares;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use static_ecs::prelude::*;

/// Memory is that of the whole process, so tests take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until something is so, for long enough for any machine.
#[track_caller]
fn wait_until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}
