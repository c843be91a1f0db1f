//! What is expected of ours.

use std::time::Duration;

use super::{CLEAN, EDIT};
use crate::verdict::{Limit, Target};

pub const TARGETS: &[Target] = &[
    target(CLEAN, &["one world"], Limit::Time(Duration::from_secs(12))),
    target(CLEAN, &["one world"], Limit::Peer("gecs", None, 0.8)),
    target(EDIT, &["one world"], Limit::Peer("hecs", None, 1.2)),
    target(EDIT, &["coordinators"], Limit::Peer("hecs", None, 1.2)),
];

const fn target(case: &'static str, ours: &'static [&'static str], limit: Limit) -> Target {
    Target { case, ours, limit }
}
