//! What is expected of our server.

use super::ways::HAND;
use super::{CONTEST, LATENCY, PIPELINED, PLAIN, WORK};
use crate::verdict::{Limit, Target};

pub const TARGETS: &[Target] = &[
    best(PLAIN, Limit::Peer("may_minihttp", None, 1.1)),
    best(PLAIN, Limit::Peer(HAND, Some("epoll"), 1.25)),
    best(PIPELINED, Limit::Peer(HAND, Some("epoll"), 1.5)),
    best(WORK, Limit::Peer(HAND, Some("uring"), 1.1)),
    best(LATENCY, Limit::BestPeer(CONTEST, 1.2)),
];

const fn best(case: &'static str, limit: Limit) -> Target {
    Target { case, ours: &[], limit }
}
