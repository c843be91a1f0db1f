//! One world: entities that are spawned, iterated, changed and found.

mod bevy;
mod flecs;
mod gecs;
mod hand;
mod hecs;
mod legion;
mod parts;
mod peer;
mod shipyard;
mod sparsey;
mod static_ecs;
mod targets;

use crate::case::{Case, Side, Size};
use crate::suite::Suite;

pub use peer::lasting;
pub use static_ecs::give_back;

pub const SUITE: Suite = Suite {
    name: "ecs",
    title: "One world beside its peers",
    ours: static_ecs::NAME,
    reference: hand::NAME,
    cases: CASES,
    sides,
    pairing,
    contest,
    two_cores: false,
    prepare: || Ok(()),
    give_back: static_ecs::give_back,
    targets: targets::TARGETS,
    notes: include_str!("notes.txt"),
};

fn sides() -> Vec<Side> {
    // The reference is the first: the others must compute what it does.
    vec![
        Side { name: hand::NAME, entries: hand::entries() },
        Side { name: static_ecs::NAME, entries: static_ecs::entries() },
        Side { name: bevy::NAME, entries: bevy::entries() },
        Side { name: flecs::NAME, entries: flecs::entries() },
        Side { name: gecs::NAME, entries: gecs::entries() },
        Side { name: hecs::NAME, entries: hecs::entries() },
        Side { name: legion::NAME, entries: legion::entries() },
        Side { name: shipyard::NAME, entries: shipyard::entries() },
        Side { name: sparsey::NAME, entries: sparsey::entries() },
    ]
}

/// The way of the plain code that a variant is held against.
fn pairing(case: &str, variant: &str) -> Option<&'static str> {
    match (case, variant) {
        ("insert_single", "reserved") => Some("reserved"),
        ("insert_single", _) => Some("growing"),
        ("add_remove", "sparse") => Some("sparse"),
        ("add_remove", "batch") => Some("batch"),
        ("add_remove", _) => Some("table"),
        ("heavy_par", _) => Some("ideal"),
        _ => None,
    }
}

/// What is compared with the best peer: not a world that reserves its room with one
/// that grows, nor what they have no way to do.
fn contest(case: &str, variant: &str) -> Option<&'static str> {
    match (case, variant) {
        ("insert_single", "reserved") => Some("reserved"),
        ("insert_single", _) => Some("growing"),
        // The peers have nothing like it.
        ("add_remove", "batch") => None,
        // There to show what the threads bring.
        ("schedule_par", "sequential") => None,
        _ => Some("all"),
    }
}

const CASES: &[Case] = &[
    case(
        "insert_batch",
        "A world's whole life: made, filled with entities of a 4 x 4 matrix and three vectors by \
         the side's best call for many at once, and dropped",
        &[size(10_000)],
    ),
    case(
        "insert_single",
        "The same one entity at a time, in a world that grows or has reserved the room",
        &[size(10_000)],
    ),
    case("iter_items", "Position += velocity over those entities, one at a time", &[size(10_000)]),
    case("iter_slices", "The same by whole columns", &[size(10_000)]),
    case(
        "frag",
        "One number of each entity doubled, or halved in every other run, where 20 entities at a \
         time have another component as well",
        &[Size { entities: 520, archetypes: 26 }],
    ),
    case("wide", "One of eight numbers of each entity made of four others", &[size(100_000)]),
    case(
        "schedule_seq",
        "Three systems, each of which swaps two components, over four kinds of entities, run in \
         order by the side's schedule where it has one",
        &[Size { entities: 40_000, archetypes: 4 }],
    ),
    Case {
        parallel: true,
        ..case(
            "schedule_par",
            "The same by the side's parallel schedule on two threads",
            &[Size { entities: 40_000, archetypes: 4 }],
        )
    },
    Case {
        parallel: true,
        ..case(
            "heavy_par",
            "A matrix of each entity inverted 100 times and its position transformed, in parallel \
             on two threads; `ideal` is half of what one thread takes for the plain loop",
            &[size(1_000)],
        )
    },
    case(
        "add_remove",
        "A component added to each entity by its id, then removed from each; `batch` does not ask \
         for ids, but changes all entities of a query in one call",
        &[size(10_000)],
    ),
    case(
        "random_access",
        "A component of each entity changed by its id, in random order",
        &[size(100_000)],
    ),
    case(
        "churn",
        "A random half of the entities despawned by their ids, then as many spawned",
        &[size(100_000)],
    ),
    Case {
        fresh: true,
        ..case(
            "growth",
            "A world's whole life in memory fresh from the system: made, filled with entities of \
             40 bytes one by one, and dropped",
            &[size(1_000_000), size(2_000_000), size(5_000_000), size(10_000_000)],
        )
    },
    case(
        "archetypes",
        "Position += velocity over entities that are spread over so many sets of components",
        &[
            Size { entities: 100_000, archetypes: 1 },
            Size { entities: 100_000, archetypes: 10 },
            Size { entities: 100_000, archetypes: 100 },
            Size { entities: 100_000, archetypes: 1_000 },
            Size { entities: 100_000, archetypes: 2_000 },
        ],
    ),
];

const fn case(name: &'static str, about: &'static str, sizes: &'static [Size]) -> Case {
    Case { name, about, sizes, parallel: false, fresh: false }
}

const fn size(entities: usize) -> Size {
    Size { entities, archetypes: 1 }
}

#[cfg(test)]
mod tests {

    #[test]
    fn all_sides_agree() {
        crate::suite::check_all(&super::SUITE);
    }
}
