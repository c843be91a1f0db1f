//! An edge's end at its target.

use std::sync::Arc;

use ecs_core::block::Block;
use ecs_core::schema::Schema;

use crate::counters::EdgeCounters;
use crate::lane::LaneTarget;
use crate::outlet::{NORMAL, PRIORITY};
use crate::quiet::Quiet;

/// An edge's end at the target: from one source, or from all that share an inbox.
pub(crate) struct Inlet<S: Schema> {
    pub(crate) lanes: [LaneTarget<S>; 2],
    /// By the source's place in the coordinator.
    pub(crate) counters: Vec<Option<Arc<EdgeCounters>>>,
    /// How many entities the world leaves room for beyond those that come
    /// through here: a batch where the edge leads into a cycle, else none.
    pub(crate) headroom: usize,
    /// The first member's id, if members of an array share this inbox.
    pub(crate) group: Option<u16>,
    /// Whether members of an array take turns here.
    pub(crate) shared: bool,
    /// Whether this end counts what is in the queue: one of those that share it.
    pub(crate) owner: bool,
}

impl<S: Schema> Inlet<S> {
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.iter().all(LaneTarget::is_empty)
    }

    pub(crate) fn pending(&self) -> usize {
        self.lanes.iter().map(|lane| lane.pending.count()).sum()
    }

    /// Takes the front block of a lane in hand; what is moved out of it has
    /// this `fate`.
    pub(crate) fn open<'a>(
        &'a mut self,
        lane: usize,
        fate: Fate,
        quiet: Option<&'a Quiet>,
    ) -> Option<Opened<'a, S>> {
        let block = self.lanes[lane].take_front()?;
        let before = block.total();
        Some(Opened { inlet: self, lane, fate, quiet, block: Some(block), before, more: false })
    }

    /// Accounts for what was popped one by one.
    pub(crate) fn settle(&mut self, quiet: Option<&Quiet>) {
        for lane in [PRIORITY, NORMAL] {
            if self.lanes[lane].popped > 0 {
                drop(self.open(lane, Fate::Received, quiet));
            }
        }
    }
}

/// What becomes of entities that leave a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They have come to the target.
    Received,
    /// They are back in the world that they came from.
    Returned,
    /// They were dropped.
    Dropped,
}

/// The front block of a lane. Dropped, also while a panic passes, it accounts
/// for what was moved out, and puts the rest back. Where more is to come in this tick, it
/// accounts for all of a block at once.
pub(crate) struct Opened<'a, S: Schema> {
    inlet: &'a mut Inlet<S>,
    lane: usize,
    fate: Fate,
    quiet: Option<&'a Quiet>,
    block: Option<Block<S>>,
    before: usize,
    pub(crate) more: bool,
}

impl<S: Schema> Opened<'_, S> {
    pub(crate) fn block(&mut self) -> &mut Block<S> {
        self.block.as_mut().expect("until it is dropped")
    }
}

impl<S: Schema> Drop for Opened<'_, S> {
    fn drop(&mut self) {
        let Some(block) = self.block.take() else { return };
        let (left, empty, source) = (block.total(), block.is_empty(), block.source());
        let lane = &mut self.inlet.lanes[self.lane];
        lane.put_front(block);
        lane.popped += self.before - left;
        if lane.popped == 0 || self.more && !empty {
            return;
        }
        let count = std::mem::take(&mut lane.popped);
        if let Some(quiet) = self.quiet {
            quiet.taking();
        }
        lane.moved_out(count);
        if let Some(counters) = &self.inlet.counters[source as usize] {
            match self.fate {
                Fate::Received => counters.add_received(count),
                Fate::Returned => counters.add_returned(count),
                Fate::Dropped => counters.add_dropped(count),
            }
        }
    }
}
