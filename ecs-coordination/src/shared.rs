//! A bounded queue between any number of producers and consumers, with its
//! capacity given at run time; [`LockFreeQueue`](crate::LockFreeQueue) is its
//! public face.
//!
//! # Protocol
//!
//! Positions run freely through `usize` and wrap around; a position's slot is the
//! position modulo the capacity, a power of two. Each slot has a *stamp* that says
//! who may claim it next:
//!
//! | stamp | for whom the slot is ready | what it holds |
//! |---|---|---|
//! | `2p` | the producer of position `p` | nothing |
//! | `2p + 1` | the consumer of position `p` | an item |
//!
//! Each side, the producers and the consumers, has a position up to where its
//! threads have `claimed` slots, and one up to where they are `done` with them.
//! Who finds the next slot ready claims it by a compare-and-swap of `claimed`, and
//! fills or empties it. Then it waits until those who claimed before are done,
//! stamps the slot for the other side (`2p + 1`, or `2(p + capacity)` for the next
//! lap), and is done itself.
//!
//! So slots become ready in order, and a look at a single one tells all: no side
//! ever touches the positions of the other, whose line would go to and fro.
//!
//! - **Full**: the slot at the tail is not ready. Then no pop is done that no push
//!   has followed; a push hands its item back. All slots can be used.
//! - **Empty**: the slot at the head is not ready. Then no push is done that no pop
//!   has followed; a pop returns `None`.
//! - **Waiting**: between a claim and being done lie a few instructions and the copy
//!   of the items. A producer that the scheduler stops there delays producers that
//!   claimed after it, and a consumer other consumers, until it goes on. Producers
//!   never wait for consumers, nor the other way around.
//! - **Batches** claim up to [`RUN`] slots by one compare-and-swap.
//! - **Drop**: what is left is dropped, once each, oldest first; a panic in one
//!   item's drop doesn't keep the others from theirs.
//!
//! The stamps are those of Vyukov's [bounded queue], in which claims may end in any
//! order, so that a push which is done can hide behind one which is not. That they
//! end in order is as in DPDK's [ring], which has no stamps.
//!
//! [bounded queue]: https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue
//! [ring]: https://doc.dpdk.org/guides/prog_guide/ring_lib.html

use crossbeam_utils::CachePadded;

use crate::queue::Full;
use crate::slots::{Rest, StampedSlots};
use crate::sync::{AtomicUsize, Backoff, Ordering};

/// The most slots that a batch claims at once, since others wait for it.
const RUN: usize = 256;

/// The positions of one side, written by its threads alone.
struct Side {
    claimed: AtomicUsize,
    done: AtomicUsize,
}

impl Side {
    fn new(position: usize) -> Self {
        let position = || AtomicUsize::new(position);
        Side { claimed: position(), done: position() }
    }
}

/// Slots that one thread has claimed: up to when they are done no user code may run.
struct Claim {
    start: usize,
    count: usize,
}

const EMPTY: usize = 0;
const FILLED: usize = 1;

/// The stamp of a slot at `position`.
#[inline]
fn stamp(position: usize, state: usize) -> usize {
    position.wrapping_mul(2).wrapping_add(state)
}

pub(crate) struct SharedQueue<T> {
    producers: CachePadded<Side>,
    consumers: CachePadded<Side>,
    /// Where they are does not change: on a line that nobody writes to.
    slots: CachePadded<StampedSlots<T>>,
}

// SAFETY: a slot has one owner at a time, as the protocol says, so what passes
// between threads is each item, as a whole: `T: Send` is enough.
unsafe impl<T: Send> Send for SharedQueue<T> {}
// SAFETY: as for `Send`. References into a slot are only handed out by
// `&mut self`.
unsafe impl<T: Send> Sync for SharedQueue<T> {}

// A panic leaves no claim that is not done.
impl<T> std::panic::UnwindSafe for SharedQueue<T> {}
impl<T> std::panic::RefUnwindSafe for SharedQueue<T> {}

impl<T> SharedQueue<T> {
    /// # Panics
    ///
    /// When `capacity` is no power of two, or more than can be addressed.
    pub(crate) fn new(capacity: usize) -> Self {
        Self::new_at(capacity, 0)
    }

    /// [`new`](Self::new) with all positions at `start`, so that a test can pass
    /// the end of `usize`.
    pub(crate) fn new_at(capacity: usize, start: usize) -> Self {
        // Positions are compared by their signed difference.
        assert!(capacity <= isize::MAX as usize / 2 + 1, "{capacity} items are too many");
        SharedQueue {
            producers: CachePadded::new(Side::new(start)),
            consumers: CachePadded::new(Side::new(start)),
            slots: CachePadded::new(StampedSlots::new(capacity, start, |at| stamp(at, EMPTY))),
        }
    }

    #[inline]
    pub(crate) fn push(&self, item: T) -> Result<(), Full<T>> {
        let Some(claim) = self.claim(&self.producers, EMPTY, 1) else { return Err(Full(item)) };
        // SAFETY: the slot is claimed, so it is ours alone, and empty.
        unsafe { self.slots.write(claim.start, item) };
        self.filled(&claim);
        Ok(())
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        let claim = self.claim(&self.consumers, FILLED, 1)?;
        // SAFETY: the slot is claimed, so it is ours alone, and holds an item;
        // once it is done nobody takes it again.
        let item = unsafe { self.slots.read(claim.start) };
        self.emptied(&claim);
        Some(item)
    }

    pub(crate) fn push_batch(&self, items: &mut Vec<T>) -> usize {
        let total = items.len();
        // SAFETY: zero is a valid length; from here `items` owns nothing, and
        // no user code runs until it owns the rest again.
        unsafe { items.set_len(0) };
        let first = items.as_mut_ptr();
        let mut count = 0;
        while count < total
            && let Some(claim) = self.claim(&self.producers, EMPTY, (total - count).min(RUN))
        {
            for at in 0..claim.count {
                // SAFETY: the claim is of no more than `total - count` slots, which
                // are ours alone, and empty; the item there wasn't moved yet.
                unsafe {
                    let item = first.add(count + at).read();
                    self.slots.write(claim.start.wrapping_add(at), item);
                }
            }
            self.filled(&claim);
            count += claim.count;
        }
        // SAFETY: the items from `count` to `total` weren't moved; they go to
        // the front of the same allocation.
        unsafe { first.add(count).copy_to(first, total - count) };
        // SAFETY: as many items are initialised, at the front.
        unsafe { items.set_len(total - count) };
        count
    }

    pub(crate) fn pop_batch(&self, out: &mut Vec<T>, max: usize) -> usize {
        // Before anything is popped: growing may fail.
        out.reserve(self.len().min(max));
        let max = max.min(out.capacity() - out.len());
        let mut count = 0;
        while count < max
            && let Some(claim) = self.claim(&self.consumers, FILLED, (max - count).min(RUN))
        {
            for at in 0..claim.count {
                // SAFETY: as in `pop`, for each slot. `out` has room for
                // `max - count` more, so that pushing can't panic in between.
                out.push(unsafe { self.slots.read(claim.start.wrapping_add(at)) });
            }
            self.emptied(&claim);
            count += claim.count;
        }
        count
    }

    /// Calls `visit` with each item, oldest first, left in place.
    pub(crate) fn for_each_mut(&mut self, mut visit: impl FnMut(&mut T)) {
        let (head, tail) = self.inside();
        for at in 0..tail.wrapping_sub(head) {
            // SAFETY: the slot holds an item, ours alone by `&mut self`; the
            // reference ends with the call.
            visit(unsafe { self.slots.get_mut(head.wrapping_add(at)) });
        }
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    /// Slots that hold an item, or are claimed by whichever side: as of one
    /// moment while the call lasts.
    pub(crate) fn len(&self) -> usize {
        let mut backoff = Backoff::new();
        // ORDERING: acquire, with the release in `claim`: whoever sees this claim
        // sees below that its slots were free.
        let mut claimed = self.producers.claimed.load(Ordering::Acquire);
        loop {
            // ORDERING: acquire, with the release in `hand_over`: the claims
            // of what was emptied are seen by the next look.
            let freed = self.consumers.done.load(Ordering::Acquire);
            // ORDERING: as above.
            let again = self.producers.claimed.load(Ordering::Acquire);
            if again == claimed {
                return claimed.wrapping_sub(freed);
            }
            claimed = again;
            backoff.lost();
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// Claims up to `most` slots that are ready for this side, those with stamps of
    /// this state. `None` when there are none.
    #[inline]
    fn claim(&self, side: &Side, state: usize, most: usize) -> Option<Claim> {
        let mut backoff = Backoff::new();
        // ORDERING: relaxed: a guess, which the stamp and the swap check.
        let mut start = side.claimed.load(Ordering::Relaxed);
        loop {
            let ahead = self.ahead(start, state);
            if ahead < 0 {
                return None;
            }
            if ahead > 0 {
                // Others have claimed it.
                backoff.spin();
                // ORDERING: as above.
                start = side.claimed.load(Ordering::Relaxed);
                continue;
            }
            let mut count = most;
            // They become ready in order. One that is further ahead means that
            // this one is too, by now, which the swap finds out.
            while count > 1 && self.ahead(start.wrapping_add(count - 1), state) < 0 {
                count /= 2;
            }
            // ORDERING: release on success, with the acquire in `len`. The slots
            // were acquired by their stamps. Relaxed on failure: a guess again.
            match side.claimed.compare_exchange_weak(
                start,
                start.wrapping_add(count),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(Claim { start, count }),
                Err(found) => start = found,
            }
            backoff.lost();
        }
    }

    /// Whether the slot of `position` is ready for the side that looks for this
    /// state: negative while it is not, positive if it was.
    #[inline]
    fn ahead(&self, position: usize, state: usize) -> isize {
        // ORDERING: acquire, with the release in `hand_over`: the other side has
        // filled, or emptied, this slot and those before it.
        let found = self.slots.stamp(position).load(Ordering::Acquire);
        found.wrapping_sub(stamp(position, state)) as isize
    }

    /// Hands slots with items to the consumers.
    #[inline]
    fn filled(&self, claim: &Claim) {
        self.hand_over(&self.producers, claim, |position| stamp(position, FILLED));
    }

    /// Hands empty slots to the producers.
    #[inline]
    fn emptied(&self, claim: &Claim) {
        let next_lap = |position: usize| position.wrapping_add(self.capacity());
        self.hand_over(&self.consumers, claim, |position| stamp(next_lap(position), EMPTY));
    }

    /// Stamps claimed slots, after those that this side claimed before.
    #[inline]
    fn hand_over(&self, side: &Side, claim: &Claim, stamp: impl Fn(usize) -> usize) {
        let mut backoff = Backoff::new();
        // ORDERING: acquire, with the release below: who sees one of the stamps
        // sees those before it, and what was done with their slots.
        while side.done.load(Ordering::Acquire) != claim.start {
            backoff.wait();
        }
        for at in 0..claim.count {
            let position = claim.start.wrapping_add(at);
            // ORDERING: release, with the acquire in `ahead`.
            self.slots.stamp(position).store(stamp(position), Ordering::Release);
        }
        let end = claim.start.wrapping_add(claim.count);
        // ORDERING: release, with the acquires above and in `len`.
        side.done.store(end, Ordering::Release);
    }

    /// The positions of what is inside, for who has the queue for itself.
    fn inside(&mut self) -> (usize, usize) {
        // ORDERING: relaxed: by `&mut self` all others' accesses happened before.
        let done = |side: &Side| side.done.load(Ordering::Relaxed);
        (done(&self.consumers), done(&self.producers))
    }
}

impl<T> Drop for SharedQueue<T> {
    fn drop(&mut self) {
        let (head, tail) = self.inside();
        // SAFETY: the slots from head to tail hold an item each, ours alone by
        // `&mut self`, and each is read once.
        let read = |position| unsafe { self.slots.read(position) };
        drop(Rest { head, tail, read });
    }
}
