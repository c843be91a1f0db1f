//! Events: sent, read, and on their way to other worlds.

use super::World;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::Refused;
use crate::event::{EventOf, EventStore, Events, target_of};
use crate::location::Locator;

const HAS_STORE: &str = "a schema that has an event has a place for it";

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
    pub fn send<E: EventOf<W::Schema>>(&mut self, event: E) -> Result<(), Refused<E>> {
        self.store().channel_mut::<E>().send(event)
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
    pub fn send_to<E: EventOf<W::Schema>>(
        &mut self,
        target: u16,
        event: E,
    ) -> Result<(), Refused<E>> {
        if self.id() == Some(target) {
            return self.send(event);
        }
        let store = self.store();
        let (channel, targets) = store.channel_and_targets::<E>();
        channel.send_to(targets, target, event)
    }

    /// Tells those who read events of type `E` in the world where the entity is. If it is
    /// here, this is [`send`](Self::send): should it leave before the event is read, the
    /// reader can send the event after it.
    ///
    /// Elsewhere, the event goes the shortest way over edges to where the entity was last
    /// heard of, one edge in a tick, and follows it from there up to
    /// [`MAX_FORWARDS`](crate::event::MAX_FORWARDS) times. It is told in the first tick in
    /// which both are in one world, before that world's systems run; so the entity is there
    /// when they look. What does not reach its entity, because this has died or is faster,
    /// is dropped and counted ([`EventStore::undelivered`]). Events to one entity may
    /// overtake each other where it has moved, and are overtaken by those to its world.
    ///
    /// # Errors
    /// If the entity is dead, or nobody knows where it is, or no way leads there, or too
    /// many events wait: the event is handed back.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Job(u64);
    /// #[derive(Event)]
    /// struct Cancel(Entity);
    ///
    /// #[world_config(components(Job), events(Cancel))]
    /// struct Base;
    /// #[world_config(base = Base, source, routing(default_target = Work))]
    /// struct Source;
    /// #[world_config(base = Base)]
    /// struct Work;
    /// coordinator!(type Pair = (Source, Work));
    ///
    /// let mut pair = Pair::new();
    /// let source = pair.world_mut::<Source>();
    /// let job = source.spawn(Job(1))?;
    /// source.complete(job)?;
    /// pair.start()?;
    /// pair.tick()?;
    /// pair.world_mut::<Source>().send_to_entity(job, Cancel(job))?;
    /// pair.tick()?;
    /// assert_eq!(pair.world::<Work>().events::<Cancel>().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_to_entity<E: EventOf<W::Schema>>(
        &mut self,
        entity: Entity,
        event: E,
    ) -> Result<(), Refused<E>> {
        let locator = Locator::new(&self.entities, &self.directory);
        let store = self.events.as_deref_mut().expect(HAS_STORE);
        let (channel, targets) = store.channel_and_targets::<E>();
        channel.send_to_entity(locator, targets, entity, event)
    }

    /// Sends events to entities on their way that came from other worlds, or waited here.
    /// A coordinator calls it once entities have come in.
    pub fn sort_post(&mut self) {
        if let Some(events) = &mut self.events {
            events.sort_post(Locator::new(&self.entities, &self.directory));
        }
    }

    /// The id of the world of type `T`, if events can go there; of an array, that of
    /// the first member that is reached.
    pub fn event_target<T: WorldConfig<Schema = W::Schema>>(&self) -> Option<u16> {
        target_of::<T>(self.events.as_deref()?.targets().near)
    }

    /// The events of type `E` that are here, to read.
    ///
    /// # Examples
    /// See [`Event`](crate::event::Event).
    pub fn events<E: EventOf<W::Schema>>(&self) -> &Events<E> {
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

    fn store(&mut self) -> &mut EventStore<W::Schema> {
        self.events.as_deref_mut().expect(HAS_STORE)
    }
}
