//! Queues between threads: what one item costs, and how long it takes.

mod latency;
mod sides;
mod threads;

use crate::case::{Case, Side, Size};
use crate::suite::Suite;
use crate::verdict::{Limit, Target};

const OURS: &str = "static-ecs";
const HAND: &str = "hand";

pub const SUITE: Suite = Suite {
    name: "queues",
    title: "Queues beside their peers",
    ours: OURS,
    reference: HAND,
    cases: CASES,
    sides,
    pairing: |_, _| None,
    contest,
    two_cores: true,
    prepare: || Ok(()),
    give_back: || (),
    targets: TARGETS,
    notes: include_str!("notes.txt"),
};

fn sides() -> Vec<Side> {
    let mut sides = sides::all();
    for side in &mut sides {
        side.entries.extend(latency::entries(side.name));
    }
    sides
}

/// One by one is compared with one by one, and batches with batches.
fn contest(case: &str, variant: &str) -> Option<&'static str> {
    match (case, variant) {
        // Nobody else has it.
        ("wake", _) => None,
        (_, "batch") => Some("batch"),
        _ => Some("item"),
    }
}

/// Items a run passes; a sample has as many runs as fit.
const ITEMS: &[Size] = &[Size { entities: 20_000, archetypes: 1 }];
const ONE: &[Size] = &[Size { entities: 1, archetypes: 1 }];

const CASES: &[Case] = &[
    case("one_thread_8", "Items of 8 bytes pushed and popped by one thread, 256 at a time", ITEMS),
    case("spsc_8", "Items of 8 bytes from one thread to another", ITEMS),
    case("spsc_64", "Items of 64 bytes from one thread to another", ITEMS),
    case("spsc_256", "Items of 256 bytes from one thread to another", ITEMS),
    case("spsc_1024", "Items of 1,024 bytes from one thread to another", ITEMS),
    case("mpmc_1_1_8", "Items of 8 bytes through a shared queue, 1 producer, 1 consumer", ITEMS),
    case("mpmc_2_2_8", "Items of 8 bytes, 2 producers, 2 consumers", ITEMS),
    case("mpmc_2_1_8", "Items of 8 bytes, 2 producers, 1 consumer", ITEMS),
    case("mpmc_1_1_64", "Items of 64 bytes, 1 producer, 1 consumer", ITEMS),
    case("mpmc_2_2_64", "Items of 64 bytes, 2 producers, 2 consumers", ITEMS),
    case("mpmc_2_1_64", "Items of 64 bytes, 2 producers, 1 consumer", ITEMS),
    case("round_trip_p50", "An item there and one back: the median of 1,000", ONE),
    case("round_trip_p99", "The same: 99 of 100 take no longer", ONE),
    case("round_trip_p999", "The same: 999 of 1,000 take no longer", ONE),
    case("wake", "From the wake of a parked thread until it runs: the median of 20", ONE),
];

const fn case(name: &'static str, about: &'static str, sizes: &'static [Size]) -> Case {
    Case { name, about, sizes, parallel: true, fresh: false }
}

const fn times(case: &'static str, ours: &'static [&'static str], limit: Limit) -> Target {
    Target { case, ours, limit }
}

const RTRB_ITEM: Option<&str> = Some("item");
const RTRB_BATCH: Option<&str> = Some("batch");
const ITEM: &[&str] = &["item", "lazy"];
const BATCH: &[&str] = &["batch"];
/// Limits are of times: the inverse of how many times as many items.
const TARGETS: &[Target] = &[
    times("spsc_8", ITEM, Limit::Peer("rtrb", RTRB_ITEM, 0.77)),
    times("spsc_64", ITEM, Limit::Peer("rtrb", RTRB_ITEM, 0.67)),
    times("spsc_256", ITEM, Limit::Peer("rtrb", RTRB_ITEM, 1.05)),
    times("spsc_1024", ITEM, Limit::Peer("rtrb", RTRB_ITEM, 1.05)),
    times("spsc_8", BATCH, Limit::Peer("rtrb", RTRB_BATCH, 1.05)),
    times("spsc_64", BATCH, Limit::Peer("rtrb", RTRB_BATCH, 1.05)),
    times("spsc_256", BATCH, Limit::Peer("rtrb", RTRB_BATCH, 1.05)),
    times("spsc_1024", BATCH, Limit::Peer("rtrb", RTRB_BATCH, 1.05)),
    times("mpmc_1_1_8", &["item"], Limit::Peer("ArrayQueue", None, 0.67)),
    times("mpmc_2_2_8", &["item"], Limit::Peer("ArrayQueue", None, 0.67)),
    times("mpmc_2_1_8", &["item"], Limit::Peer("ArrayQueue", None, 0.67)),
    times("mpmc_1_1_64", &["item"], Limit::Peer("ArrayQueue", None, 0.67)),
    times("mpmc_2_2_64", &["item"], Limit::Peer("ArrayQueue", None, 0.67)),
    times("mpmc_2_1_64", &["item"], Limit::Peer("ArrayQueue", None, 0.67)),
    times("mpmc_1_1_8", &["item"], Limit::Peer("kanal", None, 1.0)),
    times("mpmc_2_2_8", &["item"], Limit::Peer("kanal", None, 1.0)),
    times("mpmc_2_1_8", &["item"], Limit::Peer("kanal", None, 1.0)),
    times("mpmc_1_1_64", &["item"], Limit::Peer("kanal", None, 1.0)),
    times("mpmc_2_2_64", &["item"], Limit::Peer("kanal", None, 1.0)),
    times("mpmc_2_1_64", &["item"], Limit::Peer("kanal", None, 1.0)),
    times("round_trip_p50", &[], Limit::Reference(1.1)),
    times("wake", &[], Limit::Reference(1.25)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{self, Contender};

    #[test]
    fn all_sides_agree() {
        for case in CASES {
            let mut contenders = Vec::new();
            for side in sides() {
                let (side, entries) = (side.name, side.entries);
                let of_case = entries.into_iter().filter(|entry| entry.case == case.name);
                contenders.extend(of_case.map(|entry| Contender { side, peer: false, entry }));
            }
            assert!(contenders.len() > 1, "{}", case.name);
            for (contender, (_, right)) in
                contenders.iter().zip(measure::check(&contenders, case.sizes[0]))
            {
                assert!(right, "{}: {} {}", case.name, contender.side, contender.entry.variant);
            }
        }
    }
}
