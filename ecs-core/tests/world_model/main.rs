//! Two worlds against a plain model of them: after every step both must hold
//! the same, and every value that owns memory must live exactly once.
#![allow(missing_docs, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod many;
mod model;
mod steps;
mod written;

use proptest::collection::vec;
use proptest::prelude::*;

use common::{property, scaled};
use model::Pair;
use steps::{Step, step};

proptest! {
    #![proptest_config(property(400, 2))]

    #[test]
    fn worlds_are_as_their_model(steps in vec(step(), 1..scaled(120, 24) as usize)) {
        let mut pair = Pair::new();
        for (number, step) in steps.into_iter().enumerate() {
            step.run(&mut pair);
            // Miri looks at each step by itself.
            if !cfg!(miri) || number % 6 == 5 {
                pair.check();
            }
        }
        pair.check();
        let ledger = pair.ledger.clone();
        drop(pair);
        ledger.check_empty();
    }
}

/// What a random run may come by seldom.
#[test]
fn a_full_world_refuses_and_stays_as_it_is() {
    let mut pair = Pair::new();
    for value in 0..scaled(40, 26) {
        Step::Spawn { at: 0, kind: 2, value }.run(&mut pair);
    }
    pair.check();
    Step::SpawnBatch { at: 0, kind: 5, count: 3, value: 1 }.run(&mut pair);
    pair.check();
    assert_eq!(pair.worlds[0].room(), 0);
    Step::Clear { at: 0 }.run(&mut pair);
    pair.check();
    assert_eq!(pair.ledger.live(), 0);
}
