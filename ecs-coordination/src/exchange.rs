//! How sources share the room of an inbox, and members of an array its batches,
//! in lock-step: by what all have told, in order of their ids, never by who
//! comes first.
//!
//! # Protocol
//!
//! A tick in lock-step has two parts, with a barrier after each (see
//! [`lock_step`](crate::lock_step)). What is told in one part is read in the next:
//!
//! | part | sources | members that share the inbox |
//! |---|---|---|
//! | work | [`ask`](Exchange::ask) for room | [`fetch`](Exchange::fetch) what is dealt to them |
//! | send | [`grant`](Exchange::grant) answers | [`want`](Exchange::want) says how many batches they can take |
//!
//! Whoever is the first in a part computes the answers for all, under the lock,
//! from what was told before the barrier. So they are the same whoever that is.

use std::collections::VecDeque;

use ecs_core::block::Block;
use ecs_core::schema::Schema;

use crate::shared::SharedQueue;

/// What one source asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ask {
    /// The source's id.
    source: u16,
    /// Entities that want to go.
    wanted: usize,
    /// How many of these go together, before the others, or not at all.
    whole: usize,
    /// The most entities in the lane before this source must wait.
    limit: usize,
    granted: usize,
}

/// The accounts of one lane that is an inbox.
pub(crate) struct Exchange<S: Schema> {
    /// Of the tick `asked`.
    asks: Vec<Ask>,
    asked: u64,
    /// Whether the asks were answered.
    answered: bool,
    /// By member: how many batches it can take.
    wants: Vec<usize>,
    /// The tick for which batches were dealt.
    dealt: Option<u64>,
    /// By member: what it has not fetched yet.
    hands: Vec<VecDeque<Block<S>>>,
    /// Batches in front of the queue that are in order: they found no taker.
    left: usize,
    /// Where batches are put in order.
    sorting: VecDeque<Block<S>>,
}

impl<S: Schema> Exchange<S> {
    /// For an inbox with so many receivers.
    pub(crate) fn new(members: usize) -> Self {
        Self {
            asks: Vec::new(),
            asked: 0,
            answered: false,
            wants: vec![0; members],
            dealt: None,
            hands: (0..members).map(|_| VecDeque::new()).collect(),
            left: 0,
            sorting: VecDeque::new(),
        }
    }

    /// A source asks for room for `wanted` entities, of which `whole` go together, to be
    /// granted in this tick.
    pub(crate) fn ask(
        &mut self,
        tick: u64,
        source: u16,
        (wanted, whole): (usize, usize),
        limit: usize,
    ) {
        if self.asked != tick || self.answered {
            self.asks.clear();
            (self.asked, self.answered) = (tick, false);
        }
        self.asks.push(Ask { source, wanted, whole, limit, granted: 0 });
    }

    /// For how many entities there is room for a source that asked in this tick;
    /// `pending` are in the lane, until the first answer.
    pub(crate) fn grant(&mut self, tick: u64, source: u16, pending: usize) -> usize {
        if self.asked != tick {
            return 0;
        }
        if !std::mem::replace(&mut self.answered, true) {
            share_out(&mut self.asks, pending, tick);
        }
        let ask = self.asks.iter().find(|ask| ask.source == source);
        ask.map_or(0, |ask| ask.granted)
    }

    /// A member can take `count` batches in the next tick.
    pub(crate) fn want(&mut self, member: usize, count: usize) {
        self.wants[member] = count;
    }

    /// Moves what is dealt to a member in this tick to `out`. `ids` are the
    /// worlds' ids by place.
    pub(crate) fn fetch(
        &mut self,
        tick: u64,
        member: usize,
        full: &SharedQueue<Block<S>>,
        ids: &[u16],
        out: &mut VecDeque<Block<S>>,
    ) {
        if self.dealt != Some(tick) {
            self.dealt = Some(tick);
            self.deal(tick, full, ids);
        }
        out.append(&mut self.hands[member]);
    }

    /// Deals batches one by one, oldest first, to members in turn, as many as
    /// each wants.
    fn deal(&mut self, tick: u64, full: &SharedQueue<Block<S>>, ids: &[u16]) {
        self.collect(full, ids);
        let Self { wants, hands, sorting, .. } = self;
        let (members, mut idle) = (wants.len(), 0);
        let mut member = tick as usize % members;
        while idle < members && !sorting.is_empty() {
            if hands[member].len() < wants[member] {
                hands[member].extend(sorting.pop_front());
                idle = 0;
            } else {
                idle += 1;
            }
            member = (member + 1) % members;
        }
        // Whoever ticks no more tells nothing, and is dealt nothing.
        wants.fill(0);
        self.put_back(full);
    }

    /// Puts the queue in order, and what nobody has fetched back into it.
    pub(crate) fn settle(&mut self, full: &SharedQueue<Block<S>>, ids: &[u16]) {
        self.collect(full, ids);
        self.put_back(full);
    }

    /// Moves all batches that no member has to where they are put in order.
    fn collect(&mut self, full: &SharedQueue<Block<S>>, ids: &[u16]) {
        let Self { hands, left, sorting, .. } = self;
        // Those whose world ticks no more.
        sorting.extend(hands.iter_mut().flat_map(|hand| hand.drain(..)));
        let ordered = sorting.len() + *left;
        drain_by_source(full, ids, sorting, ordered);
    }

    fn put_back(&mut self, full: &SharedQueue<Block<S>>) {
        self.left = self.sorting.len();
        for block in self.sorting.drain(..) {
            assert!(full.push(block).is_ok(), "there is a place for what was in the queue");
        }
    }
}

/// Moves all batches of an inbox to `out`: the first `ordered` stand as they are,
/// the others are sorted by their sources' ids, each source's in its order.
pub(crate) fn drain_by_source<S: Schema>(
    full: &SharedQueue<Block<S>>,
    ids: &[u16],
    out: &mut VecDeque<Block<S>>,
    ordered: usize,
) {
    let before = out.len();
    out.extend(std::iter::from_fn(|| full.pop()));
    if out.len() == before {
        return;
    }
    let id = |block: &Block<S>| ids[block.source() as usize];
    let blocks = out.make_contiguous();
    let new = ordered.min(blocks.len());
    let new = &mut blocks[new..];
    if !new.is_sorted_by_key(id) {
        new.sort_by_key(id);
    }
}

/// Shares the room of a lane out among those who ask: to each an equal part of
/// it, then what is left, in order of ids from one that is another in each tick. What
/// goes together comes first, in the same order.
fn share_out(asks: &mut [Ask], pending: usize, tick: u64) {
    asks.sort_unstable_by_key(|ask| ask.source);
    let count = asks.len();
    let limit = asks.iter().map(|ask| ask.limit).max().unwrap_or(0);
    let part = (limit.saturating_sub(pending) / count.max(1)).max(1);
    let mut taken = pending;
    // What goes together would never find room in equal parts.
    for step in 0..count {
        let ask = &mut asks[(tick as usize % count + step) % count];
        if ask.whole <= ask.limit.saturating_sub(taken) {
            ask.granted = ask.whole;
            taken += ask.whole;
        }
    }
    for most in [part, usize::MAX] {
        for step in 0..count {
            let ask = &mut asks[(tick as usize % count + step) % count];
            let wanted = ask.wanted.min(most).saturating_sub(ask.granted);
            let granted = wanted.min(ask.limit.saturating_sub(taken));
            ask.granted += granted;
            taken += granted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, share_out};

    fn shared(mut asks: Vec<(u16, usize, usize)>, pending: usize, tick: u64) -> Vec<usize> {
        // Whoever asked first.
        let first = tick as usize % asks.len().clamp(1, 2);
        asks.rotate_left(first);
        let ask = |(source, wanted, limit)| Ask { source, wanted, whole: 0, limit, granted: 0 };
        let mut asks: Vec<Ask> = asks.into_iter().map(ask).collect();
        share_out(&mut asks, pending, tick);
        assert!(asks.iter().all(|ask| ask.granted <= ask.wanted));
        asks.iter().map(|ask| ask.granted).collect()
    }

    #[test]
    fn room_is_shared_evenly_and_none_is_left_over() {
        // Enough for all.
        assert_eq!(shared(vec![(0, 3, 16), (1, 5, 16), (4, 0, 16)], 8, 0), [3, 5, 0]);
        // Who needs less leaves it to those who need more.
        assert_eq!(shared(vec![(0, 1, 16), (1, 50, 16), (4, 50, 16)], 4, 0), [1, 7, 4]);
        assert_eq!(shared(vec![(0, 50, 16), (1, 50, 16), (4, 50, 16)], 4, 1), [4, 4, 4]);
        // What can't be divided goes around.
        assert_eq!(shared(vec![(0, 9, 8), (1, 9, 8)], 7, 0), [1, 0]);
        assert_eq!(shared(vec![(0, 9, 8), (1, 9, 8)], 7, 1), [0, 1]);
        assert_eq!(shared(vec![(0, 9, 8), (1, 9, 8)], 8, 1), [0, 0]);
        assert!(shared(vec![], 0, 3).is_empty());
    }

    #[test]
    fn what_goes_together_takes_turns() {
        let granted = |tick| {
            let ask = |source| Ask { source, wanted: 7, whole: 6, limit: 8, granted: 0 };
            let mut asks = [ask(0), ask(1)];
            share_out(&mut asks, 0, tick);
            asks.map(|ask| ask.granted)
        };
        assert_eq!(granted(0), [6, 2]);
        assert_eq!(granted(1), [2, 6]);
    }

    #[test]
    fn who_must_leave_a_batch_free_does() {
        assert_eq!(shared(vec![(0, 9, 4), (1, 9, 8)], 0, 0), [4, 4]);
        assert_eq!(shared(vec![(0, 9, 4), (1, 9, 8)], 4, 0), [0, 4]);
        assert_eq!(shared(vec![(0, 9, 4), (1, 9, 8)], 3, 1), [0, 5]);
    }
}
