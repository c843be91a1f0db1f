//! Trees leave as units: before all else, and each with room for all of it or not at
//! all.

use ecs_core::config::{OnFull, WorldConfig};
use ecs_core::entity::Entity;
use ecs_core::outbox::TransferMarker;
use ecs_core::schema::Schema;
use ecs_core::world::World;

use crate::dispatch::{Dispatched, Patience, Peers};
use crate::endpoint::{Endpoint, batch_flags};
use crate::flags::Flags;
use crate::outlet::{NORMAL, PRIORITY};
use crate::problem::Problem;

/// A tree that wants to leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree {
    pub(crate) root: Entity,
    pub(crate) outlet: usize,
    pub(crate) lane: usize,
    /// The place of its root in the order of asking.
    pub(crate) sequence: u32,
    /// How many entities it had when it was planned.
    pub(crate) size: usize,
}

/// Where a tree goes; `None` if it can't go and stays out of the outbox.
pub(crate) fn plan_tree<W: WorldConfig>(
    world: &World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    root: Entity,
    marker: TransferMarker,
    sequence: u32,
) -> Option<Tree> {
    if const { W::Schema::RELATIONS == 0 } {
        return None;
    }
    let members = world.tree(root).ok()?;
    let target = marker.target_world;
    let Some(outlet) = endpoint.by_id.get(target as usize).copied().flatten() else {
        endpoint.report_no_edge(target);
        return None;
    };
    let way = &endpoint.outlets[outlet];
    let mut masks = members.iter().filter_map(|&member| Some(world.select(member).ok()?.mask));
    let (admitted, largest) = (masks.all(|mask| way.admits(mask)), way.largest);
    if !admitted {
        way.counters.add_refused();
        endpoint.report_once(Problem::ClosedArchetype { world: endpoint.name, target });
        return None;
    }
    if members.len() > largest {
        let world = endpoint.name;
        endpoint.report_once(Problem::TreeTooLarge { world, target, limit: largest });
        return None;
    }
    let lane = if marker.priority { PRIORITY } else { NORMAL };
    Some(Tree { root, outlet, lane, sequence, size: members.len() })
}

/// Sends the trees that are planned. Those that wait are left in the plan, and hold back
/// what would go the same way after them. Answers whether any went.
pub(crate) fn send_trees<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    peers: &mut dyn Peers,
    done: &mut Dispatched,
) -> bool {
    if const { W::Schema::RELATIONS == 0 } || endpoint.trees.is_empty() {
        return false;
    }
    let mut trees = std::mem::take(&mut endpoint.trees);
    let planned = trees.len();
    trees.retain(|tree| {
        let waits = endpoint.outlets[tree.outlet].held[tree.lane]
            || !send_tree(world, endpoint, tree, peers, done);
        endpoint.outlets[tree.outlet].held[tree.lane] |= waits;
        waits
    });
    let went = trees.len() < planned;
    endpoint.trees = trees;
    went
}

/// `false` if the tree has to wait.
fn send_tree<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    tree: &Tree,
    peers: &mut dyn Peers,
    done: &mut Dispatched,
) -> bool {
    // A tree that it is a part of may have gone before.
    let Ok(members) = world.tree(tree.root) else { return true };
    let mut patience = None;
    loop {
        let source = endpoint.place as u16;
        let outlet = &mut endpoint.outlets[tree.outlet];
        let target = outlet.target_id();
        // Those who wait in the spill go first.
        let lane = &mut outlet.lanes[tree.lane];
        let batch = match outlet.spill[tree.lane].is_empty() {
            true => lane.batch_whole(members.len(), outlet.limit),
            false => None,
        };
        let how = (source, batch_flags(tree.lane == PRIORITY, true));
        let most = outlet.batch_size;
        let sent = batch.map(|batch| {
            batch.send_unit(&outlet.counters, |block| {
                world.depart_unit(&members, target, how, most, block)
            })
        });
        if let Some(sent) = sent {
            done.gone += sent;
            outlet.wake();
            return true;
        }
        if patience.is_none() {
            outlet.counters.add_full();
        }
        match outlet.on_full {
            OnFull::Shed if tree.lane == NORMAL => {
                for &member in &members {
                    if world.shed(member, target).is_ok() {
                        outlet.counters.add_shed(1);
                        done.gone += 1;
                    }
                }
                return true;
            }
            OnFull::Block(timeout) => {
                let patience = patience.get_or_insert_with(|| Patience::new(timeout));
                let halted = endpoint.flags.as_deref().is_some_and(Flags::is_halted);
                if halted || !patience.wait(&outlet.targets, peers) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}
