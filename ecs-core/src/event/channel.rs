//! All that a world has of one event type: those that happened here, and those that
//! wait to leave for other worlds.

use alloc::vec::Vec;
use core::any::Any;

use super::post::{Parcel, Post, Targets};
use super::ring::{Bounded, EventCounts, Events};
use super::{Event, EventInfo};
use crate::config::WorldConfig;
use crate::error::{Refusal, Refused};
use crate::location::Locator;

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
    outgoing: Vec<Bounded<Parcel<E>>>,
    /// How many wait in all of these.
    waiting: usize,
    /// How many had nowhere to go.
    no_edge: u64,
    /// Where to.
    unreached: Vec<u16>,
    pub(super) post: Post<E>,
    /// How many to entities were given up.
    pub(super) undelivered: u64,
    /// Some of them because their entities were too fast, and nobody was told.
    pub(super) overdue: bool,
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
            post: Post::new(info.capacity),
            undelivered: 0,
            overdue: false,
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
        targets: Targets<'_>,
        target: u16,
        event: E,
    ) -> Result<(), Refused<E>> {
        let Some(place) = targets.place_of(target) else {
            self.note_unreached(target);
            return Err(Refused::new(event, Refusal::NoEdge { target }));
        };
        self.push_away(targets, place, Parcel::to_world(event))
    }

    /// Puts a parcel in line for the target at a place.
    pub(super) fn push_away(
        &mut self,
        targets: Targets<'_>,
        place: usize,
        parcel: Parcel<E>,
    ) -> Result<(), Refused<E>> {
        if self.outgoing.len() < targets.near.len() {
            self.outgoing.resize_with(targets.near.len(), || Bounded::new(self.info));
        }
        match self.outgoing[place].push(parcel) {
            Ok(oldest) => {
                self.waiting += usize::from(oldest.is_none());
                drop(oldest);
                Ok(())
            }
            Err(parcel) => Err(Refused::new(parcel.into_event(), self.full())),
        }
    }

    /// Whether the line for the target at a place takes one more.
    pub(super) fn has_room_away(&self, place: usize) -> bool {
        self.outgoing.get(place).is_none_or(Bounded::has_room)
    }

    pub(super) fn full(&self) -> Refusal {
        Refusal::EventsFull { event: self.info.name, capacity: self.info.capacity }
    }

    pub(crate) fn events(&self) -> &Events<E> {
        &self.events
    }

    /// An event was to go to where no way leads, and is handed back.
    #[cold]
    pub(super) fn note_unreached(&mut self, target: u16) {
        self.no_edge += 1;
        self.tell_unreached(target);
    }

    #[cold]
    pub(super) fn tell_unreached(&mut self, target: u16) {
        if self.unreached.len() < MAX_UNREACHED && !self.unreached.contains(&target) {
            self.unreached.push(target);
        }
    }

    /// How many are in line for the target at a place.
    pub(super) fn waiting_for(&self, place: usize) -> usize {
        self.outgoing.get(place).map_or(0, Bounded::len)
    }

    /// Takes out the oldest in line for the target at a place.
    pub(super) fn pop_away(&mut self, place: usize) -> Option<Parcel<E>> {
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
    /// Sends those to entities on their way.
    fn sort_post(&mut self, locator: Locator<'_>, targets: Targets<'_>);
    /// How many wait to leave, or for their entity.
    fn waiting(&self) -> usize;
    /// Whether none to entities can come in before some of them go.
    fn is_blocked(&self) -> bool;
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
    fn undelivered(&self) -> u64;
    /// The event's name, if some were given up that nobody was told of.
    fn take_overdue(&mut self) -> Option<&'static str>;
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
        self.post.shrink();
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn sort_post(&mut self, locator: Locator<'_>, targets: Targets<'_>) {
        if self.post.len() > 0 {
            self.sort_letters(locator, targets);
        }
    }

    fn waiting(&self) -> usize {
        self.waiting + self.post.len()
    }

    fn is_blocked(&self) -> bool {
        !self.post.has_room()
    }

    fn is_pending(&self) -> bool {
        self.waiting > 0 || !self.unreached.is_empty() || self.overdue
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

    fn undelivered(&self) -> u64 {
        self.undelivered
    }

    fn take_overdue(&mut self) -> Option<&'static str> {
        core::mem::take(&mut self.overdue).then_some(self.info.name)
    }
}
