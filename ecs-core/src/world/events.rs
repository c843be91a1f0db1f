//! Events: sent, read, and on their way to other worlds.

use super::World;
use crate::config::WorldConfig;
use crate::error::Refused;
use crate::event::{Event, EventStore, Events, HasEvent, target_of};

impl<W: WorldConfig> World<W> {
    /// Tells those who read events of type `E`.
    ///
    /// # Errors
    /// If the world has as many as the event's `capacity`, and its policy is to refuse:
    /// the event is handed back.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Health(i32);
    /// #[derive(Event)]
    /// struct Shot { power: u32 }
    ///
    /// #[world_config(components(Health), events(Shot(capacity = 2)))]
    /// struct Arena;
    ///
    /// let mut arena = World::<Arena>::new();
    /// arena.send(Shot { power: 1 })?;
    /// arena.send(Shot { power: 2 })?;
    /// let refused = arena.send(Shot { power: 3 }).unwrap_err();
    /// assert_eq!(refused.into_inner().power, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send<E: Event>(&mut self, event: E) -> Result<(), Refused<E>>
    where
        W::Schema: HasEvent<E>,
    {
        self.event_store_of::<E>().channel_mut::<E>().send(event)
    }

    /// Tells those who read events of type `E` in the world with id `target`, to which
    /// an edge leads: it gets there at the end of the tick, in the order in which
    /// events of this type were sent to it. To the world itself, this is
    /// [`send`](Self::send).
    ///
    /// Up to `capacity` of them wait for each target, with the policy of the event.
    ///
    /// # Errors
    /// If no edge leads there, which is counted, or too many wait: the event is handed
    /// back.
    pub fn send_to<E: Event>(&mut self, target: u16, event: E) -> Result<(), Refused<E>>
    where
        W::Schema: HasEvent<E>,
    {
        if self.id() == Some(target) {
            return self.send(event);
        }
        let store = self.event_store_of::<E>();
        let (channel, targets) = store.channel_and_targets::<E>();
        channel.send_to(targets, target, event)
    }

    /// The id of the world of type `T`, if events can go there; of an array, that of
    /// the first member that is reached.
    pub fn event_target<T: WorldConfig<Schema = W::Schema>>(&self) -> Option<u16> {
        target_of::<T>(self.events.as_deref()?.targets())
    }

    /// The events of type `E` that are here, to read.
    ///
    /// # Examples
    /// See [`Event`].
    pub fn events<E: Event>(&self) -> &Events<E>
    where
        W::Schema: HasEvent<E>,
    {
        let channel = self.events.as_deref().and_then(EventStore::channel);
        channel.map_or(Events::none::<W::Schema>(), |channel| channel.events())
    }

    /// Ends a run of the schedule: the events that were here when it began go. The
    /// schedule calls it; for those who run systems by hand.
    #[inline]
    pub fn end_events(&mut self) {
        if let Some(events) = &mut self.events {
            events.end_run();
        }
    }

    /// The events of this world, for those who carry them between worlds; `None` where
    /// the schema has none.
    pub fn event_store_mut(&mut self) -> Option<&mut EventStore<W::Schema>> {
        self.events.as_deref_mut()
    }

    /// As [`event_store_mut`](Self::event_store_mut), to look at.
    pub fn event_store(&self) -> Option<&EventStore<W::Schema>> {
        self.events.as_deref()
    }

    fn event_store_of<E: Event>(&mut self) -> &mut EventStore<W::Schema>
    where
        W::Schema: HasEvent<E>,
    {
        self.events.as_deref_mut().expect("a schema that has an event has a place for it")
    }
}
