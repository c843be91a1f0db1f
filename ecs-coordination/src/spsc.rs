//! The queue between one producer and one consumer, with its capacity in the
//! type: a face of the ring in [`ring`](crate::ring), which says the protocol.

use std::fmt;

use crate::queue::{Full, check_capacity};
use crate::ring::{Consumer, Iter, PopIter, Producer, channel};

/// A bounded queue between one producer and one consumer.
///
/// It is used by `&mut self` on one thread, or [`split`](Self::split) into
/// halves for two. `N`, its capacity, is a power of two, checked when compiled.
/// The slots are on the heap, so the queue itself is small.
///
/// - On full, [`push`](Self::push) hands the item back; it never waits.
/// - On empty, [`pop`](Self::pop) returns `None`.
/// - Items come out in the order in which they were pushed.
/// - Dropping the queue, or the second of the halves, drops what is left, once
///   each. The other half may go on when one is gone.
///
/// # Examples
///
/// ```
/// use ecs_coordination::SpscQueue;
///
/// let (mut producer, mut consumer) = SpscQueue::<u32, 256>::new().split();
/// let sender = std::thread::spawn(move || {
///     producer.push(100).unwrap();
///     producer.push_batch(&mut vec![1, 2, 3])
/// });
/// assert_eq!(sender.join().unwrap(), 3);
/// assert_eq!(consumer.pop(), Some(100));
///
/// let mut out = Vec::new();
/// assert_eq!(consumer.pop_batch(&mut out, 10), 3);
/// assert_eq!(out, [1, 2, 3]);
/// ```
///
/// ```compile_fail
/// # use ecs_coordination::SpscQueue;
/// let queue = SpscQueue::<u32, 0>::new(); // no power of two
/// ```
pub struct SpscQueue<T, const N: usize> {
    producer: Producer<T>,
    consumer: Consumer<T>,
}

impl<T, const N: usize> SpscQueue<T, N> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        const { check_capacity(N) };
        let (producer, consumer) = channel(N);
        SpscQueue { producer, consumer }
    }

    /// The two halves, for two threads.
    #[must_use]
    pub fn split(self) -> (Producer<T>, Consumer<T>) {
        (self.producer, self.consumer)
    }

    /// Pushes one item.
    ///
    /// # Errors
    ///
    /// [`Full`] hands the item back when there is no room.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), Full<T>> {
        self.producer.push(item)
    }

    /// Pops the oldest item, or `None` when the queue is empty.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.consumer.pop()
    }

    /// Moves items from the front of `items` into the queue, as many as there
    /// is room for, and returns how many; the rest stays in `items`.
    pub fn push_batch(&mut self, items: &mut Vec<T>) -> usize {
        self.producer.push_batch(items)
    }

    /// Pops up to `max` items, oldest first, to the end of `out`, and returns
    /// how many.
    ///
    /// # Panics
    ///
    /// When `out` can't grow; nothing has been popped then.
    pub fn pop_batch(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        self.consumer.pop_batch(out, max)
    }

    /// Pushes what `items` yields while there is room, and returns how many;
    /// see [`Producer::push_iter`].
    pub fn push_iter<I: Iterator<Item = T> + ?Sized>(&mut self, items: &mut I) -> usize {
        self.producer.push_iter(items)
    }

    /// Pops up to `max` items, one per step of the iterator; see
    /// [`Consumer::pop_iter`].
    pub fn pop_iter(&mut self, max: usize) -> PopIter<'_, T> {
        self.consumer.pop_iter(max)
    }

    /// The oldest item, left in place.
    #[inline]
    pub fn peek(&mut self) -> Option<&T> {
        self.consumer.peek()
    }

    /// The items, oldest first, left in place.
    pub fn iter(&self) -> Iter<'_, T> {
        self.consumer.iter()
    }

    /// Calls `visit` with each item, oldest first, left in place.
    pub fn for_each_mut(&mut self, visit: impl FnMut(&mut T)) {
        self.consumer.for_each_mut(visit);
    }

    /// Items inside.
    #[inline]
    pub fn len(&self) -> usize {
        self.consumer.len()
    }

    /// Whether there is nothing to pop.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a push would be refused.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len() == N
    }

    /// How many items fit: `N`.
    #[inline]
    pub const fn capacity(&self) -> usize {
        N
    }
}

impl<T, const N: usize> Default for SpscQueue<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a SpscQueue<T, N> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T, const N: usize> fmt::Debug for SpscQueue<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpscQueue")
            .field("len", &self.len())
            .field("capacity", &N)
            .finish_non_exhaustive()
    }
}
