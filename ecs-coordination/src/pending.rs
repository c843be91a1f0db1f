//! How many entities are in a lane: the room that a source reserves before it
//! pushes, and a receiver gives back.
//!
//! # Protocol
//!
//! A source reserves room, then pushes a block with as many entities. A receiver
//! pops a block, sees to its entities, and only then gives their room back. So
//! the count is at least the number of entities in the queue, and as every block
//! holds one or more of them, a queue with a place for each entity of the
//! capacity has a place for each block: a push after a reservation never finds
//! it full.
//!
//! A count of zero says that the lane is empty, and who reads it sees all that
//! the receivers did before they gave the room back.
// Public to the loom models only.
#![allow(unreachable_pub)]

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicUsize, Ordering};

/// Entities in a lane, or about to be.
#[derive(Debug)]
pub struct Pending {
    count: CachePadded<AtomicUsize>,
    capacity: usize,
}

impl Pending {
    /// None, with room for `capacity`.
    pub fn new(capacity: usize) -> Self {
        Self { count: CachePadded::new(AtomicUsize::new(0)), capacity }
    }

    /// Entities that are in the lane now, or about to be.
    pub fn count(&self) -> usize {
        // ORDERING: relaxed: a figure, on which nothing else depends.
        self.count.load(Ordering::Relaxed)
    }

    /// Whether nothing is in the lane, for who then looks at what its source
    /// and target did before.
    pub fn settled(&self) -> bool {
        // ORDERING: acquire, with the release in `release`.
        self.count.load(Ordering::Acquire) == 0
    }

    /// The most entities.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes room for up to `wanted` entities while no more than `limit` are in
    /// the lane. Answers for how many.
    pub fn reserve(&self, wanted: usize, limit: usize) -> usize {
        self.reserve_from(1, wanted, limit)
    }

    /// As [`reserve`](Self::reserve), for all of `wanted` or none.
    pub fn reserve_whole(&self, wanted: usize, limit: usize) -> bool {
        wanted > 0 && self.reserve_from(wanted, wanted, limit) == wanted
    }

    /// Takes room for `least` to `wanted` entities, or none.
    fn reserve_from(&self, least: usize, wanted: usize, limit: usize) -> usize {
        // ORDERING: relaxed: a guess, which the exchange checks.
        let mut count = self.count.load(Ordering::Relaxed);
        loop {
            let granted = limit.saturating_sub(count).min(wanted);
            if granted < least {
                return 0;
            }
            // ORDERING: acquire on success, with the release in `release`: the
            // pop that made the room is seen, so the push finds a free place. All
            // changes are read-modify-writes, so the releases before the one that
            // is read are seen too. Relaxed on failure: nothing was taken.
            match self.count.compare_exchange_weak(
                count,
                count + granted,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return granted,
                Err(found) => count = found,
            }
        }
    }

    /// Gives room for `count` entities back.
    pub fn release(&self, count: usize) {
        // ORDERING: release, with the acquire in `reserve` and `settled`.
        let before = self.count.fetch_sub(count, Ordering::Release);
        debug_assert!(before >= count, "room comes back once");
    }
}
