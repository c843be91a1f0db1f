//! The end of a tick: entities that want to leave are sorted by edge and go in
//! batches of columns; what finds no room is the edge's policy's.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ecs_core::block::Block;
use ecs_core::config::{OnFull, WorldConfig};
use ecs_core::entity::Entity;
use ecs_core::outbox::{Parcel, Request};
use ecs_core::schema::Schema;
use ecs_core::world::{CopyError, World};

use crate::endpoint::{Endpoint, NORMAL, Outlet, PRIORITY, Problem, Way, batch_flags};
use crate::lane::LaneSource;
use crate::runtime::Flags;
use crate::trees::{plan_tree, send_trees};

/// The other worlds of the same thread, for those who wait for one of them.
pub(crate) trait Peers {
    /// Ticks the world at `place`, if it is on this thread and not ticking.
    fn tick(&mut self, place: usize) -> PeerTick;
}

/// What became of [`Peers::tick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerTick {
    /// It ticked; whether it did anything, and so may have made room.
    Ticked(bool),
    /// It waits for us, down the call stack, or has failed.
    Busy,
    /// It is on another thread.
    Elsewhere,
}

/// Nobody to wait for.
struct Alone;

impl Peers for Alone {
    fn tick(&mut self, _: usize) -> PeerTick {
        PeerTick::Busy
    }
}

/// One entity that wants to leave. Sorted by `key`, then by `sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    key: Key,
    /// The place in the order of asking.
    sequence: u32,
}

/// What goes in one batch, in the order in which batches go: by outlet,
/// priority first, markers before completions, then by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    outlet: u32,
    lane: u8,
    completed: bool,
    /// The oldest request among those of this group, so that where there is
    /// little room no group waits behind another for good.
    oldest: u32,
    group: u64,
    copy: bool,
}

impl Key {
    /// Of what is only put back: it is not looked at.
    const OF_A_TREE: Self =
        Self { outlet: 0, lane: 0, completed: false, oldest: 0, group: 0, copy: false };
}

/// What a dispatch did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatched {
    /// Entities that left, were copied or shed.
    pub(crate) gone: usize,
    /// Entities that found no room and stay in the outbox.
    pub(crate) kept: usize,
}

pub(crate) fn dispatch<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    peers: &mut dyn Peers,
) -> Dispatched {
    let gone = flush_spills(endpoint);
    if world.outbox_len() == 0 {
        return Dispatched { gone, kept: 0 };
    }
    plan(world, endpoint);
    send(world, endpoint, peers, gone)
}

/// The first half of a dispatch in lock-step: says how much room is wanted.
pub(crate) fn ask<W: WorldConfig>(
    tick: u64,
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
) {
    if world.outbox_len() > 0 {
        plan(world, endpoint);
    }
    let id = endpoint.id;
    for_each_lane(endpoint, |lane, wanted, limit| lane.ask(tick, id, wanted, limit));
}

/// The second half: sends as far as room was granted.
pub(crate) fn send_granted<W: WorldConfig>(
    tick: u64,
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
) -> Dispatched {
    let id = endpoint.id;
    for_each_lane(endpoint, |lane, (wanted, _), limit| lane.take_grant(tick, id, wanted, limit));
    let gone = flush_spills(endpoint);
    if endpoint.plan.is_empty() && endpoint.trees.is_empty() {
        endpoint.parcels.clear();
        return Dispatched { gone, kept: 0 };
    }
    send(world, endpoint, &mut Alone, gone)
}

/// Calls `each` with each way out, how many entities want to take it, how many of
/// these together before all others, and the most that may be on it.
fn for_each_lane<S: Schema>(
    endpoint: &mut Endpoint<S>,
    mut each: impl FnMut(&mut LaneSource<S>, (usize, usize), usize),
) {
    let Endpoint { outlets, plan, trees, .. } = endpoint;
    let mut planned = plan.as_slice();
    for (index, outlet) in outlets.iter_mut().enumerate() {
        for (lane_index, lane) in outlet.lanes.iter_mut().enumerate() {
            // The plan is sorted by outlet and lane.
            let mine = |item: &Item| {
                (item.key.outlet as usize, item.key.lane as usize) == (index, lane_index)
            };
            let count = planned.iter().take_while(|item| mine(item)).count();
            planned = &planned[count..];
            let spilled: usize = outlet.spill[lane_index].iter().map(Block::len).sum();
            let mut trees =
                trees.iter().filter(|tree| (tree.outlet, tree.lane) == (index, lane_index));
            let whole = trees.clone().next().map_or(0, |tree| tree.size);
            let treed: usize = trees.by_ref().map(|tree| tree.size).sum();
            each(lane, (count + spilled + treed, whole), outlet.limit);
        }
    }
    debug_assert!(planned.is_empty());
}

fn flush_spills<S: Schema>(endpoint: &mut Endpoint<S>) -> usize {
    if !endpoint.spills {
        return 0;
    }
    endpoint.outlets.iter_mut().map(Outlet::flush_spill).sum()
}

/// Sorts what is in the outbox by where and how it goes.
fn plan<W: WorldConfig>(world: &mut World<W>, endpoint: &mut Endpoint<W::Schema>) {
    let mut parcels = std::mem::take(&mut endpoint.parcels);
    let mut plan = std::mem::take(&mut endpoint.plan);
    world.drain_outbox(&mut parcels);
    for (sequence, parcel) in parcels.iter().enumerate() {
        if let Request::Tree(marker) = parcel.request {
            let tree = plan_tree(world, endpoint, parcel.entity, marker, sequence as u32);
            endpoint.trees.extend(tree);
        } else if let Some(key) = key_of(world, endpoint, parcel) {
            plan.push(Item { key, sequence: sequence as u32 });
        }
    }
    if !plan.is_sorted() {
        plan.sort_unstable();
    }
    rank_by_age(&mut plan);
    (endpoint.parcels, endpoint.plan) = (parcels, plan);
}

/// Sends what is planned, as far as there is room; `gone` have left already.
fn send<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    peers: &mut dyn Peers,
    gone: usize,
) -> Dispatched {
    let mut done = Dispatched { gone, kept: 0 };
    let went = send_trees(world, endpoint, peers, &mut done);
    let mut parcels = std::mem::take(&mut endpoint.parcels);
    let mut plan = std::mem::take(&mut endpoint.plan);
    if went {
        // With a tree, whatever they asked for themselves.
        plan.retain(|item| world.contains(parcels[item.sequence as usize].entity));
    }
    shed_excess(world, endpoint, &parcels, &mut plan, &mut done);
    // What stays is moved to the front of the plan.
    let mut kept = 0;
    let mut at = 0;
    while at < plan.len() {
        let key = plan[at].key;
        let run = plan[at..].iter().take_while(|item| item.key == key).count();
        let sent = send_run(world, endpoint, &parcels, &plan[at..at + run], peers, &mut done);
        plan.copy_within(at + sent..at + run, kept);
        kept += run - sent;
        at += run;
    }
    plan.truncate(kept);
    for tree in endpoint.trees.drain(..) {
        endpoint.outlets[tree.outlet].held[tree.lane] = false;
        plan.push(Item { key: Key::OF_A_TREE, sequence: tree.sequence });
    }
    kept = plan.len();
    plan.sort_unstable_by_key(|item| item.sequence);
    for item in plan.drain(..) {
        world.put_back(parcels[item.sequence as usize]);
    }
    parcels.clear();
    done.kept = kept;
    (endpoint.parcels, endpoint.plan) = (parcels, plan);
    done
}

/// Orders the batches of an edge by the oldest request in each. The plan is
/// sorted by key and sequence.
fn rank_by_age(plan: &mut [Item]) {
    for run in plan.chunk_by_mut(|a, b| a.key == b.key) {
        let oldest = run[0].sequence;
        run.iter_mut().for_each(|item| item.key.oldest = oldest);
    }
    if !plan.is_sorted() {
        plan.sort_unstable();
    }
}

/// Where a parcel goes; `None` if it can't go and stays out of the outbox.
fn key_of<W: WorldConfig>(
    world: &World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    parcel: &Parcel,
) -> Option<Key> {
    let selection = world.select(parcel.entity).ok()?;
    let (outlet, lane, completed, copy) = match parcel.request {
        Request::Marked(marker) => {
            let outlet = endpoint.by_id.get(marker.target_world as usize).copied().flatten();
            if outlet.is_none() {
                endpoint.report_no_edge(marker.target_world);
            }
            let lane = if marker.priority { PRIORITY } else { NORMAL };
            (outlet?, lane, false, !marker.destroy_on_transfer)
        }
        // Trees are planned apart.
        Request::Tree(_) => return None,
        Request::Completed => {
            let outlet = match endpoint.routes.of(selection.mask) {
                Some(Way::Out(outlet)) => outlet,
                Some(Way::Stay) => return None,
                None => {
                    endpoint.report_no_route();
                    return None;
                }
            };
            (outlet, NORMAL, true, false)
        }
    };
    if !endpoint.outlets[outlet].admits(selection.mask) {
        endpoint.outlets[outlet].counters.add_refused();
        let target = endpoint.outlets[outlet].target_id();
        endpoint.report_once(Problem::ClosedArchetype { world: endpoint.name, target });
        return None;
    }
    let (outlet, lane, group) = (outlet as u32, lane as u8, selection.group);
    Some(Key { outlet, lane, completed, oldest: 0, group, copy })
}

/// Under `shed`, drops the oldest unprioritised entities beyond what there is
/// room for, and takes them out of the plan.
fn shed_excess<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    parcels: &[Parcel],
    plan: &mut Vec<Item>,
    done: &mut Dispatched,
) {
    for (index, outlet) in endpoint.outlets.iter().enumerate() {
        if outlet.on_full != OnFull::Shed {
            continue;
        }
        let mine = |item: &Item| {
            let key = item.key;
            key.outlet as usize == index && key.lane as usize == NORMAL && !key.copy
        };
        let waiting = plan.iter().filter(|item| mine(item)).count();
        let room = outlet.lanes[NORMAL].room(outlet.limit);
        let excess = waiting.saturating_sub(room);
        if excess == 0 {
            continue;
        }
        outlet.counters.add_full();
        let mut oldest: Vec<u32> =
            plan.iter().filter(|item| mine(item)).map(|item| item.sequence).collect();
        oldest.sort_unstable();
        oldest.truncate(excess);
        plan.retain(|item| !mine(item) || oldest.binary_search(&item.sequence).is_err());
        for sequence in oldest {
            if world.shed(parcels[sequence as usize].entity, outlet.target_id()).is_ok() {
                outlet.counters.add_shed(1);
                done.gone += 1;
            }
        }
        if W::Schema::RELATIONS != 0 {
            // What has ended with them.
            plan.retain(|item| world.contains(parcels[item.sequence as usize].entity));
        }
    }
}

/// Sends a run of entities of one key. Answers how many need no further care.
fn send_run<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    parcels: &[Parcel],
    run: &[Item],
    peers: &mut dyn Peers,
    done: &mut Dispatched,
) -> usize {
    let key = run[0].key;
    if endpoint.outlets[key.outlet as usize].held[key.lane as usize] {
        return 0;
    }
    let mut batch = std::mem::take(&mut endpoint.batch);
    batch.clear();
    batch.extend(run.iter().map(|item| parcels[item.sequence as usize].entity));
    let mut sent = 0;
    let mut patience = None;
    loop {
        let (before, gone) = (sent, done.gone);
        sent += send_what_fits(world, endpoint, key, &batch[sent..], done);
        if done.gone > gone {
            endpoint.outlets[key.outlet as usize].wake();
        }
        if sent == batch.len() {
            break;
        }
        let outlet = &mut endpoint.outlets[key.outlet as usize];
        if patience.is_none() || sent > before {
            outlet.counters.add_full();
        }
        let OnFull::Block(timeout) = outlet.on_full else {
            if let OnFull::Spill(limit) = outlet.on_full {
                sent += spill(world, outlet, key, endpoint.place, &batch[sent..], limit, done);
            }
            break;
        };
        let patience = patience.get_or_insert_with(|| Patience::new(timeout));
        let halted = endpoint.flags.as_deref().is_some_and(Flags::is_halted);
        // In lock-step nobody makes room before all have sent.
        if halted || endpoint.step.is_some() || !patience.wait(&outlet.targets, peers) {
            break;
        }
    }
    endpoint.batch = batch;
    sent
}

/// Sends batches while there is room. Answers how many entities were seen to.
fn send_what_fits<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    key: Key,
    entities: &[Entity],
    done: &mut Dispatched,
) -> usize {
    let place = endpoint.place as u16;
    let lane_index = key.lane as usize;
    let mut sent = 0;
    while sent < entities.len() {
        let outlet = &mut endpoint.outlets[key.outlet as usize];
        if !outlet.spill[lane_index].is_empty() {
            break; // Those who wait in the spill go first.
        }
        let target = outlet.target_id();
        let wanted = (entities.len() - sent).min(outlet.batch_size);
        let Some(mut batch) = outlet.lanes[lane_index].batch(wanted, outlet.limit) else { break };
        let selection = world.select(entities[sent]);
        let mask = selection.expect("who is in the plan is here").mask;
        let flags = batch_flags(lane_index == PRIORITY, !key.copy);
        // A copy goes without relations.
        let goes = if key.copy { mask & !W::Schema::LINKED } else { mask };
        let fits = batch.block().begin(goes, place, flags);
        let count = batch.room().min(fits);
        // A group is of one mask, but for schemas with very many sparse components.
        let alike = entities[sent..sent + count].iter();
        let alike = alike.take_while(|&&entity| {
            W::Schema::SPARSE.count_ones() <= 32
                || world.select(entity).is_ok_and(|selection| selection.mask == mask)
        });
        let count = alike.count();
        let chosen = &entities[sent..sent + count];
        let mut refused = None;
        if key.copy {
            for &entity in chosen {
                match world.depart_copy(entity, target) {
                    Ok(copy) => batch.block().push(copy),
                    Err(error) => {
                        // All of one mask, so all for the same reason.
                        refused.get_or_insert((error, 0)).1 += 1;
                    }
                }
            }
        } else {
            let moved = world.depart(chosen, batch.block(), target);
            debug_assert_eq!(moved, count, "who is in the plan is here, in this group");
        }
        let moved = batch.send(&outlet.counters);
        if let Some((error, count)) = refused {
            endpoint.report_not_clone(error, count);
        }
        done.gone += moved;
        sent += count;
    }
    sent
}

/// Takes entities out of the world to wait at the source, up to `limit` in all.
fn spill<W: WorldConfig>(
    world: &mut World<W>,
    outlet: &mut Outlet<W::Schema>,
    key: Key,
    place: usize,
    entities: &[Entity],
    limit: u32,
    done: &mut Dispatched,
) -> usize {
    if key.copy {
        return 0;
    }
    let lane_index = key.lane as usize;
    let mut spilled = 0;
    while spilled < entities.len() {
        let room = (limit as usize).saturating_sub(outlet.spilled());
        let wanted = (entities.len() - spilled).min(outlet.batch_size).min(room);
        if wanted == 0 {
            break;
        }
        let mut block = outlet.lanes[lane_index].block();
        let mask = world.select(entities[spilled]).expect("who is in the plan is here").mask;
        let fits = block.begin(mask, place as u16, batch_flags(lane_index == PRIORITY, true));
        let chosen = &entities[spilled..spilled + wanted.min(fits)];
        let moved = world.depart(chosen, &mut block, outlet.target_id());
        if moved == 0 {
            break;
        }
        outlet.counters.add_taken(moved);
        outlet.spill[lane_index].push_back(block);
        spilled += moved;
        done.gone += moved;
    }
    outlet.counters.set_spilled(outlet.spilled());
    spilled
}

impl<S: Schema> Outlet<S> {
    /// Sends what waits in the spill, oldest first, as far as there is room.
    fn flush_spill(&mut self) -> usize {
        let mut sent = 0;
        for (lane, spill) in self.lanes.iter_mut().zip(&mut self.spill) {
            while let Some(front) = spill.front_mut() {
                let Some(mut batch) = lane.batch(front.len(), self.limit) else { break };
                if batch.room() == front.len() {
                    let block = spill.pop_front().expect("it was in front just now");
                    sent += batch.send_filled(block, &self.counters);
                    continue;
                }
                // Room for a part only: it goes ahead, so that others who fill
                // the lane entity by entity don't keep the batch waiting.
                let room = batch.room();
                let part = batch.block();
                part.begin(front.mask(), front.source(), front.flags());
                for transfer in std::iter::from_fn(|| front.pop(0)).take(room) {
                    part.push(transfer);
                }
                sent += batch.send_again(&self.counters);
            }
        }
        if sent > 0 {
            self.counters.set_spilled(self.spilled());
            self.wake();
        }
        sent
    }
}

/// Waits for room, longer each time, up to a deadline.
pub(crate) struct Patience {
    deadline: Option<Instant>,
    rounds: u32,
}

impl Patience {
    /// The first waits are spins, of 1, 2, 4, ... up to this many.
    const SPINS: u32 = 6;
    /// The longest single sleep.
    const LONGEST: Duration = Duration::from_micros(200);

    pub(crate) fn new(timeout: Duration) -> Self {
        // A deadline beyond the clock's range is none.
        Self { deadline: crate::clock::now().and_then(|now| now.checked_add(timeout)), rounds: 0 }
    }

    /// `false` when the time is over, or no target can make room before we return.
    pub(crate) fn wait(&mut self, targets: &[usize], peers: &mut dyn Peers) -> bool {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return false;
        }
        let (mut ticked, mut worth_it, mut progress) = (false, false, false);
        for &target in targets {
            match peers.tick(target) {
                PeerTick::Ticked(busy) => {
                    ticked = true;
                    progress |= busy;
                }
                PeerTick::Elsewhere => worth_it = true,
                PeerTick::Busy => {}
            }
        }
        self.rounds += 1;
        if self.deadline.is_none() && ticked {
            // Without a clock the rounds are the deadline.
            return self.rounds < 1000;
        }
        if progress {
            return true;
        }
        // A target that ticks and does nothing may wait for another thread.
        if !worth_it && !ticked {
            return false;
        }
        if self.rounds <= Self::SPINS {
            (0..1 << self.rounds).for_each(|_| std::hint::spin_loop());
        } else {
            let sleep = Duration::from_micros(1 << (self.rounds - Self::SPINS).min(16));
            std::thread::sleep(sleep.min(Self::LONGEST));
        }
        true
    }
}

impl<S: Schema> Endpoint<S> {
    pub(crate) fn report_no_edge(&mut self, target: u16) {
        // ORDERING: relaxed: a count of its own.
        self.counters.no_edge.fetch_add(1, Ordering::Relaxed);
        self.report_once(Problem::NoEdge { world: self.name, target });
    }

    fn report_no_route(&mut self) {
        // ORDERING: relaxed: a count of its own.
        self.counters.no_edge.fetch_add(1, Ordering::Relaxed);
        self.report_once(Problem::NoRoute { world: self.name });
    }

    fn report_not_clone(&mut self, error: CopyError, entities: u64) {
        if let CopyError::NotClone(component) = error {
            // ORDERING: relaxed: a count of its own.
            self.counters.not_clone.fetch_add(entities, Ordering::Relaxed);
            self.report_once(Problem::NotClone { world: self.name, component });
        }
    }

    pub(crate) fn report_once(&mut self, problem: Problem) {
        if !self.known.contains(&problem) {
            self.known.push(problem.clone());
            self.problems.push(problem);
        }
    }
}
