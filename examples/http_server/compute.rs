//! The system of the compute world: answers what is asked, and sends it back.

use static_ecs::StatsReader;
use static_ecs::prelude::*;

use super::response::answer;
use super::stats_json::stats_json;
use super::worlds::{Answered, Asked, Compute};

/// Answers all requests that are here.
pub(crate) fn answering(
    stats: StatsReader,
) -> impl FnMut(&mut World<Compute>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + Clone
{
    let mut asked = Vec::new();
    move |world| {
        asked.extend(world.query_filtered::<Entity, With<Asked>>());
        for entity in asked.drain(..) {
            let Asked(request) = world.remove::<Asked>(entity)?;
            let response = answer(request, &|| stats_json(&stats.read()));
            world.insert(entity, Answered(response)).map_err(|refused| refused.why())?;
            world.complete(entity)?;
        }
        Ok(())
    }
}
