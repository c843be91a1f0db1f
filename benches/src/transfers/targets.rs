//! What is expected of static-ecs.

use std::time::Duration;

use crate::verdict::{Limit, Target};

const ROWS: &[&str] =
    &["queue_transfer", "queue_transfer, receive", "queue_transfer, batches of 1"];

pub const TARGETS: &[Target] = &[
    best("move_bulk", Limit::Reference(1.45)),
    best("move_rows", Limit::Reference(1.25)),
    best("move_table", Limit::Reference(1.45)),
    best("move_cold", Limit::Reference(1.45)),
    best("move_owned", Limit::Reference(1.45)),
    // A third, and a tenth, of what the Zig project that this one follows takes.
    best("move_2_of_2", Limit::Time(Duration::from_micros(900))),
    best("move_2_of_32", Limit::Time(Duration::from_micros(3760))),
    // A tenth of what that one takes on two threads.
    best("move_threads_2_of_2", Limit::Time(Duration::from_micros(1260))),
    best("move_threads_2_of_8", Limit::Time(Duration::from_micros(1600))),
    best("move_threads_2_of_32", Limit::Time(Duration::from_micros(1500))),
    of("move_threads_64", &["query", "completed"], Limit::Reference(3.5)),
    of("move_threads_1024", &["query", "completed"], Limit::Reference(1.9)),
    of("move_threads_rows", ROWS, Limit::Reference(1.1)),
    best("compute_uneven", Limit::Reference(1.3)),
];

const fn best(case: &'static str, limit: Limit) -> Target {
    of(case, &[], limit)
}

const fn of(case: &'static str, ours: &'static [&'static str], limit: Limit) -> Target {
    Target { case, ours, limit }
}
