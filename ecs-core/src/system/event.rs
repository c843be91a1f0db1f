//! Events as parameters of systems.

use core::fmt;

use super::access::{EventUse, SystemAccess};
use super::param::{MissingResource, SystemContext, SystemParam};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::Refused;
use crate::event::{Channel, Event, EventCursor, EventIter, EventOf, Events, Targets, target_of};
use crate::location::Locator;
use crate::schema::Schema;

/// The events of type `E` that the system has not seen yet, as a parameter of systems.
/// Each reader has a cursor of its own, which the system keeps from run to run.
///
/// Several systems may read at once, so `E` is `Sync`; an event that is not is read
/// through `&World<W>`.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Health(i32);
/// #[derive(Event)]
/// struct Damage { target: Entity, amount: i32 }
/// #[derive(Event)]
/// struct Died(Entity);
///
/// #[world_config(components(Health), events(Damage, Died))]
/// struct Arena;
///
/// fn hurt(
///     mut damages: EventReader<Damage>,
///     mut healths: Query<Arena, &mut Health>,
///     mut died: EventWriter<Died>,
/// ) -> Result<(), static_ecs::system::BoxError> {
///     for damage in damages.read() {
///         let Ok(health) = healths.get_mut(damage.target) else { continue };
///         health.0 -= damage.amount;
///         if health.0 <= 0 {
///             died.send(Died(damage.target))?;
///         }
///     }
///     Ok(())
/// }
///
/// let mut arena = World::<Arena>::new();
/// let hero = arena.spawn(Health(5))?;
/// arena.send(Damage { target: hero, amount: 7 })?;
/// let mut schedule = Schedule::new();
/// schedule.add(hurt);
/// schedule.run(&mut arena)?;
/// assert_eq!(arena.events::<Died>().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventReader<'w, 's, E> {
    events: &'w Events<E>,
    cursor: &'s mut EventCursor<E>,
}

impl<E: Event> EventReader<'_, '_, E> {
    /// The events that were not seen yet, oldest first. What the iterator is stopped
    /// before is given the next time.
    #[inline]
    pub fn read(&mut self) -> EventIter<'_, E> {
        self.events.read(self.cursor)
    }

    /// How many were not seen yet.
    pub fn len(&self) -> usize {
        self.events.unread(self.cursor)
    }

    /// Whether all were seen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes those that are here for seen.
    pub fn clear(&mut self) {
        self.events.skip(self.cursor);
    }

    /// How many went before the system had seen them: see [`EventCursor::missed`].
    pub fn missed(&self) -> u64 {
        self.cursor.missed()
    }

    /// All that are here, seen or not.
    pub fn events(&self) -> &Events<E> {
        self.events
    }
}

impl<'r, E: Event> IntoIterator for &'r mut EventReader<'_, '_, E> {
    type Item = &'r E;
    type IntoIter = EventIter<'r, E>;

    #[inline]
    fn into_iter(self) -> EventIter<'r, E> {
        self.read()
    }
}

// SAFETY: events of one type are read.
unsafe impl<W, E> SystemParam<W> for EventReader<'_, '_, E>
where
    W: WorldConfig,
    E: EventOf<W::Schema> + Sync,
{
    type State = EventCursor<E>;
    type Item<'w, 's> = EventReader<'w, 's, E>;
    const ACCESS: SystemAccess =
        SystemAccess::of_events(EventUse { read: E::BIT, write: 0, known: W::Schema::EVENTS });

    fn state() -> EventCursor<E> {
        EventCursor::new()
    }

    unsafe fn get<'w, 's>(
        cursor: &'s mut EventCursor<E>,
        context: SystemContext<'w, W>,
    ) -> Result<EventReader<'w, 's, E>, MissingResource> {
        // SAFETY: nobody has all of the world, or sends events of this type.
        let events = unsafe { context.world() }.events::<E>();
        Ok(EventReader { events, cursor })
    }
}

impl<E> fmt::Debug for EventReader<'_, '_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader").field("events", self.events).finish_non_exhaustive()
    }
}

/// Sends events of type `E`, as a parameter of systems. See [`EventReader`].
pub struct EventWriter<'w, E> {
    channel: &'w mut Channel<E>,
    targets: Targets<'w>,
    locator: Locator<'w>,
}

impl<E: Event> EventWriter<'_, E> {
    /// Tells those who read events of type `E`.
    ///
    /// # Errors
    /// As [`World::send`](crate::world::World::send): the event is handed back.
    #[inline]
    pub fn send(&mut self, event: E) -> Result<(), Refused<E>> {
        self.channel.send(event)
    }

    /// Tells those who read events of type `E` in the world with id `target`.
    ///
    /// # Errors
    /// As [`World::send_to`](crate::world::World::send_to): the event is handed back.
    pub fn send_to(&mut self, target: u16, event: E) -> Result<(), Refused<E>> {
        if self.locator.world() == Some(target) {
            return self.send(event);
        }
        self.channel.send_to(self.targets, target, event)
    }

    /// Tells those who read events of type `E` in the world where the entity is.
    ///
    /// # Errors
    /// As [`World::send_to_entity`](crate::world::World::send_to_entity): the event is
    /// handed back.
    pub fn send_to_entity(&mut self, entity: Entity, event: E) -> Result<(), Refused<E>> {
        self.channel.send_to_entity(self.locator, self.targets, entity, event)
    }

    /// The id of the world of type `T`, as
    /// [`World::event_target`](crate::world::World::event_target).
    pub fn target<T: WorldConfig>(&self) -> Option<u16> {
        target_of::<T>(self.targets.near)
    }

    /// The events that are here, seen or not.
    pub fn events(&self) -> &Events<E> {
        self.channel.events()
    }
}

// SAFETY: events of one type are sent.
unsafe impl<W, E> SystemParam<W> for EventWriter<'_, E>
where
    W: WorldConfig,
    E: EventOf<W::Schema>,
{
    type State = ();
    type Item<'w, 's> = EventWriter<'w, E>;
    const ACCESS: SystemAccess =
        SystemAccess::of_events(EventUse { read: 0, write: E::BIT, known: W::Schema::EVENTS });

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<EventWriter<'w, E>, MissingResource> {
        // SAFETY: nobody has all of the world.
        let world = unsafe { context.world() };
        let store = world.event_store().expect("a schema that has an event has a place for it");
        // SAFETY: nobody else uses events of this type.
        let channel = unsafe { store.channel_unshared::<E>() };
        Ok(EventWriter { channel, targets: store.targets(), locator: world.locator() })
    }
}

impl<E> fmt::Debug for EventWriter<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWriter").field("id", &self.locator.world()).finish_non_exhaustive()
    }
}
