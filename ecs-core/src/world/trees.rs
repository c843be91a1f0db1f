//! A part of the hierarchy moves to another world as a unit, or not at all.

use alloc::vec::Vec;
use core::fmt;

use super::{Departure, DepartureKind, World, admits};
use crate::block::Block;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{EntityError, Refusal};
use crate::outbox::{Parcel, Request, TransferMarker};
use crate::relation::Hierarchy;
use crate::schema::Schema;
use crate::transfer::TransferFlags;

impl<W: WorldConfig> World<W> {
    /// Lets an entity go to another world with all its descendants, at the end of the
    /// tick, together or not at all. Answers how many these are now.
    ///
    /// The root stands in the outbox for all: who is a descendant when the tick ends goes
    /// too. Nobody leaves before there is room for all in the queue, and they wait
    /// there until there is room for all in the target; so no system of either world
    /// ever sees a part of them. Their children keep their order, and their relations
    /// among each other. The root keeps its parent, which is in another world then.
    ///
    /// A tree goes before all that is not one, and where it waits for room, what
    /// would go the same way waits behind it. `shed` drops it whole, `spill` does not
    /// take it. One that is larger than the queue, or the target, stays, and is
    /// reported. A descendant that has a request of its own goes with the tree as well,
    /// unless the tree has to wait.
    ///
    /// # Errors
    /// If the entity is not here, or the marker asks for a copy.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Name(&'static str);
    /// # #[world_config(components(Name, ChildOf, Children))] struct Base;
    /// #[world_config(base = Base, source, targets(Garage))]
    /// struct Road;
    /// #[world_config(base = Base)]
    /// struct Garage;
    /// coordinator!(type Town = (Road, Garage));
    ///
    /// let mut town = Town::new();
    /// town.start()?;
    /// let garage = Town::id_of::<Garage>();
    /// let road = town.world_mut::<Road>();
    /// let car = road.spawn(Name("car"))?;
    /// let wheels = [1, 2, 3, 4].map(|_| road.spawn_child(car, Name("wheel")).unwrap());
    /// assert_eq!(road.send_tree(car, TransferMarker::to(garage))?, 5);
    /// town.tick()?;
    /// assert_eq!(town.world::<Garage>().children(car), wheels);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_tree(
        &mut self,
        root: Entity,
        marker: TransferMarker,
    ) -> Result<usize, SendTreeError>
    where
        W::Schema: Hierarchy,
    {
        self.entities.find(root)?;
        if !marker.destroy_on_transfer {
            return Err(SendTreeError::Copy);
        }
        let request = Request::Tree(marker);
        self.outbox.put(&mut self.entities, Parcel { entity: root, request });
        Ok(self.descendants(root).count() + 1)
    }
}

/// Units, for those who carry entities between worlds.
impl<W: WorldConfig> World<W> {
    /// An entity and all its descendants, parents first.
    ///
    /// # Errors
    /// If the entity is not here.
    #[doc(hidden)]
    pub fn tree(&self, root: Entity) -> Result<Vec<Entity>, EntityError> {
        self.subtree(root)
    }

    /// Moves entities that are here into blocks from `block`, of up to `most` each.
    /// Answers the first, which has the others behind it: they are a unit.
    #[doc(hidden)]
    pub fn depart_unit(
        &mut self,
        members: &[Entity],
        target: u16,
        (source, flags): (u16, TransferFlags),
        most: usize,
        mut block: impl FnMut() -> Block<W::Schema>,
    ) -> Option<Block<W::Schema>> {
        if const { W::Schema::RELATIONS == 0 } {
            return None;
        }
        self.tell_departing(members, Departure { target, kind: DepartureKind::Moved });
        self.unlink_unit(members);
        let mut sorted: Vec<(u64, usize, Entity)> = Vec::with_capacity(members.len());
        let members = members.iter().enumerate();
        sorted.extend(members.filter_map(|(at, &entity)| {
            self.select(entity).ok().map(|selection| (selection.group, at, entity))
        }));
        sorted.sort_unstable();
        let entities: Vec<Entity> = sorted.iter().map(|&(_, _, entity)| entity).collect();
        let (mut first, mut gone) = (None, 0);
        while let Some(&entity) = entities.get(gone) {
            let Ok(selection) = self.select(entity) else { break };
            let mut filled = block();
            let fits = filled.begin(selection.mask, source, flags).min(most);
            let end = entities.len().min(gone + fits);
            // Those of one table and one mask: it stops at the first other.
            let moved = self.leave_together(&entities[gone..end], &mut filled, target);
            debug_assert!(moved > 0);
            if moved == 0 {
                break;
            }
            gone += moved;
            filled.join(first.take());
            first = Some(filled);
        }
        first
    }

    /// Moves a unit in, all of it or none: if it has more than `limit` entities or the
    /// world has not room for all, none. Answers how many came.
    ///
    /// # Errors
    /// If the world is closed to an archetype of it, or has none left. Nothing has moved
    /// then.
    #[doc(hidden)]
    pub fn arrive_unit(
        &mut self,
        block: &mut Block<W::Schema>,
        limit: usize,
    ) -> Result<usize, Refusal> {
        if const { W::Schema::RELATIONS == 0 } {
            return self.arrive(block, limit);
        }
        let total = block.total();
        if total > limit.min(self.room()) {
            return Ok(0);
        }
        let mut at = Some(&*block);
        let mut tables = Vec::new();
        while let Some(block) = at {
            if !admits::<W>(block.mask()) {
                self.counts.refused += 1;
                return Err(Refusal::ClosedArchetype);
            }
            tables.push((self.table_for(block.mask(), 0)?, block.len()));
            at = block.next();
        }
        // Before the first moves, since a column that grows too large panics.
        let mut rooms = tables.clone();
        rooms.sort_unstable();
        for same in rooms.chunk_by(|one, other| one.0 == other.0) {
            let rows = same.iter().map(|&(_, rows)| rows).sum();
            self.tables.get_mut(same[0].0).make_room(rows);
        }
        let mut ids = Vec::with_capacity(total);
        let mut at = Some(block);
        for (table, count) in tables {
            let Some(block) = at else { break };
            let first = self.arrive_rows(block, table, count);
            ids.extend_from_slice(&self.tables.get(table).entities()[first..]);
            at = block.next_mut();
        }
        self.link_unit(&ids);
        self.tell_arrived(&ids);
        Ok(total)
    }
}

/// A tree can't be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendTreeError {
    /// Its root can't be reached.
    Entity(EntityError),
    /// The marker's `destroy_on_transfer` is false: a tree moves, and is not copied.
    Copy,
}

impl From<EntityError> for SendTreeError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl fmt::Display for SendTreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::Copy => f.write_str(
                "a tree moves and is not copied: leave `destroy_on_transfer` true, or send an instance of its template",
            ),
        }
    }
}
impl core::error::Error for SendTreeError {}
