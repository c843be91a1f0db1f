//! The events of one type in a world, and the place of a reader among them.

use alloc::collections::VecDeque;
use alloc::collections::vec_deque;
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Event, EventInfo, EventOf, Overflow};
use crate::schema::Schema;

/// A bounded queue with a policy.
pub(super) struct Bounded<E> {
    items: VecDeque<E>,
    capacity: u32,
    overflow: Overflow,
    refused: u64,
    dropped: u64,
}

impl<E> Bounded<E> {
    pub(super) const fn new(info: EventInfo) -> Self {
        let EventInfo { capacity, overflow, .. } = info;
        Self { items: VecDeque::new(), capacity, overflow, refused: 0, dropped: 0 }
    }

    /// Puts an event in. Answers the oldest, for the caller to drop, if it had to go.
    #[inline]
    pub(super) fn push(&mut self, event: E) -> Result<Option<E>, E> {
        if self.is_full() {
            return self.push_full(event);
        }
        if self.items.len() == self.items.capacity() {
            self.grow();
        }
        self.items.push_back(event);
        Ok(None)
    }

    #[cold]
    fn push_full(&mut self, event: E) -> Result<Option<E>, E> {
        match self.overflow {
            Overflow::Refuse => {
                self.refused += 1;
                Err(event)
            }
            Overflow::DropOldest => {
                self.dropped += 1;
                let oldest = self.items.pop_front();
                self.items.push_back(event);
                Ok(oldest)
            }
        }
    }

    /// Doubles, up to the capacity and no further.
    #[cold]
    fn grow(&mut self) {
        let len = self.items.len();
        self.items.reserve_exact(len.max(4).min(self.capacity as usize - len));
    }

    fn is_full(&self) -> bool {
        self.items.len() >= self.capacity as usize
    }

    /// Whether one more would be taken in.
    pub(super) fn has_room(&self) -> bool {
        !self.is_full() || self.overflow == Overflow::DropOldest
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn pop(&mut self) -> Option<E> {
        self.items.pop_front()
    }

    pub(super) fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }
}

/// The events of one type in a world, oldest first.
///
/// They are those that were sent in the last run of the schedule and in the present
/// one. Made by [`World::events`](crate::world::World::events).
pub struct Events<E> {
    queue: Bounded<E>,
    /// How many were taken in so far: the number of the next one.
    next: u64,
    /// The number of the first one since the last run ended.
    fresh: u64,
    received: u64,
}

/// What became of the events of one type in a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EventCounts {
    /// Sent here.
    pub sent: u64,
    /// Arrived from other worlds.
    pub received: u64,
    /// Handed back, because there was no room.
    pub refused: u64,
    /// Dropped before their time, to make room.
    pub dropped: u64,
}

impl<E: Event> Events<E> {
    /// None yet.
    pub(super) const fn new(info: EventInfo) -> Self {
        Self { queue: Bounded::new(info), next: 0, fresh: 0, received: 0 }
    }

    /// Those of a world in which none was sent yet.
    pub(crate) fn none<S: Schema>() -> &'static Self
    where
        E: EventOf<S>,
    {
        const { &Self::new(E::INFO) }
    }

    /// Puts an event in, or hands it back.
    #[inline]
    pub(super) fn push(&mut self, event: E) -> Result<(), E> {
        let oldest = self.queue.push(event)?;
        self.next += 1;
        // Last, since its drop may panic.
        drop(oldest);
        Ok(())
    }

    /// Whether an event would be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.queue.has_room()
    }

    /// Puts an event in that comes from another world.
    pub(super) fn arrive(&mut self, event: E) {
        debug_assert!(self.has_room());
        self.received += 1;
        let taken = self.push(event);
        debug_assert!(taken.is_ok(), "there is room");
    }

    /// A run of the schedule has ended: what was there when it began goes.
    pub(super) fn end(&mut self) {
        let gone = self.fresh.saturating_sub(self.first()) as usize;
        self.fresh = self.next;
        // Also when a drop panics, the rest of them go.
        self.queue.items.drain(..gone);
    }

    pub(super) fn shrink(&mut self) {
        self.queue.shrink();
    }

    /// The number of the oldest one.
    fn first(&self) -> u64 {
        self.next - self.queue.len() as u64
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none are here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most that can be here.
    pub fn capacity(&self) -> usize {
        self.queue.capacity as usize
    }

    /// What became of all of them so far.
    pub fn counts(&self) -> EventCounts {
        let Self { queue, next, received, .. } = self;
        let (refused, dropped) = (queue.refused, queue.dropped);
        EventCounts { sent: next - received, received: *received, refused, dropped }
    }

    /// Those that are here, read or not, oldest first.
    pub fn iter(&self) -> vec_deque::Iter<'_, E> {
        self.queue.items.iter()
    }

    /// Those that the reader has not seen yet, oldest first. Each that the iterator
    /// gives is seen; what it is stopped before is given the next time.
    pub fn read<'a>(&'a self, cursor: &'a mut EventCursor<E>) -> EventIter<'a, E> {
        let first = self.first();
        let from = self.place_of(cursor);
        cursor.missed += match cursor.next {
            EventCursor::<E>::NEW => 0,
            next => first.saturating_sub(next),
        };
        cursor.next = first + from as u64;
        EventIter { events: self.queue.items.range(from..), cursor }
    }

    /// How many the reader has not seen yet.
    pub fn unread(&self, cursor: &EventCursor<E>) -> usize {
        self.len() - self.place_of(cursor)
    }

    /// Takes those that are here for seen.
    pub fn skip(&self, cursor: &mut EventCursor<E>) {
        cursor.next = self.next;
    }

    /// Where, among those here, the reader goes on.
    fn place_of(&self, cursor: &EventCursor<E>) -> usize {
        match cursor.next {
            EventCursor::<E>::NEW => 0,
            // A cursor of another world may be ahead of all.
            next => next.saturating_sub(self.first()).min(self.len() as u64) as usize,
        }
    }
}

impl<'a, E: Event> IntoIterator for &'a Events<E> {
    type Item = &'a E;
    type IntoIter = vec_deque::Iter<'a, E>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("len", &self.queue.len())
            .field("capacity", &self.queue.capacity)
            .field("sent", &(self.next - self.received))
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// How far a reader has come among the events of one type in one world.
///
/// A new one begins with the oldest event that is there at its first use.
pub struct EventCursor<E> {
    next: u64,
    missed: u64,
    event: PhantomData<fn(E)>,
}

impl<E> EventCursor<E> {
    /// The number of no event.
    const NEW: u64 = u64::MAX;

    /// A reader that has seen nothing.
    pub const fn new() -> Self {
        Self { next: Self::NEW, missed: 0, event: PhantomData }
    }

    /// How many events went before the reader had seen them: it was not run in time, or
    /// they were dropped to make room. Known when it next reads.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl<E> Default for EventCursor<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for EventCursor<E> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<E> fmt::Debug for EventCursor<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = Some(self.next).filter(|&next| next != Self::NEW);
        f.debug_struct("EventCursor").field("next", &next).field("missed", &self.missed).finish()
    }
}

/// The events that a reader has not seen yet. Made by [`Events::read`].
pub struct EventIter<'a, E> {
    events: vec_deque::Iter<'a, E>,
    cursor: &'a mut EventCursor<E>,
}

impl<'a, E> Iterator for EventIter<'a, E> {
    type Item = &'a E;

    #[inline]
    fn next(&mut self) -> Option<&'a E> {
        let event = self.events.next()?;
        self.cursor.next += 1;
        Some(event)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.events.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'a E) -> B>(self, init: B, mut f: F) -> B {
        let Self { events, cursor } = self;
        events.fold(init, |folded, event| {
            cursor.next += 1;
            f(folded, event)
        })
    }
}

impl<E> ExactSizeIterator for EventIter<'_, E> {}
impl<E> FusedIterator for EventIter<'_, E> {}

impl<E> fmt::Debug for EventIter<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventIter").field("len", &self.events.len()).finish_non_exhaustive()
    }
}
