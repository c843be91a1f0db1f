//! Where blocks wait between two worlds: a ring for one source, or an inbox for
//! several, and the way home for empty blocks.
//!
//! # Protocol
//!
//! `pending` counts the entities that are in the lane; see [`Pending`], also for
//! why a push after a reservation never finds the queue full. A source first
//! reserves room for entities, never beyond its limit, then fills a block and
//! pushes it. A receiver pops a block and gives room back as it moves entities
//! out.
//!
//! A block is in exactly one place: in the hands of the source or the receiver,
//! in `full`, or in `empty`. At most `capacity` blocks exist per lane and
//! source, so the way home has room for all; where it has not, the block is
//! freed.
//!
//! - **Full**: a [`Batch`] has less room than was asked for, or there is none. A unit
//!   has room for all of it or none; its blocks stand behind each other in one place.
//! - **Panic**: room that was reserved and not used is given back.
//! - **Lock-step**: a source has no more room than it was granted, and a target
//!   takes batches in order of their sources' ids; see
//!   [`exchange`](crate::exchange).
//! - **Drop**: blocks left in either queue drop their entities, once.
// Public to the loom models only.
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use ecs_core::block::Block;
use ecs_core::entity::Entity;
use ecs_core::schema::Schema;

use crate::counters::EdgeCounters;
use crate::directory::{Directory, Whither};
use crate::exchange::{Exchange, drain_by_source};
use crate::pending::Pending;
use crate::ring::{self, Consumer, Producer};
use crate::shared::SharedQueue;
use crate::sync;

struct Shared<S: Schema> {
    full: SharedQueue<Block<S>>,
    empty: SharedQueue<Block<S>>,
    /// How many receivers.
    members: usize,
    /// Of use in lock-step only.
    exchange: Mutex<Exchange<S>>,
}

impl<S: Schema> Shared<S> {
    fn exchange(&self) -> MutexGuard<'_, Exchange<S>> {
        self.exchange.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

enum SourceQueues<S: Schema> {
    Ring { full: Producer<Block<S>>, empty: Consumer<Block<S>> },
    Inbox(sync::Arc<Shared<S>>),
}

enum TargetQueues<S: Schema> {
    Ring { full: Consumer<Block<S>>, empty: Producer<Block<S>> },
    Inbox(sync::Arc<Shared<S>>),
}

/// A source's end of a lane.
pub struct LaneSource<S: Schema> {
    pub(crate) pending: Arc<Pending>,
    queues: SourceQueues<S>,
    /// A block in hand for the next batch.
    spare: Option<Block<S>>,
    block_bytes: usize,
    /// In lock-step: for how many more entities there is room in this tick.
    grant: Option<usize>,
    /// Where to put down that entities leave, and as what; set by who wires the lane.
    pub(crate) directory: Option<(Arc<Directory>, Whither)>,
}

/// A target's end of a lane.
pub struct LaneTarget<S: Schema> {
    pub(crate) pending: Arc<Pending>,
    queues: TargetQueues<S>,
    /// The block in front, of which some entities may have been moved out.
    front: Option<Block<S>>,
    /// In lock-step: blocks that were taken out of the queue, in their order.
    waiting: VecDeque<Block<S>>,
    /// The place among those who share the inbox.
    member: usize,
    /// In lock-step, members of an array take what was dealt to them only.
    dealt: bool,
    /// How many were popped one by one from the front block and not accounted for.
    pub(crate) popped: usize,
}

/// A lane from one source to one target.
pub fn ring_lane<S: Schema>(capacity: usize, block_bytes: usize) -> (LaneSource<S>, LaneTarget<S>) {
    let (full_in, full_out) = ring::channel(capacity);
    let (empty_in, empty_out) = ring::channel(capacity);
    let pending = Arc::new(Pending::new(capacity));
    let source = SourceQueues::Ring { full: full_in, empty: empty_out };
    let target = TargetQueues::Ring { full: full_out, empty: empty_in };
    (LaneSource::new(pending.clone(), source, block_bytes), LaneTarget::new(pending, target, 0))
}

/// A lane that several sources and targets share.
pub struct Inbox<S: Schema> {
    pending: Arc<Pending>,
    shared: sync::Arc<Shared<S>>,
    block_bytes: usize,
}

impl<S: Schema> Inbox<S> {
    /// With so many receivers.
    pub fn new(capacity: usize, block_bytes: usize, members: usize) -> Self {
        let queue = || SharedQueue::new(capacity);
        let exchange = Mutex::new(Exchange::new(members));
        let shared = sync::Arc::new(Shared { full: queue(), empty: queue(), members, exchange });
        Self { pending: Arc::new(Pending::new(capacity)), shared, block_bytes }
    }

    pub fn source(&self) -> LaneSource<S> {
        let queues = SourceQueues::Inbox(self.shared.clone());
        LaneSource::new(self.pending.clone(), queues, self.block_bytes)
    }

    /// The end of the receiver with this number.
    pub fn target(&self, member: usize) -> LaneTarget<S> {
        let queues = TargetQueues::Inbox(self.shared.clone());
        LaneTarget::new(self.pending.clone(), queues, member)
    }
}

impl<S: Schema> LaneSource<S> {
    fn new(pending: Arc<Pending>, queues: SourceQueues<S>, block_bytes: usize) -> Self {
        Self { pending, queues, spare: None, block_bytes, grant: None, directory: None }
    }

    /// For how many entities there is room, while no more than `limit` are in
    /// the lane.
    pub(crate) fn room(&self, limit: usize) -> usize {
        self.grant.unwrap_or_else(|| limit.saturating_sub(self.pending.count()))
    }

    /// In lock-step, the world with the id `source` asks for room.
    /// Of the entities, `wanted` are all, and as many of them as it says go together.
    pub(crate) fn ask(&self, tick: u64, source: u16, wanted: (usize, usize), limit: usize) {
        if let SourceQueues::Inbox(shared) = &self.queues
            && wanted.0 > 0
        {
            shared.exchange().ask(tick, source, wanted, limit);
        }
    }

    /// In lock-step, takes what room was granted to whoever asked.
    pub(crate) fn take_grant(&mut self, tick: u64, source: u16, wanted: usize, limit: usize) {
        let pending = self.pending.count();
        self.grant = Some(match &self.queues {
            _ if wanted == 0 => 0,
            // Nobody else sends here, and nobody receives now.
            SourceQueues::Ring { .. } => limit.saturating_sub(pending),
            SourceQueues::Inbox(shared) => shared.exchange().grant(tick, source, pending),
        });
    }

    /// There is as much room as there is.
    pub(crate) fn end_grant(&mut self) {
        self.grant = None;
    }

    /// Drops the empty blocks that have come home.
    pub(crate) fn shrink(&mut self) {
        self.spare = None;
        match &mut self.queues {
            SourceQueues::Ring { empty, .. } => while empty.pop().is_some() {},
            SourceQueues::Inbox(shared) => while shared.empty.pop().is_some() {},
        }
    }

    /// An empty block.
    pub fn block(&mut self) -> Block<S> {
        let home = || match &mut self.queues {
            SourceQueues::Ring { empty, .. } => empty.pop(),
            SourceQueues::Inbox(shared) => shared.empty.pop(),
        };
        self.spare.take().or_else(home).unwrap_or_else(|| Block::new(self.block_bytes))
    }

    /// Reserves room for up to `wanted` entities, while no more than `limit` are
    /// in the lane. `None` if there is none.
    pub fn batch(&mut self, wanted: usize, limit: usize) -> Option<Batch<'_, S>> {
        let room = match &mut self.grant {
            None => self.pending.reserve(wanted, limit),
            Some(grant) => {
                // What was granted is there, whatever limits the others have.
                let room = self.pending.reserve(wanted.min(*grant), self.pending.capacity());
                *grant -= room;
                room
            }
        };
        if room == 0 {
            return None;
        }
        Some(Batch { lane: self, room, block: None })
    }

    /// As [`batch`](Self::batch), for all of `wanted` or none.
    pub(crate) fn batch_whole(&mut self, wanted: usize, limit: usize) -> Option<Batch<'_, S>> {
        let reserved = match &mut self.grant {
            None => self.pending.reserve_whole(wanted, limit),
            Some(grant) if *grant < wanted => false,
            Some(grant) => {
                let reserved = self.pending.reserve_whole(wanted, self.pending.capacity());
                *grant -= if reserved { wanted } else { 0 };
                reserved
            }
        };
        reserved.then(|| Batch { lane: self, room: wanted, block: None })
    }

    /// A batch of a block that has been filled, for whose entities, and maybe more, room was
    /// reserved.
    pub(crate) fn batch_of(&mut self, block: Block<S>, room: usize) -> Batch<'_, S> {
        Batch { lane: self, room, block: Some(block) }
    }

    /// Puts down where these entities go.
    pub(crate) fn note(&self, entities: impl IntoIterator<Item = Option<Entity>>) {
        if let Some((directory, place)) = &self.directory {
            directory.note(entities.into_iter().flatten(), *place);
        }
    }

    /// Puts down where the entities of a block go.
    pub(crate) fn note_block(&self, block: &Block<S>) {
        for block in std::iter::successors(Some(block), |block| block.next()) {
            self.note(block.ids().iter().copied());
        }
    }

    /// Publishes a block for whose entities room was reserved.
    fn push(&mut self, block: Block<S>) {
        debug_assert!(!block.is_empty());
        // Before the target can send them on.
        self.note_block(&block);
        let pushed = match &mut self.queues {
            SourceQueues::Ring { full, .. } => full.push(block),
            SourceQueues::Inbox(shared) => shared.full.push(block),
        };
        assert!(pushed.is_ok(), "a block whose entities have room has a place in its queue");
    }
}

/// A block to fill, and the room for its entities. Dropped, also while a panic
/// passes, it gives the room back.
pub struct Batch<'a, S: Schema> {
    lane: &'a mut LaneSource<S>,
    room: usize,
    block: Option<Block<S>>,
}

impl<S: Schema> Batch<'_, S> {
    /// For how many entities there is room.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// The block, to fill with no more than there is room for.
    pub fn block(&mut self) -> &mut Block<S> {
        let Self { lane, block, .. } = self;
        block.get_or_insert_with(|| lane.block())
    }

    /// Publishes what is in the block, and counts it as taken. Answers how many
    /// entities.
    pub fn send(mut self, counters: &EdgeCounters) -> usize {
        let block = self.block.take();
        let count = block.as_ref().map_or(0, Block::total);
        if count > 0 {
            counters.add_taken(count);
        }
        self.publish(block, counters)
    }

    /// Publishes a unit that `fill` makes of blocks, and counts it as taken. Answers how
    /// many entities.
    pub(crate) fn send_unit(
        mut self,
        counters: &EdgeCounters,
        fill: impl FnOnce(&mut dyn FnMut() -> Block<S>) -> Option<Block<S>>,
    ) -> usize {
        let unit = fill(&mut || self.lane.block());
        self.block = unit;
        self.send(counters)
    }

    /// Publishes what is in the block, which was counted when it was taken.
    pub(crate) fn send_again(mut self, counters: &EdgeCounters) -> usize {
        let block = self.block.take();
        self.publish(block, counters)
    }

    /// Publishes a block that was filled before there was room for it.
    pub fn send_filled(mut self, block: Block<S>, counters: &EdgeCounters) -> usize {
        self.publish(Some(block), counters)
    }

    fn publish(&mut self, block: Option<Block<S>>, counters: &EdgeCounters) -> usize {
        match block {
            Some(block) if !block.is_empty() => {
                let count = block.total();
                assert!(count <= self.room, "a batch holds what there is room for");
                counters.add_batch();
                self.lane.push(block);
                self.room -= count;
                count
            }
            unused => {
                self.block = unused;
                0
            }
        }
    }
}

impl<S: Schema> Drop for Batch<'_, S> {
    fn drop(&mut self) {
        // A block that still holds entities was left by a panic: it drops them.
        if let Some(block) = self.block.take_if(|block| block.is_empty()) {
            self.lane.spare = Some(block);
        }
        if self.room > 0 {
            self.lane.pending.release(self.room);
            self.lane.grant = self.lane.grant.map(|grant| grant + self.room);
        }
    }
}

impl<S: Schema> LaneTarget<S> {
    fn new(pending: Arc<Pending>, queues: TargetQueues<S>, member: usize) -> Self {
        Self {
            pending,
            queues,
            front: None,
            waiting: VecDeque::new(),
            member,
            dealt: false,
            popped: 0,
        }
    }

    /// The block in front, if any.
    pub fn front(&mut self) -> Option<&mut Block<S>> {
        if self.front.is_none() {
            let queued = || match &mut self.queues {
                _ if self.dealt => None,
                // A pop of an empty queue costs a fence. Entities are counted before
                // their block is pushed, so where there are none, there is no block. A
                // count that is not seen yet is that of a source which has not woken
                // this world yet, either: the next tick sees it.
                _ if self.pending.count() == 0 => None,
                TargetQueues::Ring { full, .. } => full.pop(),
                TargetQueues::Inbox(shared) => shared.full.pop(),
            };
            self.front = self.waiting.pop_front().or_else(queued);
        }
        self.front.as_mut()
    }

    /// In lock-step, says how many batches can be taken in the next tick, so
    /// that up to `most` are at hand; `none` if the world has no room.
    pub(crate) fn want(&mut self, most: usize, none: bool) {
        let TargetQueues::Inbox(shared) = &self.queues else { return };
        if shared.members > 1 {
            let at_hand = usize::from(self.front.is_some()) + self.waiting.len();
            let wanted = if none { 0 } else { most.saturating_sub(at_hand) };
            shared.exchange().want(self.member, wanted);
        }
    }

    /// In lock-step, takes what was sent in the last tick, in order of the
    /// sources' `ids`, which stand by place; of a shared inbox, what is dealt
    /// to this member.
    pub(crate) fn collect(&mut self, tick: u64, ids: &[u16]) {
        let TargetQueues::Inbox(shared) = &self.queues else { return };
        if shared.members > 1 {
            self.dealt = true;
            shared.exchange().fetch(tick, self.member, &shared.full, ids, &mut self.waiting);
        } else {
            let ordered = self.waiting.len();
            drain_by_source(&shared.full, ids, &mut self.waiting, ordered);
        }
    }

    /// The lock-step is over, and what was sent last is put in order; takes what
    /// comes again.
    pub(crate) fn settle(&mut self, ids: &[u16]) {
        let TargetQueues::Inbox(shared) = &self.queues else { return };
        if shared.members > 1 {
            self.dealt = false;
            shared.exchange().settle(&shared.full, ids);
        } else {
            let ordered = self.waiting.len();
            drain_by_source(&shared.full, ids, &mut self.waiting, ordered);
        }
    }

    /// `count` entities were moved out of the front block; an empty one goes home.
    pub fn moved_out(&mut self, count: usize) {
        while self.front.as_ref().is_some_and(Block::is_empty)
            && let Some(mut block) = self.front.take()
        {
            self.front = block.take_next();
            let _ = match &mut self.queues {
                TargetQueues::Ring { empty, .. } => empty.push(block),
                TargetQueues::Inbox(shared) => shared.empty.push(block),
            };
        }
        self.pending.release(count);
    }

    /// Whether nothing waits here.
    pub fn is_empty(&self) -> bool {
        self.front.is_none()
            && self.waiting.is_empty()
            && match &self.queues {
                TargetQueues::Ring { full, .. } => full.is_empty(),
                TargetQueues::Inbox(shared) => shared.full.is_empty(),
            }
    }

    /// Takes the front block into hand, for [`put_front`](Self::put_front).
    pub(crate) fn take_front(&mut self) -> Option<Block<S>> {
        self.front();
        self.front.take()
    }

    /// Puts the block back that was taken into hand.
    pub(crate) fn put_front(&mut self, block: Block<S>) {
        self.front = Some(block);
    }

    /// Calls `visit` with every block that waits: the one in front, and with
    /// `all` those in the queue. Only at rest: what is pushed meanwhile may be
    /// missed.
    pub(crate) fn for_each(&mut self, all: bool, mut visit: impl FnMut(&Block<S>)) {
        // A unit is several blocks in one place.
        let mut visit = |first: &Block<S>| {
            core::iter::successors(Some(first), |block| block.next()).for_each(&mut visit);
        };
        self.front.iter().chain(&self.waiting).for_each(&mut visit);
        match &mut self.queues {
            _ if !all => {}
            TargetQueues::Ring { full, .. } => full.iter().for_each(visit),
            TargetQueues::Inbox(shared) => {
                // A round trip through the queue: it can't be walked in place
                // while others hold it.
                for _ in 0..shared.full.len() {
                    let Some(block) = shared.full.pop() else { break };
                    visit(&block);
                    let _ = shared.full.push(block);
                }
            }
        }
    }
}

impl<S: Schema> fmt::Debug for LaneSource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneSource").field("pending", &self.pending.count()).finish()
    }
}

impl<S: Schema> fmt::Debug for LaneTarget<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneTarget").field("pending", &self.pending.count()).finish()
    }
}
