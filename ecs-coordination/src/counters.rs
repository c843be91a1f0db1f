//! What is counted on an edge, each side on cache lines of its own.
//!
//! # Protocol
//!
//! A source counts what it takes before it publishes it, a target what it
//! receives after it has popped it. A reader looks at what has left the edge
//! first and at what was taken last, so it never sees more leave than was taken.
// Public to the loom models only.
#![allow(unreachable_pub)]

use crossbeam_utils::CachePadded;

use crate::stats::EdgeCounts;
use crate::sync::{AtomicU64, Ordering};

/// Adds to what only one world writes: a load and a store, which cost nothing, where a
/// read-modify-write holds the processor up.
pub(crate) fn add(counter: &AtomicU64, count: u64, order: Ordering) {
    // ORDERING: relaxed: it reads what this same world has stored. The store's is the caller's.
    counter.store(counter.load(Ordering::Relaxed) + count, order);
}

/// What one side of an edge counts. Only the source world writes these.
#[derive(Debug, Default)]
struct SourceSide {
    taken: AtomicU64,
    returned: AtomicU64,
    shed: AtomicU64,
    dropped: AtomicU64,
    batches: AtomicU64,
    full: AtomicU64,
    refused: AtomicU64,
    spilled: AtomicU64,
    events_sent: AtomicU64,
    events_dropped: AtomicU64,
    events_full: AtomicU64,
}

/// What the other side counts. All members of a target array write these.
#[derive(Debug, Default)]
struct TargetSide {
    received: AtomicU64,
    events_received: AtomicU64,
}

/// The counters of one edge.
#[derive(Debug, Default)]
pub struct EdgeCounters {
    source: CachePadded<SourceSide>,
    target: CachePadded<TargetSide>,
}

impl EdgeCounters {
    /// Entities left the source's world for this edge. Before they are published.
    pub fn add_taken(&self, count: usize) {
        // ORDERING: relaxed. The push that publishes the batch releases it, see
        // `read`.
        add(&self.source.taken, count as u64, Ordering::Relaxed);
    }

    /// Entities came into the target's world. After they were popped.
    pub fn add_received(&self, count: usize) {
        // ORDERING: release, with the acquire in `read`: who sees this sees the
        // `taken` that came before the push whose batch was popped.
        self.target.received.fetch_add(count as u64, Ordering::Release);
    }

    /// Entities that were taken are back in the source's world.
    pub fn add_returned(&self, count: usize) {
        // ORDERING: release, with the acquire in `read`: who sees this sees the
        // `taken` that this same world counted before.
        add(&self.source.returned, count as u64, Ordering::Release);
    }

    /// Entities were taken and dropped, because there was no room.
    pub fn add_shed(&self, count: usize) {
        // ORDERING: relaxed. The release of `shed` comes after it, see `read`.
        add(&self.source.taken, count as u64, Ordering::Relaxed);
        // ORDERING: release, with the acquire in `read`: who sees this sees `taken`.
        add(&self.source.shed, count as u64, Ordering::Release);
    }

    /// Entities in flight were dropped when the coordinator was closed.
    pub fn add_dropped(&self, count: usize) {
        // ORDERING: release, with the acquire in `read`: who sees this sees the
        // `taken` of the batches that were popped to be dropped.
        add(&self.source.dropped, count as u64, Ordering::Release);
    }

    /// A batch goes into the queue.
    pub fn add_batch(&self) {
        // ORDERING: relaxed: a count of its own, which is compared with no other.
        add(&self.source.batches, 1, Ordering::Relaxed);
    }

    /// A batch, or an entity, found no room.
    pub fn add_full(&self) {
        // ORDERING: relaxed: a count of its own, as in `add_batch`.
        add(&self.source.full, 1, Ordering::Relaxed);
    }

    /// The target is closed to an entity's archetype.
    pub fn add_refused(&self) {
        // ORDERING: relaxed: a count of its own, as in `add_batch`.
        add(&self.source.refused, 1, Ordering::Relaxed);
    }

    /// This many entities wait in the spill now.
    pub fn set_spilled(&self, count: usize) {
        // ORDERING: relaxed: only the source stores it, and nothing is read through it.
        self.source.spilled.store(count as u64, Ordering::Relaxed);
    }

    /// Events left the source's world for this edge. Before they are pushed.
    pub fn add_events_sent(&self, count: usize) {
        // ORDERING: relaxed: as in `add_taken`.
        add(&self.source.events_sent, count as u64, Ordering::Relaxed);
    }

    /// Events came into the target's world. After they were popped.
    pub fn add_events_received(&self, count: usize) {
        // ORDERING: release: as in `add_received`.
        self.target.events_received.fetch_add(count as u64, Ordering::Release);
    }

    /// Events on their way were dropped when the coordinator was closed.
    pub fn add_events_dropped(&self, count: usize) {
        // ORDERING: release: as in `add_dropped`.
        add(&self.source.events_dropped, count as u64, Ordering::Release);
    }

    /// Events of one type found too little room.
    pub fn add_events_full(&self) {
        // ORDERING: relaxed: a count of its own, as in `add_batch`.
        add(&self.source.events_full, 1, Ordering::Relaxed);
    }

    /// What has been counted so far: of what has left, never more than was taken.
    pub fn read(&self) -> EdgeCounts {
        // ORDERING: acquire, and before `taken` is read: with the releases above
        // and the queue's own, `taken` is then at least as new as the batches
        // that were received, returned, shed or dropped, so never less than all
        // of them.
        let gone = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let received = gone(&self.target.received);
        let returned = gone(&self.source.returned);
        let shed = gone(&self.source.shed);
        let dropped = gone(&self.source.dropped);
        let events_received = gone(&self.target.events_received);
        let events_dropped = gone(&self.source.events_dropped);
        // ORDERING: relaxed: `taken` and `events_sent` are read after the acquires above,
        // which make them new enough; the others are counts of their own.
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EdgeCounts {
            taken: read(&self.source.taken),
            received,
            returned,
            shed,
            dropped,
            batches: read(&self.source.batches),
            full: read(&self.source.full),
            refused: read(&self.source.refused),
            spilled: read(&self.source.spilled),
            events_sent: read(&self.source.events_sent),
            events_received,
            events_dropped,
            events_full: read(&self.source.events_full),
        }
    }
}
