//! What is expected of static-ecs.

use std::time::Duration;

use crate::verdict::{Limit, Target};

pub const TARGETS: &[Target] = &[
    best("insert_batch", Limit::Reference(1.5)),
    of("insert_single", &["reserved"], Limit::Peer("gecs", Some("reserved"), 1.0)),
    of("insert_single", &["growing"], Limit::Time(Duration::from_micros(150))),
    of("iter_items", &["for"], Limit::Own("for_each", 1.3)),
    best("iter_slices", Limit::Reference(1.1)),
    best("frag", Limit::Peer("gecs", None, 1.0)),
    best("wide", Limit::Reference(1.05)),
    best("schedule_seq", Limit::Reference(1.1)),
    of("schedule_par", &["par_for_each"], Limit::Own("sequential", 1.1)),
    best("heavy_par", Limit::Reference(1.08)),
    of("add_remove", &["table"], Limit::Reference(1.5)),
    of("add_remove", &["batch"], Limit::Reference(1.5)),
    of("add_remove", &["sparse"], Limit::Peer("sparsey", None, 1.0)),
    best("random_access", Limit::Reference(1.1)),
    of("random_access", &["guests get_mut"], Limit::Own("get_mut", 1.5)),
    best("churn", Limit::Reference(1.1)),
];

const fn best(case: &'static str, limit: Limit) -> Target {
    of(case, &[], limit)
}

const fn of(case: &'static str, ours: &'static [&'static str], limit: Limit) -> Target {
    Target { case, ours, limit }
}
