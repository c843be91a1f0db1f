//! The relations of two worlds against plain maps, whatever is done to their entities:
//! both sides agree, at all times, in order.
#![allow(missing_docs, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod model;
mod steps;

use proptest::prelude::*;

use common::property;
use steps::{Pair, step};

proptest! {
    #![proptest_config(property(300, 4))]

    #[test]
    fn relations_are_as_their_model(steps in prop::collection::vec(step(), 1..80)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.make(&step);
            pair.check(&step);
        }
        pair.end();
    }
}
