//! The start of a tick: entities that have arrived move into the world's
//! tables, a batch at a time, fair over sources, priority first.

use ecs_core::block::Block;
use ecs_core::config::WorldConfig;
use ecs_core::entity::Entity;
use ecs_core::error::Refusal;
use ecs_core::schema::Schema;
use ecs_core::world::World;

use crate::endpoint::{Endpoint, PRIORITY_BURST};
use crate::inlet::Fate;
use crate::outlet::{NORMAL, PRIORITY};
use crate::problem::Problem;

/// The most rounds over all sources in one tick, so that a source that never
/// stops does not keep the world from its systems.
const ROUNDS: usize = 64;

/// Moves what has arrived into the world. Answers how many entities came.
pub(crate) fn receive<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
) -> usize {
    let mut received = 0;
    let count = endpoint.inlets.len();
    for round in 0..ROUNDS {
        let mut came = 0;
        for step in 0..count {
            let at = (endpoint.turn + step) % count;
            // Members of an array take turns: one batch in each tick.
            if endpoint.inlets[at].shared && round > 0 {
                continue;
            }
            for _ in 0..PRIORITY_BURST {
                match receive_batch(world, endpoint, at, PRIORITY) {
                    0 => break,
                    entities => came += entities,
                }
            }
            came += receive_batch(world, endpoint, at, NORMAL);
        }
        received += came;
        if came == 0 {
            break;
        }
    }
    if count > 0 {
        endpoint.turn = (endpoint.turn + 1) % count;
    }
    received
}

/// Writes down who came from a member of which array. By itself, so that worlds of one schema
/// share it.
fn note_who_came<S: Schema>(block: &Block<S>, group: u16, came: &mut Vec<(Entity, u16)>) {
    let blocks = std::iter::successors(Some(block), |block| block.next());
    // Also those for whom there is no room now: nobody else takes them in.
    let ids = blocks.flat_map(|block| block.ids()).flatten();
    came.extend(ids.map(|&entity| (entity, group)));
}

/// Moves the front batch of one lane in, as far as there is room.
fn receive_batch<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    inlet: usize,
    lane: usize,
) -> usize {
    let Endpoint { inlets, flags, came, .. } = endpoint;
    let inlet = &mut inlets[inlet];
    let group = inlet.group.filter(|_| inlet.shared);
    let room = world.room().saturating_sub(inlet.headroom);
    if room == 0 {
        return 0;
    }
    let quiet = flags.as_deref().map(|flags| &flags.quiet);
    let Some(mut front) = inlet.open(lane, Fate::Received, quiet) else { return 0 };
    let block = front.block();
    if let Some(first) = group {
        note_who_came(block, first, came);
    }
    let arrived =
        if block.is_unit() { world.arrive_unit(block, room) } else { world.arrive(block, room) };
    drop(front);
    arrived.unwrap_or_else(|refusal| {
        // Sources ask `Outlet::admits` first, so it is not that the world is closed.
        debug_assert!(matches!(refusal, Refusal::TooManyArchetypes { .. }), "{refusal}");
        endpoint.report_once(Problem::TooManyArchetypes { world: endpoint.name });
        0
    })
}
