//! Workers that share a queue share its work.

mod shares;

use std::time::{Duration, Instant};

use static_ecs::prelude::*;

/// Waits until something is so, for long enough for any machine.
#[track_caller]
fn wait_until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}
