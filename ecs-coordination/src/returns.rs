//! The way home of ids: those of guests that died in another world.
//!
//! # Protocol
//!
//! Each world has one queue of batches, which any other world pushes into and it alone
//! pops. An id is in exactly one place: in the world in which it died, in a batch there,
//! in the queue, or at home, where alone it is given again.
//!
//! - **Full**: the batch stays where it is, and grows, until the next call.
//! - **Buffers** go back by a queue of their own; where it is full, or empty, one is
//!   dropped, or made.
// Public to the loom models only.
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

use ecs_core::entity::Entity;

use crate::shared::SharedQueue;

/// Ids of dead guests on their way to one origin, and buffers on their way back.
pub struct Returns {
    full: SharedQueue<Vec<Entity>>,
    empty: SharedQueue<Vec<Entity>>,
}

impl Returns {
    /// Batches of returned ids that can wait at an origin; at least one for each
    /// world, so that in lock-step all find a place in each tick.
    const BATCHES: usize = 64;

    pub fn new(worlds: usize) -> Self {
        Self::with_places(worlds.max(Self::BATCHES).next_power_of_two(), Self::BATCHES)
    }

    /// For so many batches and buffers, powers of two.
    pub fn with_places(batches: usize, buffers: usize) -> Self {
        Self { full: SharedQueue::new(batches), empty: SharedQueue::new(buffers) }
    }

    /// Sends a batch home, which is not empty, and leaves another buffer in its place.
    /// False when there is no room: then the batch stays.
    pub fn send(&self, batch: &mut Vec<Entity>) -> bool {
        let sent = std::mem::replace(batch, self.empty.pop().unwrap_or_default());
        if let Err(full) = self.full.push(sent) {
            let unused = std::mem::replace(batch, full.into_inner());
            let _ = self.empty.push(unused);
            return false;
        }
        true
    }

    /// Calls `reclaim` with each id that has come home; `in_order`, also those of
    /// several batches.
    pub fn receive(&self, in_order: bool, mut reclaim: impl FnMut(Entity)) {
        // A pop of an empty queue costs a fence.
        if self.full.is_empty() {
            return;
        }
        while let Some(mut batch) = self.full.pop() {
            if in_order {
                while let Some(mut next) = self.full.pop() {
                    batch.append(&mut next);
                    let _ = self.empty.push(next);
                }
                batch.sort_unstable();
            }
            batch.drain(..).for_each(&mut reclaim);
            let _ = self.empty.push(batch);
        }
    }

    /// Drops the buffers that are kept.
    pub fn shrink(&self) {
        while self.empty.pop().is_some() {}
    }
}
