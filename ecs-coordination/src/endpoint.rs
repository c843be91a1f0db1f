//! A world's ends of all its edges.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_utils::CachePadded;
use ecs_core::block::Block;
use ecs_core::config::WorldConfig;
use ecs_core::entity::Entity;
use ecs_core::schema::{Mask, Schema};
use ecs_core::transfer::{EntityTransfer, TransferFlags};
use ecs_core::world::World;

use crate::directory::{Directory, Whither};
use crate::error::{QueueError, QueueErrorKind};
use crate::events::EventEnds;
use crate::flags::Flags;
use crate::inlet::{Fate, Inlet};
use crate::lane::LaneSource;
use crate::outlet::{NORMAL, Outlet, PRIORITY};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::returns::Returns;
use crate::stats::WorldCounters;

/// How many priority batches a receiver takes before it takes a normal one;
/// [`Endpoint::pop_transfer`] counts single entities instead.
pub const PRIORITY_BURST: usize = 8;

/// Where completed entities go, with edges in place of targets.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    pub(crate) default: Option<Way>,
    /// Component bit and way; the last that matches wins.
    pub(crate) by_component: Vec<(Mask, Way)>,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Out through this outlet.
    Out(usize),
    /// An inherited route that names the world itself: its entities stay.
    Stay,
}

impl Routes {
    pub(crate) fn of(&self, mask: Mask) -> Option<Way> {
        let found = self.by_component.iter().rev().find(|(bit, _)| mask & bit != 0);
        found.map(|&(_, way)| way).or(self.default)
    }
}

/// A world's ends of all its edges: what it sends through, and what it receives from.
///
/// It moves to the world's thread with the world. `Send`, not `Sync`: one
/// thread at a time uses it.
pub struct Endpoint<S: Schema> {
    pub(crate) id: u16,
    /// The world's place in the coordinator.
    pub(crate) place: usize,
    pub(crate) name: &'static str,
    pub(crate) outlets: Vec<Outlet<S>>,
    /// Whether any of them has the policy to spill.
    pub(crate) spills: bool,
    /// By world id: the outlet that leads there.
    pub(crate) by_id: Vec<Option<usize>>,
    pub(crate) routes: Routes,
    pub(crate) inlets: Vec<Inlet<S>>,
    /// The ends of the lanes for events.
    pub(crate) events: EventEnds<S>,
    /// Which inlet comes first in the next tick.
    pub(crate) turn: usize,
    /// Priority batches taken in a row, by `pop_transfer`.
    pub(crate) burst: usize,
    /// Set while worlds run on threads: what they and who stops them tell each other.
    pub(crate) flags: Option<Arc<Flags>>,
    /// The number of the tick, in lock-step.
    pub(crate) step: Option<u64>,
    /// Whether the world is between the beginning of a tick and its dispatch.
    pub(crate) ticking: bool,
    /// The worlds' ids by place.
    pub(crate) ids: Arc<[u16]>,
    /// Entities received, and queued one by one, in this tick.
    pub(crate) moved: (usize, usize),
    pub(crate) counters: Arc<CachePadded<WorldCounters>>,
    /// By origin less 1: where ids of dead guests go.
    pub(crate) returns: Arc<Vec<Returns>>,
    pub(crate) directory: Arc<Directory>,
    /// Those who came through an inbox that members of an array share, and its first
    /// member.
    pub(crate) came: Vec<(Entity, u16)>,
    pub(crate) returning: Vec<Vec<Entity>>,
    /// Whether one of these has some.
    pub(crate) has_returning: bool,
    /// What the present dispatch is to do.
    pub(crate) plan: Plan,
    /// How many entities wait for their batch to fill.
    pub(crate) lingering: usize,
    /// By their places in the plan: those who could not go.
    pub(crate) kept: Vec<u32>,
    /// The trees that want to leave.
    pub(crate) trees: Vec<crate::trees::Tree>,
    pub(crate) batch: Vec<Entity>,
    /// Problems that have been reported.
    pub(crate) known: Vec<Problem>,
    /// Problems that nobody has asked for yet.
    pub(crate) problems: Vec<Problem>,
}

impl<S: Schema> Endpoint<S> {
    /// The world's id.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The world's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// An empty transfer from this world to that with id `target`.
    pub fn create_transfer(&self, target: u16) -> EntityTransfer<S> {
        EntityTransfer::new(self.id, target)
    }

    /// Sends one entity to the world with id `target`. While this world ticks, those of one
    /// set of components leave together: as soon as they fill a batch or the queue, at the
    /// latest when the tick ends. In lock-step all leave at its end, and up to the queue's
    /// capacity can wait for that. By hand, between ticks, it leaves at once.
    ///
    /// # Errors
    /// If there is no room, no edge or no such world, or the world is this one:
    /// the transfer is handed back.
    pub fn queue_transfer(
        &mut self,
        target: u16,
        transfer: EntityTransfer<S>,
    ) -> Result<(), QueueError<EntityTransfer<S>>> {
        let kind = match self.by_id.get(target as usize) {
            None => QueueErrorKind::UnknownWorld(target),
            Some(_) if target == self.id => QueueErrorKind::SelfTransfer(target),
            Some(None) => QueueErrorKind::NoEdge { from: self.id, to: target },
            Some(&Some(outlet)) if !self.outlets[outlet].admits(transfer.mask()) => {
                self.outlets[outlet].counters.add_refused();
                QueueErrorKind::ClosedArchetype
            }
            Some(&Some(outlet)) => {
                let source = self.place as u16;
                let transfer = transfer.between(self.id, target);
                let sent = if self.step.is_some() {
                    self.spills = true;
                    self.outlets[outlet].stage_one(source, transfer)
                } else if self.ticking {
                    self.gather(outlet, transfer)
                } else {
                    self.outlets[outlet].send_one(source, transfer)
                };
                self.moved.1 += usize::from(sent.is_ok());
                return sent;
            }
        };
        Err(QueueError::new(kind, transfer))
    }

    /// Queues one of those that leave together.
    fn gather(
        &mut self,
        outlet: usize,
        transfer: EntityTransfer<S>,
    ) -> Result<(), QueueError<EntityTransfer<S>>> {
        let source = self.place as u16;
        self.outlets[outlet].gather(source, transfer).or_else(|error| {
            if !error.is_full() {
                return Err(error);
            }
            // Others may wait for the room that was popped here, and this world for them.
            self.settle();
            let again = self.outlets[outlet].gather(source, error.into_inner());
            again.inspect_err(|_| self.outlets[outlet].counters.add_full())
        })
    }

    /// Accounts for all that was popped one by one.
    fn settle(&mut self) {
        let quiet = self.flags.as_deref().map(|flags| &flags.quiet);
        self.inlets.iter_mut().for_each(|inlet| inlet.settle(quiet));
    }

    /// The tick has come to its dispatch, or to its end by a panic: sends those that were
    /// queued one by one, and accounts for those that were popped so.
    pub(crate) fn end_ticking(&mut self) {
        if !std::mem::take(&mut self.ticking) {
            return;
        }
        let (received, queued) = self.moved;
        if queued > 0 {
            for outlet in &mut self.outlets {
                [PRIORITY, NORMAL].into_iter().for_each(|lane| outlet.send_open(lane));
            }
        }
        if received > 0 {
            self.settle();
        }
    }

    /// Takes one entity that has arrived, fair over sources, priority first.
    ///
    /// It keeps its id, which `World::insert_transfer` takes over. End one that is
    /// not to go on with `World::end_transfer`: dropped, it leaves its id taken at
    /// its origin.
    pub fn pop_transfer(&mut self) -> Option<EntityTransfer<S>> {
        let lanes =
            if self.burst < PRIORITY_BURST { [PRIORITY, NORMAL] } else { [NORMAL, PRIORITY] };
        let count = self.inlets.len();
        for lane_index in lanes {
            for step in 0..count {
                let at = (self.turn + step) % count;
                let quiet = self.flags.as_deref().map(|flags| &flags.quiet);
                let opened = self.inlets[at].open(lane_index, Fate::Received, quiet);
                let popped = opened.and_then(|mut front| {
                    front.more = self.ticking;
                    front.block().pop(self.id)
                });
                let Some(mut popped) = popped else { continue };
                popped.come_from(self.ids[usize::from(popped.source())]);
                self.turn = (at + 1) % count;
                self.burst = if lane_index == PRIORITY { self.burst + 1 } else { 0 };
                self.moved.0 += 1;
                return Some(popped);
            }
        }
        None
    }

    /// Takes up to `max` entities that have arrived to `out`. Answers how many.
    pub fn pop_transfer_batch(&mut self, out: &mut Vec<EntityTransfer<S>>, max: usize) -> usize {
        let before = out.len();
        while out.len() - before < max {
            let Some(transfer) = self.pop_transfer() else { break };
            out.push(transfer);
        }
        out.len() - before
    }

    /// Moves what has arrived into the world, in batches: what a tick begins
    /// with unless the world has an intake of its own. Answers how many came.
    pub fn receive<W: WorldConfig<Schema = S>>(&mut self, world: &mut World<W>) -> usize {
        let received = crate::receive::receive(world, self);
        self.moved.0 += received;
        received
    }

    /// Entities that are on their way to this world, or to the array it is in.
    pub fn pending_transfers(&self) -> usize {
        self.inlets.iter().map(Inlet::pending).sum()
    }

    /// Events that are on their way to this world.
    pub fn pending_events(&self) -> usize {
        self.events.pending.count()
    }

    /// Whether nothing waits to come in.
    pub(crate) fn nothing_waits(&self) -> bool {
        self.inlets.iter().all(Inlet::is_empty) && self.events.nothing_waits()
    }

    /// Problems since the last call, each reported once.
    pub fn drain_problems(&mut self) -> impl Iterator<Item = Problem> + '_ {
        self.problems.drain(..)
    }

    /// Sends the ids of guests that died here home, in batches. Ids whose
    /// origin has no room for more batches wait for the next call. Tells the directory of
    /// all who died here.
    pub(crate) fn send_returns(&mut self, dead: &mut Vec<Entity>) {
        let own = self.id + 1;
        for entity in dead.drain(..) {
            self.directory.note_dead(entity);
            if entity.origin() == own {
                continue;
            }
            // An origin outside of this coordinator has no way home.
            if let Some(batch) = self.returning.get_mut((entity.origin() as usize).wrapping_sub(1))
            {
                batch.push(entity);
                self.has_returning = true;
            }
        }
        if !self.has_returning {
            return;
        }
        self.has_returning = false;
        for (batch, home) in self.returning.iter_mut().zip(self.returns.iter()) {
            if !batch.is_empty() && !home.send(batch) {
                self.has_returning = true;
            }
        }
    }

    /// Drops empty blocks and lists that are kept for the next batch.
    pub(crate) fn shrink(&mut self) {
        self.outlets.iter_mut().flat_map(|outlet| &mut outlet.lanes).for_each(LaneSource::shrink);
        self.returns[self.place_of_origin()].shrink();
        self.returning.iter_mut().for_each(Vec::shrink_to_fit);
        self.came.shrink_to_fit();
        self.kept.shrink_to_fit();
        self.batch.shrink_to_fit();
        self.trees.shrink_to_fit();
        if self.plan.is_empty() {
            self.plan = Plan::default();
        }
    }

    /// Tells the directory who has come through inboxes that members of an array share.
    pub(crate) fn tell_came(&mut self) {
        for (entity, first) in self.came.drain(..) {
            self.directory.note_taker(entity, first, self.id);
        }
    }

    /// Puts down that the entities of a block come to this world.
    pub(crate) fn note_back(&self, block: &Block<S>) {
        for block in std::iter::successors(Some(block), |block| block.next()) {
            self.directory.note(block.ids().iter().copied().flatten(), Whither::at(self.id));
        }
    }

    /// Calls `reclaim` with the id of each entity of this world that died abroad;
    /// in lock-step in order, since they come in any.
    pub(crate) fn receive_returns(&self, reclaim: impl FnMut(Entity)) {
        self.returns[self.place_of_origin()].receive(self.step.is_some(), reclaim);
    }

    fn place_of_origin(&self) -> usize {
        self.id as usize
    }

    /// Blocks with entities on their way out of this world that no target has
    /// popped, by outlet.
    pub(crate) fn spilled_blocks(&self) -> impl Iterator<Item = (usize, &Block<S>)> {
        let outlets: &[Outlet<S>] = if self.spills { &self.outlets } else { &[] };
        outlets.iter().enumerate().flat_map(|(index, outlet)| {
            outlet.spill.iter().flatten().map(move |block| (index, block))
        })
    }

    /// How many entities these blocks hold.
    pub(crate) fn spilled(&self) -> usize {
        if self.spills { self.outlets.iter().map(Outlet::spilled).sum() } else { 0 }
    }

    /// Takes one entity out of the spills, as if its target had taken it.
    pub(crate) fn pop_spilled(&mut self) -> Option<EntityTransfer<S>> {
        let mut popped = self.outlets.iter_mut().find_map(Outlet::pop_spilled)?;
        popped.come_from(self.id);
        Some(popped)
    }

    /// Drops what is on its way to this world, or waits in spills to leave it.
    pub(crate) fn drop_in_flight(&mut self) {
        for outlet in &mut self.outlets {
            for block in outlet.spill.iter_mut().flat_map(|spill| spill.drain(..)) {
                outlet.counters.add_dropped(block.len());
            }
        }
        for inlet in &mut self.inlets {
            for lane in [PRIORITY, NORMAL] {
                while let Some(mut front) = inlet.open(lane, Fate::Dropped, None) {
                    front.block().clear();
                }
            }
        }
        self.events.drop_in_flight();
    }

    /// Publishes what the world looks like from outside.
    pub(crate) fn publish(&self, entities: usize, waiting: usize, pressed: bool) {
        // ORDERING: relaxed: figures, on which nothing else depends. A source
        // that reads an old pressure admits one tick's worth too many, which
        // the queues then hold back.
        self.counters.entities.store(entities as u64, Ordering::Relaxed);
        self.counters.outbox.store(waiting as u64, Ordering::Relaxed);
        let bits = match self.step {
            None if pressed => u64::MAX,
            None => 0,
            Some(tick) => {
                // Others still read the bit of this tick.
                let bit = pressure_bit(tick + 1);
                let old = self.counters.pressed.load(Ordering::Relaxed);
                if pressed { old | bit } else { old & !bit }
            }
        };
        self.counters.pressed.store(bits, Ordering::Relaxed);
    }

    /// Says what can be taken in the next tick in lock-step, of inboxes that
    /// members of an array share.
    pub(crate) fn want(&mut self, room: usize) {
        for inlet in self.inlets.iter_mut().filter(|inlet| inlet.shared) {
            inlet.lanes[PRIORITY].want(PRIORITY_BURST, room == 0);
            inlet.lanes[NORMAL].want(1, room == 0);
        }
    }

    /// A tick in lock-step begins: what was sent in the last one is put in order.
    pub(crate) fn begin_step(&mut self, tick: u64) {
        self.step = Some(tick);
        for lane in self.inlets.iter_mut().flat_map(|inlet| &mut inlet.lanes) {
            lane.collect(tick, &self.ids);
        }
    }

    /// The lock-step is over.
    pub(crate) fn leave_step(&mut self) {
        self.step = None;
        for lane in self.outlets.iter_mut().flat_map(|outlet| &mut outlet.lanes) {
            lane.end_grant();
        }
        for lane in self.inlets.iter_mut().flat_map(|inlet| &mut inlet.lanes) {
            lane.settle(&self.ids);
        }
    }
}

impl<S: Schema> fmt::Debug for Endpoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("outlets", &self.outlets.iter().map(|outlet| outlet.end).collect::<Vec<_>>())
            .field("pending", &self.pending_transfers())
            .finish_non_exhaustive()
    }
}

/// Which bit of a world's pressure is read in a tick in lock-step.
pub(crate) const fn pressure_bit(tick: u64) -> u64 {
    1 << (tick % 2)
}

/// How entities of an ordinary batch travel.
pub(crate) const fn batch_flags(priority: bool, moved: bool) -> TransferFlags {
    TransferFlags { destroy_on_arrive: moved, priority, full_transfer: true }
}
