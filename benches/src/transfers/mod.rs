//! Several worlds: entities that move from one to another.

mod bevy;
mod gecs;
mod hand;
mod hecs;
mod legion;
mod ours;
mod parts;
mod peer;
mod requests;
mod shipyard;
mod targets;
mod uneven;

use crate::case::{Case, Side, Size};
use crate::suite::Suite;

pub const SUITE: Suite = Suite {
    name: "transfers",
    title: "Between worlds beside its peers",
    ours: ours::NAME,
    reference: hand::NAME,
    cases: CASES,
    sides,
    pairing,
    contest,
    two_cores: true,
    prepare: || Ok(()),
    give_back: crate::ecs::give_back,
    targets: targets::TARGETS,
    notes: include_str!("notes.txt"),
};

fn sides() -> Vec<Side> {
    // The reference is the first: the others must compute what it does.
    vec![
        Side {
            name: hand::NAME,
            entries: [hand::entries(), requests::hand(), uneven::hand()].concat(),
        },
        Side {
            name: ours::NAME,
            entries: [ours::entries(), requests::ours(), uneven::ours()].concat(),
        },
        Side { name: bevy::NAME, entries: peer::entries::<bevy::Bevy>() },
        Side { name: gecs::NAME, entries: gecs::entries() },
        Side { name: hecs::NAME, entries: hecs::entries() },
        Side { name: legion::NAME, entries: legion::entries() },
        Side { name: shipyard::NAME, entries: peer::entries::<shipyard::Shipyard>() },
    ]
}

/// The way of the plain code that a variant is held against.
fn pairing(case: &str, _: &str) -> Option<&'static str> {
    match case {
        "move_bulk" => Some("with ids"),
        "move_table" => Some("pointers and ids"),
        _ => None,
    }
}

/// What is compared with the best peer.
fn contest(case: &str, variant: &str) -> Option<&'static str> {
    match (case, variant) {
        // Nobody else has it.
        (requests::ONE_THREAD | requests::TWO_THREADS, _) => None,
        // The peers' rows go in a `Vec` of as many; a whole table is another matter.
        ("move_threads_1024", "whole table") => None,
        // Many of these go in batches.
        ("move_threads_rows", "completed") => None,
        _ => Some("all"),
    }
}

const CASES: &[Case] = &[
    case(
        "move_bulk",
        "All entities from one world to another on one thread, by the side's best way for many",
    ),
    case("move_rows", "The same one by one, by their ids"),
    case("move_table", "The same where the other world has none of these components"),
    Case {
        fresh: true,
        ..case("move_cold", "The same into a world made for it, in memory fresh from the system")
    },
    case("move_owned", "The same with a number and a `Vec` that owns memory"),
    case("move_2_of_2", "The same with 2 components of 16 bytes, of 2 that are declared"),
    case("move_2_of_8", "The same of 8 that are declared"),
    case("move_2_of_32", "The same of 32 that are declared"),
    threads("move_threads_2_of_2", "From a thread to another, by 1,024, 2 components, 2 declared"),
    threads("move_threads_2_of_8", "The same of 8 that are declared"),
    threads("move_threads_2_of_32", "The same of 32 that are declared"),
    threads("move_threads_8", "From a thread to another, in batches of 8"),
    threads("move_threads_64", "From a thread to another, in batches of 64"),
    threads("move_threads_1024", "From a thread to another, in batches of 1,024"),
    threads("move_threads_8192", "From a thread to another, in batches of 8,192"),
    threads("move_threads_rows", "From a thread to another, one by one"),
    Case {
        sizes: IN_FLIGHT,
        ..case(
            requests::ONE_THREAD,
            "Requests that go from a world to another, and back when they are answered: so many \
             at a time, each once, on one thread",
        )
    },
    Case {
        sizes: IN_FLIGHT,
        ..threads(requests::TWO_THREADS, "The same on a thread for each world")
    },
    uneven::CASE,
];

const IN_FLIGHT: &[Size] = &[in_flight(1), in_flight(16), in_flight(64), in_flight(1024)];

const fn in_flight(entities: usize) -> Size {
    Size { entities, archetypes: 1 }
}

const SIZES: &[Size] = &[Size { entities: 100_000, archetypes: 1 }];

const fn case(name: &'static str, about: &'static str) -> Case {
    Case { name, about, sizes: SIZES, parallel: false, fresh: false }
}

const fn threads(name: &'static str, about: &'static str) -> Case {
    Case { parallel: true, ..case(name, about) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_sides_agree() {
        crate::suite::check_all(&super::SUITE);
    }
}
