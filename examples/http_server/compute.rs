//! The system of the compute world: answers what is asked, and sends it back.

use static_ecs::StatsReader;
use static_ecs::prelude::*;

use super::response::answer;
use super::stats_json::stats_json;
use super::worlds::{Compute, Exchange};

/// Answers all requests that are here.
pub(crate) fn answering(stats: StatsReader) -> impl FnMut(&mut World<Compute>) + Clone {
    move |world| {
        for exchange in world.query::<&mut Exchange>() {
            if let Some(request) = exchange.take_request() {
                *exchange = Exchange::Answered(answer(request, &|| stats_json(&stats.read())));
            }
        }
        world.complete_query::<With<Exchange>>();
    }
}
