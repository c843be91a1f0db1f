//! Timers: each once, in order, and not too early.

use std::time::{Duration, Instant};

use crate::{Away, Told, each};

#[test]
fn timers_come_in_order_once_and_not_before_their_time() {
    each(|backend| {
        let mut away = Away::start(backend);
        let start = Instant::now();
        let at = move |millis: u64| start + Duration::from_millis(millis);
        away.with(move |port| {
            for (key, millis) in [(3, 60), (1, 20), (2, 40), (0, 0)] {
                port.set_timer(at(millis), key);
            }
        });
        for key in 0..4 {
            assert!(matches!(away.next(), Told::Timer(told) if told == key), "{backend}");
            assert!(Instant::now() >= at(20 * key), "{backend}: {key} came too early");
        }
        assert!(away.soon().is_none(), "{backend}");
    });
}
