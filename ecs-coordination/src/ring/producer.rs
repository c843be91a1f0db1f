//! The pushing half of a ring.

use std::cell::Cell;
use std::fmt;

use super::{LAZY, Ring};
use crate::queue::Full;
use crate::sync::{Arc, Ordering};

/// The pushing half of a ring; `Send`, but neither `Sync` nor `Clone`.
///
/// Made by [`SpscQueue::split`](crate::SpscQueue::split) and [`channel`](crate::ring::channel).
pub struct Producer<T> {
    pub(super) ring: Arc<Ring<T>>,
    /// Where the next item goes; stored to the ring when published.
    pub(super) tail: usize,
    /// The consumer's position as last seen: at or behind the true one.
    pub(super) head: Cell<usize>,
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
        struct Batch<'a, T> {
            producer: &'a mut Producer<T>,
            tail: usize,
        }
        impl<T> Drop for Batch<'_, T> {
            fn drop(&mut self) {
                self.producer.tail = self.tail;
                self.producer.publish();
            }
        }
        let start = self.tail;
        let mut batch = Batch { tail: start, producer: self };
        loop {
            let room = batch.producer.room_from(batch.tail);
            if room == 0 {
                break;
            }
            for _ in 0..room {
                let Some(item) = items.next() else {
                    return batch.tail.wrapping_sub(start);
                };
                // SAFETY: there is room, so the slot of `tail` is ours and empty.
                unsafe { batch.producer.ring.slots.write(batch.tail, item) };
                batch.tail = batch.tail.wrapping_add(1);
            }
        }
        batch.tail.wrapping_sub(start)
    }

    /// Copies items from the front of `items` into the ring, as many as there is
    /// room for, and returns how many. The consumer sees all of them at once.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
    /// assert_eq!(producer.push_slice(&[1, 2, 3, 4, 5]), 4);
    /// assert!(consumer.pop_iter(9).eq(1..=4));
    /// ```
    pub fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        if self.cached_room() < items.len() {
            self.refresh();
        }
        let count = items.len().min(self.cached_room());
        // SAFETY: there is room for `count`, so the slots from `tail` on are
        // ours and empty; `items` holds as many, and copies are items.
        unsafe { self.ring.slots.write_run(self.tail, items.as_ptr(), count) };
        self.tail = self.tail.wrapping_add(count);
        self.publish();
        count
    }

    /// Pushes that are published together: an item is visible to the consumer
    /// after [`LAZY`] items, when a push finds the ring full, by
    /// [`Writer::publish`], and at the latest when the writer is dropped.
    ///
    /// For small items pushed one by one this is about one and a half times as
    /// fast as [`push`](Self::push), since the two threads' processors exchange
    /// the line with the position less often. A consumer that waits for a single
    /// item waits longer, so drop the writer, or publish, before doing
    /// something else.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = ecs_coordination::ring::channel(64);
    /// let mut writer = producer.writer();
    /// writer.push(1).unwrap();
    /// writer.push(2).unwrap();
    /// assert_eq!(consumer.pop(), None);
    /// drop(writer);
    /// assert_eq!(consumer.pop(), Some(1));
    /// ```
    pub fn writer(&mut self) -> Writer<'_, T> {
        Writer { published: self.tail, producer: self }
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
        self.room_from(self.tail)
    }

    #[inline]
    fn room_from(&self, tail: usize) -> usize {
        match self.cached_room_from(tail) {
            0 => {
                self.refresh();
                self.cached_room_from(tail)
            }
            room => room,
        }
    }

    #[inline]
    fn cached_room(&self) -> usize {
        self.cached_room_from(self.tail)
    }

    #[inline]
    fn cached_room_from(&self, tail: usize) -> usize {
        self.capacity() - tail.wrapping_sub(self.head.get())
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
        // A forgotten `Writer` has pushed items and not told.
        self.publish();
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

/// Publishes pushes together; see [`Producer::writer`].
pub struct Writer<'a, T> {
    producer: &'a mut Producer<T>,
    /// Up to where the consumer knows of them.
    published: usize,
}

impl<T> Writer<'_, T> {
    /// Pushes one item, visible to the consumer soon.
    ///
    /// # Errors
    ///
    /// [`Full`] hands the item back when there is no room; all items before it
    /// are visible then.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), Full<T>> {
        if self.producer.cached_room() == 0 && !self.find_room() {
            return Err(Full(item));
        }
        let tail = self.producer.tail;
        // SAFETY: there is room, so the slot of `tail` is ours and empty.
        unsafe { self.producer.ring.slots.write(tail, item) };
        self.producer.tail = tail.wrapping_add(1);
        if self.unpublished() >= LAZY {
            self.publish();
        }
        Ok(())
    }

    /// Makes all items visible that were pushed so far.
    #[inline]
    pub fn publish(&mut self) {
        self.published = self.producer.tail;
        self.producer.publish();
    }

    /// How many items the consumer can't see yet; less than [`LAZY`].
    #[inline]
    pub fn unpublished(&self) -> usize {
        self.producer.tail.wrapping_sub(self.published)
    }

    /// By the consumer's true position. What it may be waiting for is
    /// published first.
    fn find_room(&mut self) -> bool {
        if self.unpublished() > 0 {
            self.publish();
        }
        self.producer.room() > 0
    }
}

impl<T> Drop for Writer<'_, T> {
    fn drop(&mut self) {
        self.producer.publish();
    }
}

impl<T> fmt::Debug for Writer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("unpublished", &self.unpublished()).finish_non_exhaustive()
    }
}
