//! All that a world has of one event type: those that happened here, and those that
//! wait to leave for other worlds.

use alloc::vec::Vec;
use core::any::Any;

use super::ring::{Bounded, EventCounts, Events};
use super::{Event, EventInfo};
use crate::config::WorldConfig;
use crate::error::{Refusal, Refused};

/// What is known of a world that events can go to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventTarget {
    pub(crate) id: u16,
    /// The world's path.
    pub(crate) path: &'static str,
}

/// The id of the first world of type `T` among the targets.
pub(crate) fn target_of<T: WorldConfig>(targets: &[EventTarget]) -> Option<u16> {
    targets.iter().find(|target| target.path == T::PATH).map(|target| target.id)
}

/// The most unreached targets that are remembered until somebody asks.
const MAX_UNREACHED: usize = 16;

pub(crate) struct Channel<E> {
    info: EventInfo,
    pub(super) events: Events<E>,
    /// By the places of the targets; made when they are first needed.
    outgoing: Vec<Bounded<E>>,
    /// How many wait in all of these.
    waiting: usize,
    /// How many had nowhere to go.
    no_edge: u64,
    /// Where to.
    unreached: Vec<u16>,
}

impl<E: Event> Channel<E> {
    pub(super) fn new(info: EventInfo) -> Self {
        Self {
            info,
            events: Events::new(info),
            outgoing: Vec::new(),
            waiting: 0,
            no_edge: 0,
            unreached: Vec::new(),
        }
    }

    /// Puts an event in, or says why not.
    #[inline]
    pub(crate) fn send(&mut self, event: E) -> Result<(), Refused<E>> {
        self.events.push(event).map_err(|event| Refused::new(event, self.full()))
    }

    /// Puts an event in line for another world, or says why not.
    pub(crate) fn send_to(
        &mut self,
        targets: &[EventTarget],
        target: u16,
        event: E,
    ) -> Result<(), Refused<E>> {
        let Ok(place) = targets.binary_search_by_key(&target, |known| known.id) else {
            self.note_unreached(target);
            return Err(Refused::new(event, Refusal::NoEdge { target }));
        };
        if self.outgoing.len() < targets.len() {
            self.outgoing.resize_with(targets.len(), || Bounded::new(self.info));
        }
        match self.outgoing[place].push(event) {
            Ok(oldest) => {
                self.waiting += usize::from(oldest.is_none());
                drop(oldest);
                Ok(())
            }
            Err(event) => Err(Refused::new(event, self.full())),
        }
    }

    fn full(&self) -> Refusal {
        Refusal::EventsFull { event: self.info.name, capacity: self.info.capacity }
    }

    pub(crate) fn events(&self) -> &Events<E> {
        &self.events
    }

    #[cold]
    fn note_unreached(&mut self, target: u16) {
        self.no_edge += 1;
        if self.unreached.len() < MAX_UNREACHED && !self.unreached.contains(&target) {
            self.unreached.push(target);
        }
    }

    /// How many are in line for the target at a place.
    pub(super) fn waiting_for(&self, place: usize) -> usize {
        self.outgoing.get(place).map_or(0, Bounded::len)
    }

    /// Takes out the oldest event in line for the target at a place.
    pub(super) fn pop_away(&mut self, place: usize) -> Option<E> {
        let event = self.outgoing.get_mut(place)?.pop()?;
        self.waiting -= 1;
        Some(event)
    }
}

/// A channel whatever its event.
pub(super) trait AnyChannel: Any + Send {
    /// A run of the schedule has ended.
    fn end(&mut self);
    fn shrink(&mut self);
    /// How many events are here.
    fn len(&self) -> usize;
    /// How many wait to leave.
    fn waiting(&self) -> usize;
    /// Whether some wait to leave, or had nowhere to go and nobody was told.
    fn is_pending(&self) -> bool;
    /// Whether some wait to leave for the target at a place.
    fn waits_for(&self, place: usize) -> bool;
    /// How many of those that were to leave were refused, and dropped to make room.
    fn lost_away(&self) -> (u64, u64);
    fn no_edge(&self) -> u64;
    /// What became of those that were here.
    fn counts(&self) -> EventCounts;
    fn take_unreached(&mut self) -> Vec<u16>;
}

impl<E: Event> AnyChannel for Channel<E> {
    fn end(&mut self) {
        if !self.events.is_empty() {
            self.events.end();
        }
    }

    fn shrink(&mut self) {
        self.events.shrink();
        self.outgoing.iter_mut().for_each(Bounded::shrink);
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn waiting(&self) -> usize {
        self.waiting
    }

    fn is_pending(&self) -> bool {
        self.waiting > 0 || !self.unreached.is_empty()
    }

    fn waits_for(&self, place: usize) -> bool {
        self.waiting_for(place) > 0
    }

    fn lost_away(&self) -> (u64, u64) {
        let refused = self.outgoing.iter().map(Bounded::refused).sum();
        (refused, self.outgoing.iter().map(Bounded::dropped).sum())
    }

    fn counts(&self) -> EventCounts {
        self.events.counts()
    }

    fn no_edge(&self) -> u64 {
        self.no_edge
    }

    fn take_unreached(&mut self) -> Vec<u16> {
        core::mem::take(&mut self.unreached)
    }
}
