//! Time, where there is a clock.

use std::time::{Duration, Instant};

/// Now; `None` on targets without a clock.
pub(crate) fn now() -> Option<Instant> {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        None
    } else {
        Some(Instant::now())
    }
}

/// The time since `start`, if there is a clock.
pub(crate) fn since(start: Option<Instant>) -> Duration {
    start.map_or(Duration::ZERO, |start| start.elapsed())
}
