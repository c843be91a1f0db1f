//! The shared queue, with any number of producers and consumers, and the error
//! of a push to a full queue of either kind.
//!
//! [`LockFreeQueue`] is a face of the queue in `shared.rs`, which says the
//! protocol. What its users see of it:
//!
//! - **Full**: a push hands the item back. All `capacity` slots can be used.
//! - **Empty**: a pop returns `None`. It doesn't while an item is inside whose push
//!   is done.
//! - **Waiting**: a producer that the scheduler stops within a push, in a few
//!   instructions and the copy of the items, delays other producers' pushes until it
//!   goes on; a consumer delays other consumers' pops in the same way. Producers
//!   never wait for consumers, nor the other way around.
//! - **Order**: items leave in the order in which their slots were claimed; those
//!   of one producer in the order of its pushes. Between producers, or
//!   consumers, nothing is promised: no turns are kept, and one of them may win
//!   several times in a row. A batch isn't atomic: items of others may come
//!   between its own.
//! - **Drop**: what is left is dropped, once each, oldest first.

use std::fmt;

use crate::shared::SharedQueue;

/// A push to a full queue, with the item that was refused.
///
/// # Examples
///
/// ```
/// use ecs_coordination::{Full, SpscQueue};
///
/// let mut queue = SpscQueue::<String, 1>::new();
/// queue.push("a".to_string()).unwrap();
/// let refused: Full<String> = queue.push("b".to_string()).unwrap_err();
/// assert_eq!(refused.to_string(), "the queue is full");
/// assert_eq!(refused.into_inner(), "b");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue is full")]
pub struct Full<T>(
    /// What was refused.
    pub T,
);

impl<T> Full<T> {
    /// What was refused.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Full(..)")
    }
}

/// A bounded queue that any number of threads push to and pop from, by shared
/// reference.
///
/// `N`, its capacity, is a power of two, checked when compiled. The slots are
/// on the heap, so the queue itself is small.
///
/// - On full, [`push`](Self::push) hands the item back; it never waits.
/// - On empty, [`pop`](Self::pop) returns `None`.
/// - Items of one producer come out in their order. Nobody is promised a turn.
/// - Dropping the queue drops what is left, once each.
///
/// With one producer and one consumer, [`SpscQueue`](crate::SpscQueue) is
/// several times faster.
///
/// # Examples
///
/// ```
/// use ecs_coordination::LockFreeQueue;
///
/// let queue = LockFreeQueue::<u32, 256>::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| queue.push(42).unwrap());
///     scope.spawn(|| queue.push(43).unwrap());
/// });
/// let mut out = Vec::new();
/// assert_eq!(queue.pop_batch(&mut out, 10), 2);
/// ```
///
/// ```compile_fail
/// # use ecs_coordination::LockFreeQueue;
/// let queue = LockFreeQueue::<u32, 100>::new(); // no power of two
/// ```
pub struct LockFreeQueue<T, const N: usize> {
    queue: SharedQueue<T>,
}

impl<T, const N: usize> LockFreeQueue<T, N> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        const { check_capacity(N) };
        LockFreeQueue { queue: SharedQueue::new(N) }
    }

    /// [`new`](Self::new) with its positions at `start`, so that a test can pass
    /// the end of `usize`.
    #[doc(hidden)]
    #[must_use]
    pub fn new_at(start: usize) -> Self {
        const { check_capacity(N) };
        LockFreeQueue { queue: SharedQueue::new_at(N, start) }
    }

    /// Pushes one item.
    ///
    /// # Errors
    ///
    /// [`Full`] hands the item back when there is no room.
    #[inline]
    pub fn push(&self, item: T) -> Result<(), Full<T>> {
        self.queue.push(item)
    }

    /// Pops the oldest item, or `None` when the queue is empty.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        self.queue.pop()
    }

    /// Moves items from the front of `items` into the queue until it is full,
    /// and returns how many; the rest stays in `items`.
    ///
    /// Those of other producers may come between them, and consumers see the first
    /// before the last is in.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = ecs_coordination::LockFreeQueue::<u32, 4>::new();
    /// let mut items = vec![1, 2, 3, 4, 5];
    /// assert_eq!(queue.push_batch(&mut items), 4);
    /// assert_eq!(items, [5]);
    /// ```
    pub fn push_batch(&self, items: &mut Vec<T>) -> usize {
        self.queue.push_batch(items)
    }

    /// Pops up to `max` items, to the end of `out`, and returns how many.
    ///
    /// # Panics
    ///
    /// When `out` can't grow; nothing is lost then.
    pub fn pop_batch(&self, out: &mut Vec<T>, max: usize) -> usize {
        self.queue.pop_batch(out, max)
    }

    /// Calls `visit` with each item, oldest first, left in place.
    pub fn for_each_mut(&mut self, visit: impl FnMut(&mut T)) {
        self.queue.for_each_mut(visit);
    }

    /// Items inside, with those on their way in or out: while others push and pop,
    /// as of some recent moment.
    #[inline]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether the queue was empty at some recent moment, and nobody about to push
    /// or pop.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether the queue was full at some recent moment.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// How many items fit: `N`.
    #[inline]
    pub const fn capacity(&self) -> usize {
        N
    }
}

impl<T, const N: usize> Default for LockFreeQueue<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for LockFreeQueue<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockFreeQueue")
            .field("len", &self.len())
            .field("capacity", &N)
            .finish_non_exhaustive()
    }
}

/// Refuses a capacity, in a constant, that the queues can't have.
pub(crate) const fn check_capacity(capacity: usize) {
    assert!(
        capacity.is_power_of_two(),
        "the capacity of a queue is a power of two: write 1, 2, 4, .. for `N`"
    );
}
