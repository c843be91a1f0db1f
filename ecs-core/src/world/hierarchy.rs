//! The hierarchy: parents and their children in order.

use alloc::vec::Vec;
use core::fmt;
use core::slice;

use super::World;
use crate::bundle::Bundle;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{EntityError, Refused};
use crate::relation::{ChildOf, Hierarchy, RelateError, tree};
use crate::schema::Contains;

/// For schemas with a [`Hierarchy`]. Each method asks for it by itself: of a bound on all of them,
/// the compiler tells in its own words.
impl<W: WorldConfig> World<W> {
    /// Makes `parent` the parent of `child`, which becomes its last child. Answers the
    /// parent that it had; if that is the same, nothing changes.
    ///
    /// # Errors
    /// If one of the two is not here, they are one, or `parent` is a descendant of
    /// `child`. Nothing has changed then.
    pub fn set_parent(
        &mut self,
        child: Entity,
        parent: Entity,
    ) -> Result<Option<Entity>, RelateError>
    where
        W::Schema: Hierarchy,
    {
        self.relate::<ChildOf>(child, parent)
    }

    /// Makes `child` a root. Answers the parent that it had.
    ///
    /// # Errors
    /// If it is not here.
    pub fn remove_parent(&mut self, child: Entity) -> Result<Option<Entity>, EntityError>
    where
        W::Schema: Hierarchy,
    {
        self.unrelate::<ChildOf>(child)
    }

    /// As [`set_parent`](Self::set_parent), but `child` comes to stand at `index` among
    /// the children, at the end if there are fewer. One that has this parent already
    /// moves there.
    ///
    /// # Errors
    /// As [`set_parent`](Self::set_parent).
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Row;
    /// # #[world_config(components(Row, ChildOf, Children))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let list = world.spawn(())?;
    /// let (a, b) = (world.spawn_child(list, Row)?, world.spawn_child(list, Row)?);
    /// world.insert_child_at(list, 0, b)?;
    /// assert_eq!(world.children(list), [b, a]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert_child_at(
        &mut self,
        parent: Entity,
        index: usize,
        child: Entity,
    ) -> Result<Option<Entity>, RelateError>
    where
        W::Schema: Hierarchy,
    {
        let relation = <W::Schema as Contains<ChildOf>>::INDEX;
        let old = self.check_relate(child, parent, relation)?;
        // The index among the others, whether or not the child is one already.
        self.relate_checked(child, parent, relation, old);
        let list = self.list_of(parent, relation);
        if let Some(at) = list.iter().position(|&listed| listed == child) {
            list.remove(at);
            list.insert(index.min(list.len()), child);
        }
        self.settle(1 << relation);
        Ok(old)
    }

    /// Makes an entity with the components of `bundle`, the last child of `parent`.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn), and if `parent` is not here: the bundle is handed back.
    pub fn spawn_child<B: Bundle<W::Schema>>(
        &mut self,
        parent: Entity,
        bundle: B,
    ) -> Result<Entity, Refused<B>>
    where
        W::Schema: Hierarchy,
    {
        self.spawn_related::<ChildOf, B>(parent, bundle)
    }

    /// The parent of an entity; `None` also if the entity is not here. The parent may be
    /// in another world, if one of the two has left alone, or dead, if it died there.
    pub fn parent(&self, child: Entity) -> Option<Entity>
    where
        W::Schema: Hierarchy,
    {
        self.target_of::<ChildOf>(child)
    }

    /// The children of an entity, in order; empty also if it is not here. All are here.
    pub fn children(&self, parent: Entity) -> &[Entity]
    where
        W::Schema: Hierarchy,
    {
        self.sources_of::<ChildOf>(parent)
    }

    /// The parent of an entity, the parent's parent, and so on. Ends with the root, or
    /// the first that is not here.
    pub fn ancestors(&self, entity: Entity) -> impl Iterator<Item = Entity> + '_
    where
        W::Schema: Hierarchy,
    {
        core::iter::successors(self.parent(entity), |&entity| self.parent(entity))
    }

    /// The last of an entity's [`ancestors`](Self::ancestors), or itself if it has none.
    pub fn root(&self, entity: Entity) -> Entity
    where
        W::Schema: Hierarchy,
    {
        self.ancestors(entity).last().unwrap_or(entity)
    }

    /// The children of an entity, each followed by its own descendants.
    pub fn descendants(&self, entity: Entity) -> Descendants<'_, W>
    where
        W::Schema: Hierarchy,
    {
        Descendants { world: self, open: alloc::vec![self.children(entity).iter()] }
    }

    /// Ends an entity and its descendants, parents first, and drops their components.
    /// Answers how many they were.
    ///
    /// A drop that panics leaves those after it in the world.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn despawn_recursive(&mut self, entity: Entity) -> Result<usize, EntityError>
    where
        W::Schema: Hierarchy,
    {
        let members = self.subtree(entity)?;
        Ok(self.despawn_batch(&members))
    }
}

impl<W: WorldConfig> World<W> {
    /// An entity and its descendants, parents first, siblings in order. In a schema
    /// without the hierarchy, the entity alone.
    pub(super) fn subtree(&self, entity: Entity) -> Result<Vec<Entity>, EntityError> {
        self.entities.find(entity)?;
        let mut members = alloc::vec![entity];
        let Some(index) = (const { tree::<W::Schema>() }) else { return Ok(members) };
        let mut open = Vec::new();
        let children = |entity| {
            let place = self.entities.find(entity).ok()?;
            self.list_at(place, index).map(|list| list.iter())
        };
        open.extend(children(entity));
        while let Some(siblings) = open.last_mut() {
            let Some(&entity) = siblings.next() else {
                open.pop();
                continue;
            };
            members.push(entity);
            open.extend(children(entity));
        }
        Ok(members)
    }
}

/// The descendants of an entity, depth first: see [`World::descendants`].
pub struct Descendants<'w, W: WorldConfig> {
    world: &'w World<W>,
    /// Of each ancestor of the next one, the children that are left.
    open: Vec<slice::Iter<'w, Entity>>,
}

impl<W: WorldConfig<Schema: Hierarchy>> Iterator for Descendants<'_, W> {
    type Item = Entity;

    fn next(&mut self) -> Option<Entity> {
        loop {
            let siblings = self.open.last_mut()?;
            let Some(&entity) = siblings.next() else {
                self.open.pop();
                continue;
            };
            let children = self.world.children(entity);
            if !children.is_empty() {
                self.open.push(children.iter());
            }
            return Some(entity);
        }
    }
}

impl<W: WorldConfig> fmt::Debug for Descendants<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descendants").field("depth", &self.open.len()).finish_non_exhaustive()
    }
}
