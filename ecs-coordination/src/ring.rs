//! A bounded ring between one producer and one consumer.
//!
//! # Protocol
//!
//! Two positions run freely through `usize` and wrap around; a position's slot
//! is the position modulo the capacity, a power of two, so that wrapping keeps
//! the order of slots. Always `0 <= tail - head <= capacity`, modulo `2^bits`.
//!
//! | slots | owner | what they hold |
//! |---|---|---|
//! | `head .. tail` | the consumer | an item each |
//! | `tail .. head + capacity` | the producer | nothing |
//!
//! Only the producer stores `tail`: storing it hands the slots before it over,
//! with their items. Only the consumer stores `head`: storing it hands the
//! slots before it back, empty. Each half keeps its own position as a plain
//! field, and the last seen position of the other, which it reads again only
//! when the ring looks full or empty by it: while there is room, a push
//! doesn't touch the cache line that the consumer writes, nor a pop the
//! producer's.
//!
//! - **Full**: a push hands the item back. All `capacity` slots can be used.
//! - **Empty**: a pop returns `None`.
//! - **Drop**: a half that goes sets a flag and leaves the items in place; the
//!   other may go on. When both are gone, what is left is dropped, once each,
//!   oldest first; a panic in one item's drop doesn't keep the others from
//!   theirs.
//!
//! The cached opposite index is that of Rigtorp's
//! [SPSCQueue](https://rigtorp.se/ringbuffer/).

use std::cell::Cell;
use std::fmt;
use std::iter::FusedIterator;

use crossbeam_utils::CachePadded;

use crate::queue::Full;
use crate::slots::Slots;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Ordering};

/// Makes a ring with room for `capacity` items.
///
/// # Panics
///
/// When `capacity` is zero or no power of two.
///
/// # Examples
///
/// ```
/// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
/// std::thread::spawn(move || producer.push("hello")).join().unwrap().unwrap();
/// assert_eq!(consumer.pop(), Some("hello"));
/// assert!(consumer.is_abandoned());
/// ```
pub fn channel<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    channel_at(capacity, 0)
}

/// [`channel`] with both positions at `start`, so that a test can pass the end
/// of `usize`.
#[doc(hidden)]
pub fn channel_at<T>(capacity: usize, start: usize) -> (Producer<T>, Consumer<T>) {
    let ring = Arc::new(Ring {
        consumer: CachePadded::new(Side::new(start)),
        producer: CachePadded::new(Side::new(start)),
        slots: Slots::new(capacity),
    });
    let producer = Producer { ring: Arc::clone(&ring), tail: start, head: Cell::new(start) };
    let consumer = Consumer { ring, head: start, tail: Cell::new(start) };
    (producer, consumer)
}

/// What one half tells the other; written by that half alone.
struct Side {
    /// `tail` on the producer's side, `head` on the consumer's.
    position: AtomicUsize,
    gone: AtomicBool,
}

impl Side {
    fn new(position: usize) -> Self {
        Side { position: AtomicUsize::new(position), gone: AtomicBool::new(false) }
    }
}

struct Ring<T> {
    consumer: CachePadded<Side>,
    producer: CachePadded<Side>,
    slots: Slots<T>,
}

// SAFETY: the halves access disjoint slots, as the protocol above says, so what
// passes between threads is each item, as a whole: `T: Send` is enough.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as for `Send`. References into a slot are only handed out by the
// consumer, which is not `Sync`.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        /// Goes on dropping when the loop below unwinds.
        struct Rest<'a, T>(&'a Slots<T>, usize, usize);
        impl<T> Rest<'_, T> {
            fn drop_all(&mut self) {
                while self.1 != self.2 {
                    let position = self.1;
                    self.1 = position.wrapping_add(1);
                    // SAFETY: slots from head to tail hold an item each, ours
                    // by `&mut Ring`; the position is passed before the drop.
                    drop(unsafe { self.0.read(position) });
                }
            }
        }
        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                self.drop_all();
            }
        }
        // ORDERING: relaxed. The last handle's drop of the `Arc` comes after
        // the other half's, so its stores have happened before.
        let head = self.consumer.position.load(Ordering::Relaxed);
        let tail = self.producer.position.load(Ordering::Relaxed);
        Rest(&self.slots, head, tail).drop_all();
    }
}

/// The pushing half of a ring; `Send`, but neither `Sync` nor `Clone`.
///
/// Made by [`SpscQueue::split`](crate::SpscQueue::split) and [`channel`].
pub struct Producer<T> {
    ring: Arc<Ring<T>>,
    /// Where the next item goes; stored to the ring when published.
    tail: usize,
    /// The consumer's position as last seen: at or behind the true one.
    head: Cell<usize>,
}

impl<T> Producer<T> {
    /// Pushes one item, visible to the consumer at once.
    ///
    /// # Errors
    ///
    /// [`Full`] hands the item back when there is no room.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), Full<T>> {
        if self.room() == 0 {
            return Err(Full(item));
        }
        // SAFETY: there is room, so the slot of `tail` is ours and empty.
        unsafe { self.ring.slots.write(self.tail, item) };
        self.tail = self.tail.wrapping_add(1);
        self.publish();
        Ok(())
    }

    /// Moves items from the front of `items` into the ring, as many as there
    /// is room for, and returns how many; the rest stays in `items`.
    ///
    /// The consumer sees all of them at once.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
    /// let mut items = vec![1, 2, 3, 4, 5];
    /// assert_eq!(producer.push_batch(&mut items), 4);
    /// assert_eq!(items, [5]);
    /// ```
    pub fn push_batch(&mut self, items: &mut Vec<T>) -> usize {
        let total = items.len();
        if self.cached_room() < total {
            self.refresh();
        }
        let count = total.min(self.cached_room());
        // SAFETY: zero is a valid length; from here `items` owns nothing, and
        // no user code runs until it owns the rest again.
        unsafe { items.set_len(0) };
        let first = items.as_mut_ptr();
        // SAFETY: there is room for `count`, so the slots from `tail` on are
        // ours and empty, and `items` held `total >= count` initialised items.
        unsafe { self.ring.slots.write_run(self.tail, first, count) };
        self.tail = self.tail.wrapping_add(count);
        self.publish();
        if count < total {
            // SAFETY: the items from `count` to `total` weren't moved; they go
            // to the front of the same allocation.
            unsafe { first.add(count).copy_to(first, total - count) };
        }
        // SAFETY: as many items are initialised, at the front.
        unsafe { items.set_len(total - count) };
        count
    }

    /// Pushes what `items` yields while there is room, and returns how many.
    ///
    /// The iterator is advanced only when its item has a place, so nothing is
    /// lost: what doesn't fit is still in it. The consumer sees all of them at
    /// once; when the iterator panics, those that it yielded before.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, _consumer) = ecs_coordination::ring::channel(4);
    /// let mut numbers = 1..;
    /// assert_eq!(producer.push_iter(&mut numbers), 4);
    /// assert_eq!(numbers.next(), Some(5));
    /// ```
    pub fn push_iter<I: Iterator<Item = T> + ?Sized>(&mut self, items: &mut I) -> usize {
        /// Publishes when dropped, so also when the iterator panics.
        struct Batch<'a, T>(&'a mut Producer<T>);
        impl<T> Drop for Batch<'_, T> {
            fn drop(&mut self) {
                self.0.publish();
            }
        }
        let start = self.tail;
        let batch = Batch(self);
        while batch.0.room() > 0 {
            let Some(item) = items.next() else { break };
            let tail = batch.0.tail;
            // SAFETY: there is room, so the slot of `tail` is ours and empty.
            unsafe { batch.0.ring.slots.write(tail, item) };
            batch.0.tail = tail.wrapping_add(1);
        }
        batch.0.tail.wrapping_sub(start)
    }

    /// Items inside: at most this many, since the consumer may be popping.
    #[inline]
    pub fn len(&self) -> usize {
        self.refresh();
        self.capacity() - self.cached_room()
    }

    /// Whether the consumer has popped all.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a push would be refused now.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// How many items fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.ring.slots.capacity()
    }

    /// Whether the consumer is gone, so that nothing will be popped any more.
    pub fn is_abandoned(&self) -> bool {
        // ORDERING: acquire, with the release in the consumer's drop: its last
        // `head` is seen by whoever sees that it is gone.
        self.ring.consumer.gone.load(Ordering::Acquire)
    }

    /// Free slots; looks at the consumer's position only when none are known.
    #[inline]
    fn room(&self) -> usize {
        match self.cached_room() {
            0 => {
                self.refresh();
                self.cached_room()
            }
            room => room,
        }
    }

    #[inline]
    fn cached_room(&self) -> usize {
        self.capacity() - self.tail.wrapping_sub(self.head.get())
    }

    #[inline]
    fn refresh(&self) {
        // ORDERING: acquire, with the release in `Consumer::publish`: items
        // were moved out of the slots before they are written again.
        self.head.set(self.ring.consumer.position.load(Ordering::Acquire));
    }

    #[inline]
    fn publish(&self) {
        // ORDERING: release, with the acquire in `Consumer::refresh`: the
        // slots are written before the consumer reads them.
        self.ring.producer.position.store(self.tail, Ordering::Release);
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        // ORDERING: release, with the acquire in `Consumer::is_abandoned`.
        self.ring.producer.gone.store(true, Ordering::Release);
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// The popping half of a ring; `Send`, but neither `Sync` nor `Clone`.
///
/// Made by [`SpscQueue::split`](crate::SpscQueue::split) and [`channel`].
pub struct Consumer<T> {
    ring: Arc<Ring<T>>,
    /// The oldest item's position; stored to the ring when published.
    head: usize,
    /// The producer's position as last seen: at or behind the true one.
    tail: Cell<usize>,
}

impl<T> Consumer<T> {
    /// Pops the oldest item, or `None` when the ring is empty.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.pending() == 0 {
            return None;
        }
        // SAFETY: an item is pending at `head`; the position passes it below,
        // before anyone else can see the slot as free.
        let item = unsafe { self.ring.slots.read(self.head) };
        self.head = self.head.wrapping_add(1);
        self.publish();
        Some(item)
    }

    /// Pops up to `max` items, oldest first, to the end of `out`, and returns
    /// how many. The producer sees their slots freed at once.
    ///
    /// # Panics
    ///
    /// When `out` can't grow; nothing has been popped then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
    /// producer.push_batch(&mut vec![1, 2, 3]);
    /// let mut out = Vec::new();
    /// assert_eq!(consumer.pop_batch(&mut out, 2), 2);
    /// assert_eq!(out, [1, 2]);
    /// ```
    pub fn pop_batch(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        let count = self.available(max);
        out.reserve(count);
        // SAFETY: `out` has room for `count` more behind its length, and as
        // many items are pending from `head` on.
        unsafe {
            self.ring.slots.read_run(self.head, out.as_mut_ptr().add(out.len()), count);
            out.set_len(out.len() + count);
        }
        self.head = self.head.wrapping_add(count);
        self.publish();
        count
    }

    /// Pops up to `max` of the items that are there now, one per step of the
    /// iterator. Their slots are freed at once, when the iterator is dropped;
    /// items that it didn't yield stay.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
    /// producer.push_batch(&mut vec![1, 2, 3]);
    /// assert_eq!(consumer.pop_iter(2).sum::<i32>(), 3);
    /// assert_eq!(consumer.pop(), Some(3));
    /// ```
    pub fn pop_iter(&mut self, max: usize) -> PopIter<'_, T> {
        PopIter { left: self.available(max), consumer: self }
    }

    /// The oldest item, left in place.
    #[inline]
    pub fn peek(&mut self) -> Option<&T> {
        self.peek_mut().map(|item| &*item)
    }

    /// The oldest item, left in place, for writing.
    #[inline]
    pub fn peek_mut(&mut self) -> Option<&mut T> {
        if self.pending() == 0 {
            return None;
        }
        // SAFETY: an item is pending at `head`, and stays while we, the
        // consumer, are borrowed.
        Some(unsafe { self.ring.slots.get_mut(self.head) })
    }

    /// The items that are there now, oldest first, left in place.
    pub fn iter(&self) -> Iter<'_, T> {
        self.refresh();
        Iter { consumer: self, position: self.head, end: self.tail.get() }
    }

    /// Calls `visit` with each item that is there now, oldest first.
    pub fn for_each_mut(&mut self, mut visit: impl FnMut(&mut T)) {
        self.refresh();
        for at in 0..self.known() {
            // SAFETY: items are pending from `head` on; the consumer, which
            // alone takes them, is borrowed exclusively, and the reference
            // ends with the call.
            visit(unsafe { self.ring.slots.get_mut(self.head.wrapping_add(at)) });
        }
    }

    /// Items inside: at least this many, since the producer may be pushing.
    #[inline]
    pub fn len(&self) -> usize {
        self.refresh();
        self.known()
    }

    /// How many items can be popped without another look at the producer's
    /// position, which is taken when none are left: zero only when empty.
    #[inline]
    pub fn pending(&self) -> usize {
        match self.known() {
            0 => self.len(),
            known => known,
        }
    }

    /// Whether a pop would find nothing now.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.pending() == 0
    }

    /// Whether all slots hold an item.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// How many items fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.ring.slots.capacity()
    }

    /// Whether the producer is gone: once true, what is inside is the last.
    pub fn is_abandoned(&self) -> bool {
        // ORDERING: acquire, with the release in the producer's drop: its last
        // `tail` is seen by whoever sees that it is gone.
        self.ring.producer.gone.load(Ordering::Acquire)
    }

    #[inline]
    fn known(&self) -> usize {
        self.tail.get().wrapping_sub(self.head)
    }

    /// Up to `max` pending items; looks again when fewer are known.
    #[inline]
    fn available(&self, max: usize) -> usize {
        if self.known() < max {
            self.refresh();
        }
        self.known().min(max)
    }

    #[inline]
    fn refresh(&self) {
        // ORDERING: acquire, with the release in `Producer::publish`: items
        // were written to the slots before they are read.
        self.tail.set(self.ring.producer.position.load(Ordering::Acquire));
    }

    #[inline]
    fn publish(&self) {
        // ORDERING: release, with the acquire in `Producer::refresh`: items
        // have left the slots before the producer writes to them.
        self.ring.consumer.position.store(self.head, Ordering::Release);
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // A forgotten `PopIter` has taken items and not told.
        self.publish();
        // ORDERING: release, with the acquire in `Producer::is_abandoned`.
        self.ring.consumer.gone.store(true, Ordering::Release);
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// Pops the items that were there when it was made; see [`Consumer::pop_iter`].
pub struct PopIter<'a, T> {
    consumer: &'a mut Consumer<T>,
    left: usize,
}

impl<T> Iterator for PopIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        let head = self.consumer.head;
        self.consumer.head = head.wrapping_add(1);
        // SAFETY: `left` items were pending from `head` on; the position has
        // passed this one, so it is taken once, and the slot is handed back
        // later, when the position is published.
        Some(unsafe { self.consumer.ring.slots.read(head) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for PopIter<'_, T> {}
impl<T> FusedIterator for PopIter<'_, T> {}

impl<T> Drop for PopIter<'_, T> {
    fn drop(&mut self) {
        self.consumer.publish();
    }
}

impl<T> fmt::Debug for PopIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PopIter").field("left", &self.left).finish_non_exhaustive()
    }
}

/// Walks the items that were there when it was made; see [`Consumer::iter`].
pub struct Iter<'a, T> {
    consumer: &'a Consumer<T>,
    position: usize,
    end: usize,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if self.position == self.end {
            return None;
        }
        let position = self.position;
        self.position = position.wrapping_add(1);
        // SAFETY: published and not popped: only the consumer pops or writes
        // to items, and for `'a` it is borrowed.
        Some(unsafe { self.consumer.ring.slots.get(position) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.wrapping_sub(self.position);
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}
impl<T> FusedIterator for Iter<'_, T> {}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("left", &self.len()).finish_non_exhaustive()
    }
}
