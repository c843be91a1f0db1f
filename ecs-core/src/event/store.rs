//! The events of a world, by type.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;

use super::channel::{AnyChannel, Channel, EventTarget};
use super::post::{Parcel, Targets};
use super::{EventCounts, EventInfo, EventOf};
use crate::inspect::EventReport;
use crate::kept::kept;
use crate::location::Locator;
use crate::order;
use crate::schema::Schema;

/// What a world has of one event type, from the first one on.
///
/// In a cell, so that systems that use different events can run at once.
type Slot = UnsafeCell<Option<Box<dyn AnyChannel>>>;

/// The events of a world with the schema `S`: for those who carry them between worlds.
pub struct EventStore<S: Schema> {
    store: KeptStore,
    schema: PhantomData<fn() -> S>,
}

/// The events of a world, whatever its schema: compiled once.
struct Store {
    /// By the events' indices. What is in one is the `Channel` of its event.
    slots: Box<[Slot]>,
    /// The worlds that an edge leads to, by id.
    targets: Box<[EventTarget]>,
    /// By world id: the place of the target where the shortest way there begins.
    ways: Box<[Option<u16>]>,
}

kept! {
    /// As a part of a world.
     struct KeptStore(Store);
}

impl Store {
    fn new(events: usize) -> Self {
        let slots = (0..events).map(|_| Slot::default()).collect();
        Self { slots, targets: Box::default(), ways: Box::default() }
    }

    fn targets(&self) -> Targets<'_> {
        Targets { near: &self.targets, ways: &self.ways }
    }

    #[inline]
    fn sort_post(&mut self, locator: Locator<'_>) {
        let targets = Targets { near: &self.targets, ways: &self.ways };
        let channels = self.slots.iter_mut().filter_map(|slot| slot.get_mut().as_deref_mut());
        channels.for_each(|channel| channel.sort_post(locator, targets));
    }

    fn each(&mut self) -> impl Iterator<Item = &mut dyn AnyChannel> {
        self.slots.iter_mut().filter_map(|slot| slot.get_mut().as_deref_mut())
    }

    fn all(&self) -> impl Iterator<Item = &dyn AnyChannel> {
        // SAFETY: as in `EventStore::channel`.
        self.slots.iter().filter_map(|slot| unsafe { &*slot.get() }.as_deref())
    }

    #[inline]
    fn inspect(&self, events: &[EventInfo]) -> Vec<EventReport> {
        let of = |(slot, info): (&Slot, &EventInfo)| {
            // SAFETY: as in `EventStore::channel`.
            let channel = unsafe { &*slot.get() }.as_deref();
            EventReport {
                name: info.name,
                capacity: info.capacity as usize,
                here: channel.map_or(0, AnyChannel::len),
                waiting: channel.map_or(0, AnyChannel::waiting),
                undelivered: channel.map_or(0, AnyChannel::undelivered),
                counts: channel.map_or(EventCounts::default(), AnyChannel::counts),
            }
        };
        self.slots.iter().zip(events).map(of).collect()
    }

    fn end_run(&mut self) {
        self.each().for_each(AnyChannel::end);
    }

    fn shrink(&mut self) {
        self.each().for_each(AnyChannel::shrink);
    }

    #[inline]
    fn set_targets(&mut self, targets: &[EventTarget]) {
        let order = order::ascending(targets.iter().map(|target| target.id.into()).collect());
        self.targets = order.into_iter().map(|place| targets[place]).collect();
    }

    #[inline]
    fn len(&self) -> usize {
        self.all().map(AnyChannel::len).sum()
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.all().all(|channel| channel.len() == 0)
    }

    #[inline]
    fn waiting(&self) -> usize {
        self.all().map(AnyChannel::waiting).sum()
    }

    #[inline]
    fn is_blocked(&self) -> bool {
        self.all().any(AnyChannel::is_blocked)
    }

    #[inline]
    fn is_pending(&self) -> bool {
        self.all().any(AnyChannel::is_pending)
    }

    #[inline]
    fn waits_for(&self, place: usize) -> bool {
        self.all().any(|channel| channel.waits_for(place))
    }

    #[inline]
    fn no_edge(&self) -> u64 {
        self.all().map(AnyChannel::no_edge).sum()
    }

    #[inline]
    fn lost_away(&self) -> (u64, u64) {
        let lost = self.all().map(AnyChannel::lost_away);
        lost.fold((0, 0), |sum, lost| (sum.0 + lost.0, sum.1 + lost.1))
    }

    #[inline]
    fn undelivered(&self) -> u64 {
        self.all().map(AnyChannel::undelivered).sum()
    }

    #[inline]
    fn for_each_overdue(&mut self, tell: &mut dyn FnMut(&'static str)) {
        self.each().filter_map(AnyChannel::take_overdue).for_each(tell);
    }

    #[inline]
    fn for_each_unreached(&mut self, tell: &mut dyn FnMut(u16)) {
        self.each().flat_map(AnyChannel::take_unreached).for_each(tell);
    }
}

impl<S: Schema> EventStore<S> {
    pub(crate) fn new() -> Self {
        Self { store: KeptStore::new(Store::new(S::EVENTS.len())), schema: PhantomData }
    }

    /// What there is of `E`.
    pub(crate) fn channel<E: EventOf<S>>(&self) -> Option<&Channel<E>> {
        // SAFETY: who writes a slot of a shared store promises that nobody else uses it.
        let channel = unsafe { &*self.store.slots[E::INDEX].get() }.as_deref()?;
        debug_assert!((channel as &dyn Any).is::<Channel<E>>());
        // SAFETY: `channel_in` alone fills the slot, with the channel of the one event
        // that has this index.
        Some(unsafe { &*(&raw const *channel).cast::<Channel<E>>() })
    }

    /// What there is of `E`, to change; made now if it is the first.
    pub(crate) fn channel_mut<E: EventOf<S>>(&mut self) -> &mut Channel<E> {
        channel_in::<S, E>(self.store.slots[E::INDEX].get_mut())
    }

    /// As [`channel_mut`](Self::channel_mut), while others use other events.
    ///
    /// # Safety
    /// Nobody else uses events of type `E` for as long as the answer lives.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn channel_unshared<E: EventOf<S>>(&self) -> &mut Channel<E> {
        // SAFETY: the caller keeps others away from the slot.
        channel_in::<S, E>(unsafe { &mut *self.store.slots[E::INDEX].get() })
    }

    /// What there is of `E`, and where it can go.
    pub(crate) fn channel_and_targets<E: EventOf<S>>(&mut self) -> (&mut Channel<E>, Targets<'_>) {
        let Store { slots, targets, ways } = &mut *self.store;
        let targets = Targets { near: targets, ways };
        (channel_in::<S, E>(slots[E::INDEX].get_mut()), targets)
    }

    /// Sends events to entities on their way.
    #[inline]
    pub(crate) fn sort_post(&mut self, locator: Locator<'_>) {
        self.store.sort_post(locator);
    }

    /// What is here of each type.
    #[inline]
    pub(crate) fn inspect(&self) -> Vec<EventReport> {
        self.store.inspect(S::EVENTS)
    }

    /// A run of the schedule has ended: events that were there when it began go.
    pub(crate) fn end_run(&mut self) {
        self.store.end_run();
    }

    pub(crate) fn shrink(&mut self) {
        self.store.shrink();
    }

    pub(crate) fn targets(&self) -> Targets<'_> {
        self.store.targets()
    }
}

/// What a coordinator needs, to carry events to other worlds.
impl<S: Schema> EventStore<S> {
    /// Says which worlds events can go to, by id and path. Their places are their
    /// places in the order of ids.
    #[inline]
    pub fn set_targets(&mut self, targets: impl IntoIterator<Item = (u16, &'static str)>) {
        let targets = targets.into_iter().map(|(id, path)| EventTarget { id, path });
        self.store.set_targets(&targets.collect::<Vec<_>>());
    }

    /// Says, for each world by its id, at the place of which target the shortest way there
    /// begins: for events to entities that are far away.
    pub fn set_ways(&mut self, ways: impl IntoIterator<Item = Option<u16>>) {
        self.store.ways = ways.into_iter().collect();
    }

    /// How many events are here, to be read.
    #[inline]
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether no event is here.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// How many events wait to leave for other worlds, or for their entity to come.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.store.waiting()
    }

    /// Whether so many wait for their entities that others of their type can't come in.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        self.store.is_blocked()
    }

    /// Whether some wait to leave, or were to go where no edge leads and nobody was
    /// told yet.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.store.is_pending()
    }

    /// Whether events of any type wait to leave for the world at this place.
    #[inline]
    pub fn waits_for(&self, place: usize) -> bool {
        self.store.waits_for(place)
    }

    /// How many events of type `E` wait to leave for the world at this place.
    pub fn waiting_for<E: EventOf<S>>(&self, place: usize) -> usize {
        self.channel::<E>().map_or(0, |channel| channel.waiting_for(place))
    }

    /// How many events were to go where no edge leads, and were handed back.
    #[inline]
    pub fn no_edge(&self) -> u64 {
        self.store.no_edge()
    }

    /// How many events that were to leave were handed back, since too many waited, and
    /// how many were dropped to make room for others.
    #[inline]
    pub fn lost_away(&self) -> (u64, u64) {
        self.store.lost_away()
    }

    /// How many events to entities were given up.
    #[inline]
    pub fn undelivered(&self) -> u64 {
        self.store.undelivered()
    }

    /// Calls `tell` with the name of each event of which some, since the last call, did not
    /// reach their entities, though these live.
    #[inline]
    pub fn for_each_overdue(&mut self, mut tell: impl FnMut(&'static str)) {
        self.store.for_each_overdue(&mut tell);
    }

    /// Calls `tell` with each world that events were to go to and no edge leads to,
    /// since the last call.
    #[inline]
    pub fn for_each_unreached(&mut self, mut tell: impl FnMut(u16)) {
        self.store.for_each_unreached(&mut tell);
    }

    /// Takes out the oldest event of type `E` that waits to leave for the world at this
    /// place.
    pub fn pop_outgoing<E: EventOf<S>>(&mut self, place: usize) -> Option<Parcel<E>> {
        self.channel_mut::<E>().pop_away(place)
    }

    /// Takes events in that come from another world, as long as there are any and there
    /// is room. Those to entities wait for [`World::sort_post`](crate::world::World::sort_post).
    pub fn arrive<E: EventOf<S>>(&mut self, mut next: impl FnMut() -> Option<Parcel<E>>) {
        let channel = self.channel_mut::<E>();
        while channel.events.has_room()
            && channel.post.has_room()
            && let Some(parcel) = next()
        {
            match parcel.open() {
                Ok(event) => channel.events.arrive(event),
                Err(letter) => channel.post.push(letter),
            }
        }
    }
}

/// What a slot has of `E`; made now if it is the first.
fn channel_in<S: Schema, E: EventOf<S>>(slot: &mut Option<Box<dyn AnyChannel>>) -> &mut Channel<E> {
    let channel = slot.get_or_insert_with(|| Box::new(Channel::<E>::new(E::INFO)));
    debug_assert!((&**channel as &dyn Any).is::<Channel<E>>());
    // SAFETY: the slot is that of the one event with this index, and is filled here
    // alone.
    unsafe { &mut *(&raw mut **channel).cast::<Channel<E>>() }
}

impl<S: Schema> fmt::Debug for EventStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = S::EVENTS.iter().map(|info| info.name);
        f.debug_struct("EventStore")
            .field("events", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
