//! An edge's end at its source.

use std::collections::VecDeque;
use std::sync::Arc;

use ecs_core::block::Block;
use ecs_core::config::OnFull;
use ecs_core::schema::{Mask, Schema};
use ecs_core::transfer::EntityTransfer;

use crate::counters::EdgeCounters;
use crate::error::{QueueError, QueueErrorKind};
use crate::lane::LaneSource;
use crate::park::Waker;
use crate::stats::EdgeEnd;

/// Which lane of an edge.
pub(crate) const PRIORITY: usize = 0;
pub(crate) const NORMAL: usize = 1;

/// An edge's end at the source.
pub(crate) struct Outlet<S: Schema> {
    pub(crate) end: EdgeEnd,
    /// The places of the target's worlds in the coordinator.
    pub(crate) targets: Vec<usize>,
    pub(crate) lanes: [LaneSource<S>; 2],
    pub(crate) counters: Arc<EdgeCounters>,
    pub(crate) batch_size: usize,
    /// How many threads work through the queue.
    pub(crate) workers: usize,
    /// Where these are several: entities that were in the queue when the dispatch began.
    pub(crate) backlog: usize,
    /// For how many ticks less than a batch waits for more, and has waited.
    pub(crate) linger: u32,
    pub(crate) lingered: u32,
    pub(crate) on_full: OnFull,
    /// The most entities in a lane before this source must wait: the capacity,
    /// or a batch less where the edge leads into a cycle through a shared inbox.
    pub(crate) limit: usize,
    /// The most entities that can go together.
    pub(crate) largest: usize,
    /// By lane: a tree waits for room, and the rest behind it.
    pub(crate) held: [bool; 2],
    /// The archetypes that the target is closed to all others of.
    pub(crate) closed: Option<Vec<Mask>>,
    /// Taken out of the world and not sent yet, by lane, oldest first.
    pub(crate) spill: [VecDeque<Block<S>>; 2],
    /// By lane: those that were queued one by one in this tick, and leave together.
    pub(crate) open: [Option<Open<S>>; 2],
    /// Set while worlds run on threads of their own.
    pub(crate) wakers: Vec<Waker>,
}

/// A block that is being filled one by one, and for how many more there is room in its
/// lane.
pub(crate) struct Open<S: Schema> {
    block: Block<S>,
    room: usize,
}

impl<S: Schema> Outlet<S> {
    /// The id that transfers and hooks name as the target.
    pub(crate) fn target_id(&self) -> u16 {
        let (EdgeEnd::World(id) | EdgeEnd::Group(id)) = self.end;
        id
    }

    pub(crate) fn admits(&self, mask: Mask) -> bool {
        self.closed.as_ref().is_none_or(|masks| masks.contains(&(mask & !S::SPARSE)))
    }

    pub(crate) fn spilled(&self) -> usize {
        self.spill.iter().flatten().map(Block::len).sum()
    }

    /// A dispatch begins.
    pub(crate) fn begin(&mut self) {
        // Where the last one has not come to its end.
        self.held = [false; 2];
        if self.workers > 1 {
            self.backlog = self.lanes.iter().map(|lane| lane.pending.count()).sum();
        }
    }

    /// How many of `left` entities that go the same way are to make the next batch. Where
    /// several threads work through the queue, half of what would be each one's share of all
    /// that waits, and no more than one world can hold: so batches become smaller towards the
    /// end, and uneven work ends evenly (after Polychronopoulos and Kuck, "Guided
    /// self-scheduling", 1987). With enough in the queue they are as large as they can be.
    pub(crate) fn part(&self, left: usize) -> usize {
        let most = left.min(self.batch_size);
        if self.workers < 2 {
            return most;
        }
        let share = (left + self.backlog).div_ceil(2 * self.workers);
        most.min(share).min(self.largest.max(1))
    }

    /// Takes the oldest entity out of a spill, and counts it as received.
    pub(crate) fn pop_spilled(&mut self) -> Option<EntityTransfer<S>> {
        let target = self.target_id();
        let spill = self.spill.iter_mut().find(|spill| !spill.is_empty())?;
        let block = spill.front_mut()?;
        let popped = block.pop(target);
        if block.is_empty() {
            spill.pop_front();
        }
        self.counters.add_received(usize::from(popped.is_some()));
        self.counters.set_spilled(self.spilled());
        popped
    }

    /// In lock-step, keeps one entity at the source until the end of the tick,
    /// ahead of those who leave then.
    pub(crate) fn stage_one(
        &mut self,
        source: u16,
        transfer: EntityTransfer<S>,
    ) -> Result<(), QueueError<EntityTransfer<S>>> {
        if self.spilled() >= self.limit {
            self.counters.add_full();
            return Err(QueueError::new(QueueErrorKind::Full, transfer));
        }
        let flags = transfer.flags();
        let lane = if flags.priority { PRIORITY } else { NORMAL };
        let last = self.spill[lane].back_mut().filter(|block| {
            block.mask() == transfer.mask() && block.flags() == flags && block.room() > 0
        });
        if let Some(block) = last {
            block.push(transfer);
        } else {
            let mut block = self.lanes[lane].block();
            block.begin(transfer.mask(), source, flags);
            block.push(transfer);
            self.spill[lane].push_back(block);
        }
        self.counters.add_taken(1);
        self.counters.set_spilled(self.spilled());
        Ok(())
    }

    /// Whoever waits for the target's edges to fill looks again.
    pub(crate) fn wake(&self) {
        self.wakers.iter().for_each(Waker::wake);
    }

    /// Sends one entity with those that were queued before it in this tick: at once where
    /// they fill a batch, or there is no room for more, else when the tick ends.
    pub(crate) fn gather(
        &mut self,
        source: u16,
        transfer: EntityTransfer<S>,
    ) -> Result<(), QueueError<EntityTransfer<S>>> {
        let flags = transfer.flags();
        let lane = if flags.priority { PRIORITY } else { NORMAL };
        let fits = |open: &Open<S>| {
            open.block.mask() == transfer.mask()
                && open.block.flags() == flags
                && open.block.room() > 0
                && open.block.len() < self.batch_size
        };
        if self.open[lane].as_ref().is_some_and(|open| !fits(open)) {
            self.send_open(lane);
        }
        let Self { open, lanes, spill, limit, batch_size, .. } = self;
        let mut room = open[lane].as_ref().map_or(0, |open| open.room);
        // Those who wait in the spill go first.
        if room == 0 && spill[lane].is_empty() {
            // Twice as much each time, so that no more than half of it is held for nobody.
            let filled = open[lane].as_ref().map_or(0, |open| open.block.len());
            let wanted = filled.clamp(1, *batch_size - filled);
            room = lanes[lane].pending.reserve(wanted, *limit);
        }
        if room == 0 {
            // Who makes room must see what is there.
            self.send_open(lane);
            return Err(QueueError::new(QueueErrorKind::Full, transfer));
        }
        // Now, so that who looks for the entity in this tick knows that it has left.
        lanes[lane].note([transfer.entity()]);
        let open = open[lane].get_or_insert_with(|| {
            let mut block = lanes[lane].block();
            block.begin(transfer.mask(), source, flags);
            Open { block, room: 0 }
        });
        open.block.push(transfer);
        open.room = room - 1;
        Ok(())
    }

    /// Sends those that were queued one by one.
    pub(crate) fn send_open(&mut self, lane: usize) {
        if let Some(Open { block, room }) = self.open[lane].take() {
            let room = room + block.len();
            self.lanes[lane].batch_of(block, room).send(&self.counters);
            self.wake();
        }
    }

    /// Sends one entity as a batch of its own.
    pub(crate) fn send_one(
        &mut self,
        source: u16,
        transfer: EntityTransfer<S>,
    ) -> Result<(), QueueError<EntityTransfer<S>>> {
        let flags = transfer.flags();
        let lane_index = if flags.priority { PRIORITY } else { NORMAL };
        let lane = &mut self.lanes[lane_index];
        // Those who wait in the spill go first.
        let batch = self.spill[lane_index].is_empty().then(|| lane.batch(1, self.limit));
        let Some(mut batch) = batch.flatten() else {
            self.counters.add_full();
            return Err(QueueError::new(QueueErrorKind::Full, transfer));
        };
        let block = batch.block();
        block.begin(transfer.mask(), source, flags);
        block.push(transfer);
        batch.send(&self.counters);
        self.wake();
        Ok(())
    }
}
