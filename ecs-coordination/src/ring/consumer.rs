//! The popping half of a ring.

use std::cell::Cell;
use std::fmt;
use std::iter::FusedIterator;

use super::{LAZY, Ring};
use crate::sync::{Arc, Ordering};

/// The popping half of a ring; `Send`, but neither `Sync` nor `Clone`.
///
/// Made by [`SpscQueue::split`](crate::SpscQueue::split) and [`channel`](crate::ring::channel).
pub struct Consumer<T> {
    pub(super) ring: Arc<Ring<T>>,
    /// The oldest item's position; stored to the ring when published.
    pub(super) head: usize,
    /// The producer's position as last seen: at or behind the true one.
    pub(super) tail: Cell<usize>,
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

    /// Pops whose slots are handed back together: after [`LAZY`] items, when a
    /// pop finds the ring empty, by [`Reader::give_back`], and at the latest when
    /// the reader is dropped. The counterpart of
    /// [`Producer::writer`](super::Producer::writer).
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(2);
    /// producer.push_slice(&[1, 2]);
    /// let mut reader = consumer.reader();
    /// assert_eq!(reader.pop(), Some(1));
    /// assert!(producer.is_full(), "not handed back yet");
    /// drop(reader);
    /// assert!(!producer.is_full());
    /// ```
    pub fn reader(&mut self) -> Reader<'_, T> {
        Reader { given: self.head, consumer: self }
    }

    /// Calls `visit` with each of up to `max` items that are there now, oldest
    /// first, in its place in the ring, and drops it there: nothing is copied
    /// out. Their slots are handed back at once, at the end. Returns how many.
    ///
    /// When `visit`, or an item's drop, panics, that item is gone, and those
    /// after it stay.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
    /// producer.push_iter(&mut ["a", "b", "c"].map(String::from).into_iter());
    /// let mut all = String::new();
    /// assert_eq!(consumer.consume(2, |text| all += text), 2);
    /// assert_eq!(all, "ab");
    /// assert_eq!(consumer.len(), 1);
    /// ```
    pub fn consume(&mut self, max: usize, mut visit: impl FnMut(&mut T)) -> usize {
        /// Hands back the slots before `head`, also when a visit panics.
        struct Batch<'a, T> {
            consumer: &'a mut Consumer<T>,
            head: usize,
        }
        impl<T> Drop for Batch<'_, T> {
            fn drop(&mut self) {
                self.consumer.head = self.head;
                self.consumer.publish();
            }
        }
        let count = self.available(max);
        let mut batch = Batch { head: self.head, consumer: self };
        for _ in 0..count {
            let position = batch.head;
            batch.head = position.wrapping_add(1);
            // SAFETY: an item is pending at the position, which is passed, so
            // nobody else drops it; its slot is handed back after that.
            unsafe { batch.consumer.ring.slots.visit_and_drop(position, &mut visit) };
        }
        count
    }

    /// The items that are there now, left in place: the oldest first, and those
    /// behind the end of the ring's memory in the second slice.
    ///
    /// [`discard`](Self::discard) then drops as many as are done with.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
    /// producer.push_slice(&[1, 2, 3]);
    /// let (first, second) = consumer.as_mut_slices();
    /// first[0] += 10;
    /// assert_eq!((&*first, &*second), (&[11, 2, 3][..], &[][..]));
    /// assert_eq!(consumer.discard(2), 2);
    /// assert_eq!(consumer.pop(), Some(3));
    /// ```
    // Loom's cells don't stand side by side.
    #[cfg(not(ecs_loom))]
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        let count = self.len();
        // SAFETY: `count` items are pending from `head` on, no more than the
        // capacity, and stay while we, the consumer, are borrowed.
        unsafe { self.ring.slots.run_mut(self.head, count) }
    }

    /// Drops up to `max` of the items that are there now, oldest first, in
    /// place, and hands their slots back at once. Returns how many.
    ///
    /// When an item's drop panics, those after it stay.
    pub fn discard(&mut self, max: usize) -> usize {
        self.consume(max, |_| ())
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
        // A forgotten `PopIter` or `Reader` has taken items and not told.
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

    fn fold<B, F: FnMut(B, T) -> B>(self, init: B, mut f: F) -> B {
        /// Tells the consumer how far the items were taken, also when `f`
        /// panics; the `PopIter` then hands the slots back.
        struct Taken<'a, T> {
            items: PopIter<'a, T>,
            head: usize,
        }
        impl<T> Drop for Taken<'_, T> {
            fn drop(&mut self) {
                self.items.consumer.head = self.head;
            }
        }
        let mut taken = Taken { head: self.consumer.head, items: self };
        let mut result = init;
        for _ in 0..taken.items.left {
            let head = taken.head;
            taken.head = head.wrapping_add(1);
            // SAFETY: as in `next`; nobody but us has the consumer, and it
            // learns the position before we are gone.
            let item = unsafe { taken.items.consumer.ring.slots.read(head) };
            result = f(result, item);
        }
        result
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

/// Hands slots back together; see [`Consumer::reader`].
pub struct Reader<'a, T> {
    consumer: &'a mut Consumer<T>,
    /// Up to where the producer knows of them.
    given: usize,
}

impl<T> Reader<'_, T> {
    /// Pops the oldest item, or `None` when the ring is empty; all slots before
    /// it are the producer's then.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.consumer.known() == 0 && !self.find_items() {
            return None;
        }
        let head = self.consumer.head;
        self.consumer.head = head.wrapping_add(1);
        // SAFETY: an item was pending at `head`; the position has passed it, so
        // it is taken once, and the slot is handed back later.
        let item = unsafe { self.consumer.ring.slots.read(head) };
        if self.owing() >= LAZY {
            self.give_back();
        }
        Some(item)
    }

    /// Hands all slots back that were emptied so far.
    #[inline]
    pub fn give_back(&mut self) {
        self.given = self.consumer.head;
        self.consumer.publish();
    }

    /// How many slots are empty that the producer doesn't know of yet; less than
    /// [`LAZY`].
    #[inline]
    pub fn owing(&self) -> usize {
        self.consumer.head.wrapping_sub(self.given)
    }

    /// By the producer's true position. What it may be waiting for is handed
    /// back first.
    fn find_items(&mut self) -> bool {
        if self.owing() > 0 {
            self.give_back();
        }
        self.consumer.pending() > 0
    }
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        self.consumer.publish();
    }
}

impl<T> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("owing", &self.owing()).finish_non_exhaustive()
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
