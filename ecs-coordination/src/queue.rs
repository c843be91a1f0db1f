//! The shared queue, with any number of producers and consumers, and the error
//! of a push to a full queue of either kind.
//!
//! # Protocol
//!
//! [`LockFreeQueue`] wraps crossbeam's `ArrayQueue`, Vyukov's bounded queue: each
//! slot carries a stamp of the lap that may write or read it next. A producer
//! claims the slot at the tail by a compare-and-swap, fills it, and hands it to
//! the consumers by its stamp; a consumer claims the slot at the head and hands
//! it back, empty, the same way.
//!
//! - **Full**: a push hands the item back. All `capacity` slots can be used.
//! - **Empty**: a pop returns `None`. It doesn't while an item is inside or
//!   claimed: a pop that meets a slot which is claimed and not yet filled waits
//!   for it. So a producer that the scheduler stops between the two, a few
//!   instructions, delays pops until it goes on; nobody else takes a lock.
//! - **Order**: items leave in the order in which their slots were claimed; those
//!   of one producer in the order of its pushes. Between producers, or
//!   consumers, nothing is promised: no turns are kept, and one of them may win
//!   several times in a row. A batch isn't atomic: items of others may come
//!   between its own.
//! - **Drop**: what is left is dropped, once each, oldest first.

use std::fmt;

use crossbeam_queue::ArrayQueue;

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
    /// The items are pushed one by one: those of other producers may come
    /// between them, and consumers see the first before the last is in.
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

    /// Items inside: while others push and pop, as of some recent moment.
    #[inline]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether the queue was empty at some recent moment.
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

/// [`LockFreeQueue`] with the capacity given at run time.
pub(crate) struct SharedQueue<T> {
    // Not loom's: crossbeam's own tests are relied on here.
    items: ArrayQueue<T>,
}

impl<T> Drop for SharedQueue<T> {
    fn drop(&mut self) {
        /// Goes on when an item's drop panics, which crossbeam's does not.
        struct Rest<'a, T>(&'a ArrayQueue<T>);
        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while self.0.pop().is_some() {}
            }
        }
        if std::mem::needs_drop::<T>() {
            let rest = Rest(&self.items);
            while rest.0.pop().is_some() {}
        }
    }
}

impl<T> SharedQueue<T> {
    /// # Panics
    ///
    /// When `capacity` is zero.
    pub(crate) fn new(capacity: usize) -> Self {
        SharedQueue { items: ArrayQueue::new(capacity) }
    }

    #[inline]
    pub(crate) fn push(&self, item: T) -> Result<(), Full<T>> {
        self.items.push(item).map_err(Full)
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        self.items.pop()
    }

    pub(crate) fn push_batch(&self, items: &mut Vec<T>) -> usize {
        let total = items.len();
        // SAFETY: zero is a valid length; from here `items` owns nothing, and
        // no user code runs until it owns the rest again.
        unsafe { items.set_len(0) };
        let first = items.as_mut_ptr();
        let mut count = 0;
        while count < total {
            // SAFETY: `count < total`, and the item there wasn't moved yet.
            let item = unsafe { first.add(count).read() };
            if let Err(refused) = self.push(item) {
                // Its place in `items` keeps it.
                std::mem::forget(refused);
                break;
            }
            count += 1;
        }
        // SAFETY: the items from `count` to `total` weren't moved, or were
        // handed back; they go to the front of the same allocation.
        unsafe { first.add(count).copy_to(first, total - count) };
        // SAFETY: as many items are initialised, at the front.
        unsafe { items.set_len(total - count) };
        count
    }

    pub(crate) fn pop_batch(&self, out: &mut Vec<T>, max: usize) -> usize {
        // Before anything is popped: growing may fail.
        out.reserve(self.len().min(max));
        let before = out.len();
        while out.len() - before < max && out.len() < out.capacity() {
            let Some(item) = self.pop() else { break };
            out.push(item);
        }
        out.len() - before
    }

    /// Calls `visit` with each item, oldest first, left in place; each item
    /// keeps its place also when `visit` panics.
    pub(crate) fn for_each_mut(&mut self, visit: impl FnMut(&mut T)) {
        /// Turns the queue by one full round, in steps, at last when dropped.
        struct Turn<'a, T> {
            items: &'a ArrayQueue<T>,
            left: usize,
        }
        impl<T> Turn<'_, T> {
            fn step(&mut self, visit: impl FnOnce(&mut T)) -> bool {
                let Some(left) = self.left.checked_sub(1) else { return false };
                self.left = left;
                let Some(item) = self.items.pop() else { return false };
                let mut back = Back { items: self.items, item: Some(item) };
                back.item.as_mut().map(visit);
                true
            }
        }
        impl<T> Drop for Turn<'_, T> {
            fn drop(&mut self) {
                while self.step(|_| ()) {}
            }
        }
        /// Puts the item back when dropped; its slot is free, since the queue
        /// is ours alone.
        struct Back<'a, T> {
            items: &'a ArrayQueue<T>,
            item: Option<T>,
        }
        impl<T> Drop for Back<'_, T> {
            fn drop(&mut self) {
                let refused = self.item.take().map(|item| self.items.push(item));
                debug_assert!(!matches!(refused, Some(Err(_))), "a slot was just freed");
            }
        }
        let mut visit = visit;
        let mut turn = Turn { left: self.items.len(), items: &self.items };
        while turn.step(&mut visit) {}
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.items.is_full()
    }
}
