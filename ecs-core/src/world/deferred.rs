//! A world whose entities and components stay, while their values may change.

use core::fmt;
use core::ops::Deref;

use super::access::assert_sound;
use super::{Lookup, World};
use crate::commands::Commands;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{AccessError, Refused};
use crate::event::EventOf;
use crate::iter::QueryIter;
use crate::query::{Filter, QueryData};
use crate::resources::Resources;
use crate::schema::Contains;

/// The world as an observer is given it: everything can be read, values of components
/// and resources can be changed. Which entities there are and what they have stays until
/// the operation ends; such changes are written down in [`commands`](Self::commands).
pub struct DeferredWorld<'w, W: WorldConfig> {
    world: &'w mut World<W>,
}

impl<'w, W: WorldConfig> DeferredWorld<'w, W> {
    pub(super) fn new(world: &'w mut World<W>) -> Self {
        Self { world }
    }

    /// Changes for when the operation ends. They may call observers again.
    ///
    /// Commands that the world refuses for good, such as one that leads to none of its
    /// closed archetypes, are dropped and counted: see [`World::deferred_counts`].
    #[inline]
    pub fn commands(&mut self) -> &mut Commands<W> {
        &mut self.world.observers_mut().commands
    }

    /// As [`World::get_mut`].
    ///
    /// # Errors
    /// As [`World::get_mut`].
    #[inline]
    pub fn get_mut<C: 'static>(&mut self, entity: Entity) -> Result<&mut C, AccessError>
    where
        W::Schema: Contains<C>,
    {
        self.world.sound_one(const { assert_sound::<W::Schema, &mut C, ()>() }, entity)
    }

    /// As [`World::send`].
    ///
    /// # Errors
    /// As [`World::send`].
    #[inline]
    pub fn send<E: EventOf<W::Schema>>(&mut self, event: E) -> Result<(), Refused<E>> {
        self.world.send(event)
    }

    /// As [`World::send_to`].
    ///
    /// # Errors
    /// As [`World::send_to`].
    pub fn send_to<E: EventOf<W::Schema>>(
        &mut self,
        target: u16,
        event: E,
    ) -> Result<(), Refused<E>> {
        self.world.send_to(target, event)
    }

    /// As [`World::send_to_entity`].
    ///
    /// # Errors
    /// As [`World::send_to_entity`].
    pub fn send_to_entity<E: EventOf<W::Schema>>(
        &mut self,
        entity: Entity,
        event: E,
    ) -> Result<(), Refused<E>> {
        self.world.send_to_entity(entity, event)
    }

    /// As [`World::query`].
    #[inline]
    pub fn query<Q: QueryData<W::Schema>>(&mut self) -> QueryIter<'_, W::Schema, Q> {
        self.world.sound_query(const { assert_sound() })
    }

    /// As [`World::query_filtered`].
    #[inline]
    pub fn query_filtered<Q: QueryData<W::Schema>, F: Filter<W::Schema>>(
        &mut self,
    ) -> QueryIter<'_, W::Schema, Q, F> {
        self.world.sound_query(const { assert_sound() })
    }

    /// As [`World::query_one`].
    ///
    /// # Errors
    /// As [`World::query_one`].
    #[inline]
    pub fn query_one<Q: QueryData<W::Schema>>(
        &mut self,
        entity: Entity,
    ) -> Result<Q::Item<'_>, AccessError> {
        self.world.sound_one(const { assert_sound::<W::Schema, Q, ()>() }, entity)
    }

    /// As [`World::query_many`].
    ///
    /// # Errors
    /// As [`World::query_many`].
    #[inline]
    pub fn query_many<Q: QueryData<W::Schema>, const N: usize>(
        &mut self,
        entities: [Entity; N],
    ) -> Result<[Q::Item<'_>; N], AccessError> {
        self.world.sound_many(const { assert_sound::<W::Schema, Q, ()>() }, entities)
    }

    /// As [`World::lookup`].
    #[inline]
    pub fn lookup<Q: QueryData<W::Schema>>(&mut self) -> Lookup<'_, W::Schema, Q> {
        self.world.sound_lookup(const { assert_sound() })
    }

    /// As [`World::resources_mut`].
    #[inline]
    pub fn resources_mut(&mut self) -> &mut Resources {
        self.world.resources_mut()
    }

    /// As [`World::resource_mut`].
    #[inline]
    pub fn resource_mut<R: Send + 'static>(&mut self) -> Option<&mut R> {
        self.world.resource_mut()
    }
}

impl<W: WorldConfig> Deref for DeferredWorld<'_, W> {
    type Target = World<W>;

    #[inline]
    fn deref(&self) -> &World<W> {
        self.world
    }
}

impl<W: WorldConfig> fmt::Debug for DeferredWorld<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeferredWorld").field(&*self.world).finish()
    }
}

/// What became of commands that observers wrote down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeferredCounts {
    /// They took effect.
    pub made: u64,
    /// Their entity, or component, was not there any more.
    pub missed: u64,
    /// The world refused them for good, and they were dropped.
    pub refused: u64,
    /// They were put off to the end of the next operation, because those before them
    /// were as many as the limit. One that is put off twice counts twice.
    pub postponed: u64,
}
