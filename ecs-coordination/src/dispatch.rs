//! The end of a tick: entities that want to leave are sorted by edge and go in
//! batches of columns; what finds no room is the edge's policy's.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use ecs_core::block::Block;
use ecs_core::config::{OnFull, WorldConfig};
use ecs_core::entity::Entity;
use ecs_core::schema::{Mask, Schema};
use ecs_core::world::{Leaving, World};

use crate::driver::Port;
use crate::endpoint::{Endpoint, batch_flags};
use crate::flags::Flags;
use crate::lane::LaneSource;
use crate::outlet::{NORMAL, Outlet, PRIORITY};
use crate::plan::{Key, Plan, plan};
use crate::trees::send_trees;

/// The other worlds of the same thread, for those who wait for one of them.
pub(crate) trait Peers {
    /// Ticks the world at `place`, if it is on this thread and not ticking.
    fn tick(&mut self, place: usize) -> PeerTick;
}

/// What a world has of its thread in a tick.
pub(crate) trait Thread: Peers {
    /// The driver's way to the outside.
    fn port(&mut self) -> Port<'_>;
    /// A tick begins: the time, which is that of the end of the one before if that has just
    /// ended. A look at the clock is a quarter of an idle tick.
    fn begin(&mut self) -> Option<Instant>;
    /// A tick has ended, at this time.
    fn end(&mut self, now: Option<Instant>);
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

/// What a dispatch did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatched {
    /// Entities that left, were copied or shed.
    pub(crate) gone: usize,
    /// Entities that stay in the outbox: they found no room, or wait for a batch to fill.
    pub(crate) kept: usize,
}

pub(crate) fn dispatch<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    peers: &mut dyn Peers,
) -> Dispatched {
    let gone = flush_spills(endpoint);
    endpoint.lingering = 0;
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
    endpoint.lingering = 0;
    if world.outbox_len() > 0 {
        plan(world, endpoint);
    }
    ask_lanes(tick, endpoint);
}

/// By itself, as [`take_grants`] is, so that worlds of one schema share it.
fn ask_lanes<S: Schema>(tick: u64, endpoint: &mut Endpoint<S>) {
    let id = endpoint.id;
    for_each_lane(endpoint, |lane, wanted, limit| lane.ask(tick, id, wanted, limit));
}

fn take_grants<S: Schema>(tick: u64, endpoint: &mut Endpoint<S>) {
    let id = endpoint.id;
    for_each_lane(endpoint, |lane, (wanted, _), limit| lane.take_grant(tick, id, wanted, limit));
}

/// The second half: sends as far as room was granted.
pub(crate) fn send_granted<W: WorldConfig>(
    tick: u64,
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
) -> Dispatched {
    take_grants(tick, endpoint);
    let gone = flush_spills(endpoint);
    if endpoint.plan.is_empty() && endpoint.trees.is_empty() && endpoint.kept.is_empty() {
        endpoint.plan.clear();
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
    for (index, outlet) in outlets.iter_mut().enumerate() {
        for (lane_index, lane) in outlet.lanes.iter_mut().enumerate() {
            let count = plan.count(index, lane_index);
            let spilled: usize = outlet.spill[lane_index].iter().map(Block::len).sum();
            let mut trees =
                trees.iter().filter(|tree| (tree.outlet, tree.lane) == (index, lane_index));
            let whole = trees.clone().next().map_or(0, |tree| tree.size);
            let treed: usize = trees.by_ref().map(|tree| tree.size).sum();
            each(lane, (count + spilled + treed, whole), outlet.limit);
        }
    }
}

fn flush_spills<S: Schema>(endpoint: &mut Endpoint<S>) -> usize {
    if !endpoint.spills {
        return 0;
    }
    if endpoint.step.is_some() {
        // Of those who were staged in the first half of the tick, nobody was told.
        for (outlet, block) in endpoint.spilled_blocks() {
            endpoint.outlets[outlet].lanes[NORMAL].note_block(block);
        }
    }
    endpoint.outlets.iter_mut().map(Outlet::flush_spill).sum()
}

/// Sends what is planned, as far as there is room; `gone` have left already.
fn send<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    peers: &mut dyn Peers,
    gone: usize,
) -> Dispatched {
    let mut plan = std::mem::take(&mut endpoint.plan);
    let act = AssertUnwindSafe(|| send_planned(world, endpoint, peers, &mut plan, gone));
    let done = catch_unwind(act).unwrap_or_else(|panic| {
        // A hook's, or a drop's. Who has not left still wants to.
        plan.ask_again(world);
        endpoint.trees.clear();
        endpoint.kept.clear();
        resume_unwind(panic)
    });
    plan.clear();
    endpoint.plan = plan;
    done
}

fn send_planned<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    peers: &mut dyn Peers,
    plan: &mut Plan,
    gone: usize,
) -> Dispatched {
    let mut done = Dispatched { gone, kept: 0 };
    endpoint.outlets.iter_mut().for_each(Outlet::begin);
    let went = send_trees(world, endpoint, peers, &mut done);
    if went {
        // With a tree, whatever they asked for themselves.
        plan.retain(|_, _, entity| world.contains(entity));
    }
    shed_excess(world, endpoint, plan, &mut done);
    let mut kept = std::mem::take(&mut endpoint.kept);
    let mut batch = std::mem::take(&mut endpoint.batch);
    for (key, run) in plan.runs() {
        batch.clear();
        batch.extend(run.iter().map(|&sequence| plan.parcels[sequence as usize].entity));
        let sent = send_all(world, endpoint, key, Who::These(&batch), peers, &mut done);
        if sent < run.len() {
            kept.extend_from_slice(&run[sent..]);
            // They have waited: there is no need to wait for others.
            let outlet = &mut endpoint.outlets[key.outlet as usize];
            outlet.lingered = outlet.linger;
        }
    }
    endpoint.batch = batch;
    done.kept = kept.len() + endpoint.trees.len();
    for tree in endpoint.trees.drain(..) {
        endpoint.outlets[tree.outlet].held[tree.lane] = false;
        kept.push(tree.sequence);
    }
    for lane in [PRIORITY, NORMAL] {
        for sweep in plan.sweeps.iter().filter(|sweep| usize::from(sweep.key.lane) == lane) {
            let who = Who::Table(sweep.table);
            send_all(world, endpoint, sweep.key, who, peers, &mut done);
            if let Some((_, left)) = world.whole_table(sweep.table) {
                done.kept += left;
                world.put_back_swept(sweep.table, sweep.request);
            }
        }
    }
    // Those who did not get into a tree's or a table's place: in order of asking.
    kept.sort_unstable();
    for sequence in kept.drain(..) {
        world.put_back(plan.parcels[sequence as usize]);
    }
    endpoint.kept = kept;
    done
}

/// Under `shed`, drops the oldest unprioritised entities beyond what there is
/// room for, and takes them out of the plan.
fn shed_excess<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    plan: &mut Plan,
    done: &mut Dispatched,
) {
    for (index, outlet) in endpoint.outlets.iter().enumerate() {
        if outlet.on_full != OnFull::Shed {
            continue;
        }
        let excess = plan.take_oldest(index, outlet.lanes[NORMAL].room(outlet.limit));
        if excess.is_empty() {
            continue;
        }
        outlet.counters.add_full();
        for sequence in excess {
            let entity = plan.parcels[sequence as usize].entity;
            if world.shed(entity, outlet.target_id()).is_ok() {
                outlet.counters.add_shed(1);
                done.gone += 1;
            }
        }
        if const { W::Schema::RELATIONS != 0 } {
            // What has ended with them.
            plan.retain(|_, _, entity| world.contains(entity));
        }
    }
}

/// Entities that go the same way.
#[derive(Clone, Copy)]
enum Who<'a> {
    /// In this order, all of one group.
    These(&'a [Entity]),
    /// All of a table.
    Table(u32),
}

impl Who<'_> {
    /// How many are left, of whom `seen` have been seen to.
    fn left<W: WorldConfig>(self, leaving: &Leaving<'_, W>, seen: usize) -> usize {
        match self {
            Self::These(entities) => entities.len() - seen,
            Self::Table(table) => leaving.whole_table(table).map_or(0, |(_, left)| left),
        }
    }

    /// The components of the next.
    fn mask<W: WorldConfig>(self, leaving: &Leaving<'_, W>, seen: usize) -> Option<Mask> {
        match self {
            Self::These(entities) => leaving.select(entities[seen]).ok().map(|at| at.mask),
            Self::Table(table) => leaving.whole_table(table).map(|(mask, _)| mask),
        }
    }

    /// Moves up to `count` into a block.
    fn fill<W: WorldConfig>(
        self,
        leaving: &mut Leaving<'_, W>,
        seen: usize,
        count: usize,
        block: &mut Block<W::Schema>,
        target: u16,
    ) -> usize {
        match self {
            Self::These(entities) => leaving.fill(&entities[seen..seen + count], block, target),
            Self::Table(table) => leaving.fill_from(table, count, block),
        }
    }
}

/// Sends entities that go the same way, as far as there is room. Answers how many need no
/// further care.
fn send_all<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    key: Key,
    who: Who<'_>,
    peers: &mut dyn Peers,
    done: &mut Dispatched,
) -> usize {
    let mut sent = 0;
    let mut patience = None;
    loop {
        if endpoint.outlets[key.outlet as usize].held[key.lane as usize] {
            break;
        }
        let (before, gone) = (sent, done.gone);
        sent += match who {
            Who::These(entities) if key.copy => {
                send_copies(world, endpoint, key, &entities[sent..], done)
            }
            _ => send_what_fits(world, endpoint, key, who, sent, done),
        };
        let outlet = &mut endpoint.outlets[key.outlet as usize];
        if done.gone > gone {
            outlet.wake();
        }
        if world.leave(|leaving| who.left(leaving, sent)) == 0 {
            break;
        }
        if patience.is_none() || sent > before {
            outlet.counters.add_full();
        }
        let OnFull::Block(timeout) = outlet.on_full else {
            if let OnFull::Spill(limit) = outlet.on_full
                && !key.copy
            {
                sent += spill(world, outlet, key, endpoint.place, (who, sent), limit, done);
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
    sent
}

/// Sends batches while there is room. Answers how many entities were seen to.
fn send_what_fits<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    key: Key,
    who: Who<'_>,
    seen: usize,
    done: &mut Dispatched,
) -> usize {
    let place = endpoint.place as u16;
    let lane_index = key.lane as usize;
    let outlet = &mut endpoint.outlets[key.outlet as usize];
    if !outlet.spill[lane_index].is_empty() {
        return 0; // Those who wait in the spill go first.
    }
    let target = outlet.target_id();
    let flags = batch_flags(lane_index == PRIORITY, true);
    // Members of an array share it instead.
    if let Who::Table(table) = who
        && outlet.targets.len() == 1
        && let Some((_, count)) = world.whole_table(table)
        && count > outlet.batch_size
        && let Some(mut batch) = outlet.lanes[lane_index].batch_whole(count, outlet.limit)
        && world.hand_over(table, batch.block(), place, flags) > 0
    {
        let sent = batch.send(&outlet.counters);
        done.gone += sent;
        return sent;
    }
    world.leave(|leaving| {
        let mut sent = 0;
        while who.left(leaving, seen + sent) > 0 {
            let Some(mask) = who.mask(leaving, seen + sent) else {
                sent += 1; // A hook has ended it.
                continue;
            };
            let wanted = outlet.part(who.left(leaving, seen + sent));
            let batch = outlet.lanes[lane_index].batch(wanted, outlet.limit);
            let Some(mut batch) = batch else { break };
            let fits = batch.block().begin(mask, place, flags);
            let count = batch.room().min(fits);
            // Fewer where not all are of one mask, or a hook ends some, or changes the first.
            let moved = who.fill(leaving, seen + sent, count, batch.block(), target);
            batch.send(&outlet.counters);
            done.gone += moved;
            sent += match who {
                Who::These(_) => moved.max(1),
                Who::Table(_) if moved == 0 => break,
                Who::Table(_) => moved,
            };
        }
        sent
    })
}

/// As [`send_what_fits`], by copy.
fn send_copies<W: WorldConfig>(
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
        // A copy goes without relations.
        let goes = mask & !W::Schema::LINKED;
        let flags = batch_flags(lane_index == PRIORITY, false);
        let fits = batch.block().begin(goes, place, flags);
        let count = batch.room().min(fits);
        // A group is of one mask, but for schemas with very many sparse components.
        let alike = entities[sent..sent + count].iter();
        let alike = alike.take_while(|&&entity| {
            W::Schema::SPARSE.count_ones() <= 32
                || world.select(entity).is_ok_and(|selection| selection.mask == mask)
        });
        let count = alike.count();
        let mut refused = None;
        for &entity in &entities[sent..sent + count] {
            match world.depart_copy(entity, target) {
                Ok(copy) => batch.block().push(copy),
                // All of one mask, so all for the same reason.
                Err(error) => refused.get_or_insert((error, 0)).1 += 1,
            }
        }
        let copied = batch.send(&outlet.counters);
        if let Some((error, count)) = refused {
            endpoint.report_not_clone(error, count);
        }
        done.gone += copied;
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
    (who, seen): (Who<'_>, usize),
    limit: u32,
    done: &mut Dispatched,
) -> usize {
    let lane_index = key.lane as usize;
    let flags = batch_flags(lane_index == PRIORITY, true);
    let target = outlet.target_id();
    let spilled = world.leave(|leaving| {
        let mut spilled = 0;
        loop {
            let room = (limit as usize).saturating_sub(outlet.spilled());
            let left = who.left(leaving, seen + spilled);
            let wanted = left.min(outlet.batch_size).min(room);
            if wanted == 0 {
                break;
            }
            let Some(mask) = who.mask(leaving, seen + spilled) else { break };
            let mut block = outlet.lanes[lane_index].block();
            let count = wanted.min(block.begin(mask, place as u16, flags));
            let moved = who.fill(leaving, seen + spilled, count, &mut block, target);
            if moved == 0 {
                break;
            }
            outlet.counters.add_taken(moved);
            outlet.lanes[lane_index].note_block(&block);
            outlet.spill[lane_index].push_back(block);
            spilled += moved;
        }
        spilled
    });
    done.gone += spilled;
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
