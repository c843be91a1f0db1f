//! Commands that change how entities are related.

use core::marker::PhantomData;

use super::kinds::{Command, Outcome, made};
use super::{BufferFull, Commands};
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::outbox::TransferMarker;
use crate::relation::{ChildOf, Hierarchy, Relation, Sources};
use crate::schema::{Contains, Schema};
use crate::world::World;

impl<W: WorldConfig> Commands<W> {
    /// Relates `source` to `target`. Missed where `World::relate` is an error.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn relate<R: Relation>(
        &mut self,
        source: Entity,
        target: Entity,
    ) -> Result<(), BufferFull<(Entity, Entity)>>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        let command = Relate(source, target, PhantomData::<R>);
        self.push(command).map_err(|full| BufferFull((full.0.0, full.0.1)))
    }

    /// Takes the relation `R` of `source` away.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn unrelate<R: Relation>(&mut self, source: Entity) -> Result<(), BufferFull<Entity>>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        self.push(Unrelate(source, PhantomData::<R>)).map_err(|full| BufferFull(full.0.0))
    }

    /// Makes an entity with the components of `bundle` that is related to `target`.
    /// Missed if `target` is not here.
    ///
    /// # Errors
    /// If the buffer is full: the bundle is handed back.
    pub fn spawn_related<R: Relation, B: Bundle<W::Schema>>(
        &mut self,
        target: Entity,
        bundle: B,
    ) -> Result<(), BufferFull<B>>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        const { assert_distinct::<W::Schema, B>() };
        const { crate::world::assert_declared::<W, B>() };
        let command = SpawnRelated(target, bundle, PhantomData::<R>);
        self.push(command).map_err(|full| BufferFull(full.0.1))
    }
}

/// For schemas with a [`Hierarchy`]. Each method asks for it by itself: of a bound on all of them,
/// the compiler tells in its own words.
impl<W: WorldConfig> Commands<W> {
    /// Makes `parent` the parent of `child`. Missed where `World::set_parent` is an error.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn set_parent(
        &mut self,
        child: Entity,
        parent: Entity,
    ) -> Result<(), BufferFull<(Entity, Entity)>>
    where
        W::Schema: Hierarchy,
    {
        self.relate::<ChildOf>(child, parent)
    }

    /// Makes `child` a root.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn remove_parent(&mut self, child: Entity) -> Result<(), BufferFull<Entity>>
    where
        W::Schema: Hierarchy,
    {
        self.unrelate::<ChildOf>(child)
    }

    /// Makes an entity with the components of `bundle`, the last child of `parent`.
    /// Missed if `parent` is not here.
    ///
    /// # Errors
    /// If the buffer is full: the bundle is handed back.
    pub fn spawn_child<B: Bundle<W::Schema>>(
        &mut self,
        parent: Entity,
        bundle: B,
    ) -> Result<(), BufferFull<B>>
    where
        W::Schema: Hierarchy,
    {
        self.spawn_related::<ChildOf, B>(parent, bundle)
    }

    /// Ends an entity and its descendants.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn despawn_recursive(&mut self, entity: Entity) -> Result<(), BufferFull<Entity>>
    where
        W::Schema: Hierarchy,
    {
        self.push(DespawnRecursive(entity)).map_err(|full| BufferFull(full.0.0))
    }

    /// Lets an entity go to another world with all its descendants, as
    /// `World::send_tree`. Missed where that is an error.
    ///
    /// # Errors
    /// If the buffer is full.
    pub fn send_tree(
        &mut self,
        root: Entity,
        marker: TransferMarker,
    ) -> Result<(), BufferFull<(Entity, TransferMarker)>>
    where
        W::Schema: Hierarchy,
    {
        self.push(SendTree(root, marker)).map_err(|full| BufferFull((full.0.0, full.0.1)))
    }
}

/// Whether observers may be told of the relation.
const fn observed<S: Contains<R>, R: Relation>() -> bool {
    <S as Contains<R>>::BIT & <S as Schema>::OBSERVED != 0
}

struct Relate<R>(Entity, Entity, PhantomData<R>);

impl<W: WorldConfig, R: Relation> Command<W> for Relate<R>
where
    W::Schema: Contains<R> + Contains<Sources<R>>,
{
    const BARRIER: bool = observed::<W::Schema, R>();

    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        Ok(made(world.relate::<R>(self.0, self.1).is_ok()))
    }
}

struct Unrelate<R>(Entity, PhantomData<R>);

impl<W: WorldConfig, R: Relation> Command<W> for Unrelate<R>
where
    W::Schema: Contains<R> + Contains<Sources<R>>,
{
    const BARRIER: bool = observed::<W::Schema, R>();

    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        Ok(made(world.unrelate::<R>(self.0).is_ok()))
    }
}

struct SpawnRelated<R, B>(Entity, B, PhantomData<R>);

impl<W: WorldConfig, R: Relation, B: Bundle<W::Schema>> Command<W> for SpawnRelated<R, B>
where
    W::Schema: Contains<R> + Contains<Sources<R>>,
{
    const BARRIER: bool = (B::MASK & World::<W>::WATCHED != 0) || observed::<W::Schema, R>();

    fn entity(&self) -> Option<Entity> {
        None
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        match world.spawn_related::<R, B>(self.0, self.1) {
            Ok(_) => Ok(Outcome::Made),
            Err(refused) => match refused.why() {
                Refusal::Entity(_) => Ok(Outcome::Missed),
                why => Err((Self(self.0, refused.into_inner(), PhantomData), why)),
            },
        }
    }
}

struct DespawnRecursive(Entity);

impl<W: WorldConfig> Command<W> for DespawnRecursive
where
    W::Schema: Hierarchy,
{
    const BARRIER: bool = true;

    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        Ok(made(world.despawn_recursive(self.0).is_ok()))
    }
}

struct SendTree(Entity, TransferMarker);

impl<W: WorldConfig> Command<W> for SendTree
where
    W::Schema: Hierarchy,
{
    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        Ok(made(world.send_tree(self.0, self.1).is_ok()))
    }
}
