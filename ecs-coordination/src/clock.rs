//! Time, where there is a clock.

use std::time::Instant;

/// Now; `None` on targets without a clock.
pub(crate) fn now() -> Option<Instant> {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        None
    } else {
        Some(Instant::now())
    }
}
