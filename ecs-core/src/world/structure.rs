//! Components come and go.

use super::{RowCells, World, admits};
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entities::{NONE, Slot};
use crate::entity::Entity;
use crate::error::{AccessError, EntityError, Refusal, Refused};
use crate::memory::bits;
use crate::outbox::{Parcel, Request, TransferMarker};
use crate::schema::{Mask, Schema};
use crate::transfer::Row;

impl<W: WorldConfig> World<W> {
    /// Gives an entity the components of `bundle`; values that it has already
    /// are replaced and dropped.
    ///
    /// # Errors
    /// If the entity is not here, or its new set of components is none of a
    /// closed world's archetypes: the bundle is handed back.
    pub fn insert<B: Bundle<W::Schema>>(
        &mut self,
        entity: Entity,
        bundle: B,
    ) -> Result<(), Refused<B>> {
        const { assert_distinct::<W::Schema, B>() };
        let slot = match self.entities.find(entity) {
            Ok(slot) => *slot,
            Err(error) => return Err(Refused::new(bundle, Refusal::Entity(error))),
        };
        let old = self.tables.get(slot.table).mask();
        if !admits::<W>(old | B::MASK) {
            self.counts.refused += 1;
            return Err(Refused::new(bundle, Refusal::ClosedArchetype));
        }
        if old | B::MASK == old {
            self.replace(entity, slot, bundle);
        } else {
            self.extend(entity, slot, old, bundle);
        }
        Ok(())
    }

    /// Every component of the bundle is there already.
    #[inline]
    fn replace<B: Bundle<W::Schema>>(&mut self, entity: Entity, slot: Slot, bundle: B) {
        let mut cells = RowCells::new(self.tables.get(slot.table), slot.row as usize);
        // Where the bundle has a marker, the one read back here is dropped unused.
        cells.marker = B::MARKER.then_some(TransferMarker::to(0));
        // SAFETY: the row holds a value of each component in the bundle's mask;
        // they are moved out, and new ones written before anything else happens.
        let old = unsafe {
            let old = B::read(&mut cells);
            bundle.write(&mut cells);
            old
        };
        if B::MARKER
            && let Some(marker) = cells.marker
        {
            self.mark(entity, marker);
        }
        // Last, since a drop may panic.
        drop(old);
    }

    /// The entity moves to the table that has the bundle's components as well.
    #[inline]
    fn extend<B: Bundle<W::Schema>>(&mut self, entity: Entity, slot: Slot, old: Mask, bundle: B) {
        let added = B::MASK & !old;
        let target = self.neighbour(slot.table, added);
        let row = self.relocate(entity, slot, target);
        let table = self.tables.get(target);
        let mut replaced = Row::<W::Schema>::new();
        for index in bits(B::MASK & old & W::Schema::NEEDS_DROP) {
            // SAFETY: the value came along with the row, and is overwritten below.
            unsafe { replaced.take(index, table.cell(index, row)) };
        }
        let mut cells = RowCells::new(table, row);
        // SAFETY: the cells are in the row; new ones hold nothing, and what the
        // others held was moved out or needs no drop.
        unsafe { bundle.write(&mut cells) };
        if B::MARKER
            && let Some(marker) = cells.marker
        {
            self.mark(entity, marker);
        }
        drop(replaced);
    }

    /// Takes the components of `B` away from an entity.
    ///
    /// # Errors
    /// If the entity is not here, lacks one of them, or would be left with a
    /// set of components that is none of a closed world's archetypes. Nothing
    /// is removed then.
    pub fn remove<B: Bundle<W::Schema>>(&mut self, entity: Entity) -> Result<B, RemoveError> {
        const { assert_distinct::<W::Schema, B>() };
        let slot = *self.entities.find(entity)?;
        let old = self.tables.get(slot.table).mask();
        let wanted = core::any::type_name::<B>();
        if old & B::MASK != B::MASK {
            return Err(RemoveError::Missing { entity, wanted });
        }
        if !admits::<W>(old & !B::MASK) {
            self.counts.refused += 1;
            return Err(RemoveError::ClosedArchetype);
        }
        let mut marker = None;
        if B::MARKER {
            match self.outbox.get(slot.outbox).map(|parcel| parcel.request) {
                Some(Request::Marked(found)) => marker = Some(found),
                _ => return Err(RemoveError::Missing { entity, wanted }),
            }
            self.outbox.take(slot.outbox);
            self.entities.slot_mut(entity).outbox = NONE;
        }
        // First what can panic: from `read` on, the row's values have two owners
        // until `relocate` has forgotten the row.
        let target = (B::MASK != 0).then(|| self.neighbour(slot.table, B::MASK));
        if let Some(target) = target {
            self.tables.get_mut(target).reserve(1);
        }
        let mut cells = RowCells::new(self.tables.get(slot.table), slot.row as usize);
        cells.marker = marker;
        // SAFETY: the row holds a value of each component in the bundle's mask.
        // They are moved out; `relocate` copies only what the target has.
        let bundle = unsafe { B::read(&mut cells) };
        if let Some(target) = target {
            self.relocate(entity, slot, target);
        }
        Ok(bundle)
    }

    /// The table that differs from `table` by the components of `mask`.
    #[inline]
    fn neighbour(&mut self, table: u32, mask: Mask) -> u32 {
        if mask.is_power_of_two() {
            return self.tables.toggled(table, mask.trailing_zeros() as usize);
        }
        self.tables.of(self.tables.get(table).mask() ^ mask)
    }

    /// Moves the row to another table; answers the new row. Panics, if at all,
    /// before anything has moved.
    #[inline]
    fn relocate(&mut self, entity: Entity, slot: Slot, target: u32) -> usize {
        let (from, to) = self.tables.pair_mut(slot.table, target);
        // SAFETY: the row is the entity's. What the target alone has is written
        // by `extend`, what the source alone had was moved out by `remove`.
        let (row, moved) = unsafe { from.move_row(slot.row as usize, to) };
        let place = self.entities.slot_mut(entity);
        (place.table, place.row) = (target, row as u32);
        if let Some(moved) = moved {
            self.entities.slot_mut(moved).row = slot.row;
        }
        row
    }

    /// Lets routing decide where an entity goes at the end of the tick. A marker
    /// that it has stays in force.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn complete(&mut self, entity: Entity) -> Result<(), EntityError> {
        self.entities.find(entity)?;
        self.outbox.put(&mut self.entities, Parcel { entity, request: Request::Completed });
        Ok(())
    }

    /// Takes an entity out of the outbox; answers why it was there.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn recall(&mut self, entity: Entity) -> Result<Option<Request>, EntityError> {
        let slot = self.entities.find_mut(entity)?;
        let place = core::mem::replace(&mut slot.outbox, NONE);
        Ok(self.outbox.take(place).map(|parcel| parcel.request))
    }

    /// Why the entity is in the outbox, if it is.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn request(&self, entity: Entity) -> Result<Option<Request>, EntityError> {
        let slot = self.entities.find(entity)?;
        Ok(self.outbox.get(slot.outbox).map(|parcel| parcel.request))
    }
}

/// Components can't be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoveError {
    /// The entity can't be reached.
    Entity(EntityError),
    /// The entity lacks something of the bundle.
    Missing {
        /// The entity.
        entity: Entity,
        /// The bundle's type.
        wanted: &'static str,
    },
    /// The world's archetypes are closed, and what is left is none of them.
    ClosedArchetype,
}

impl From<EntityError> for RemoveError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl core::fmt::Display for RemoveError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::Entity(error) => error.fmt(f),
            Self::Missing { entity, wanted } => AccessError::Missing { entity, wanted }.fmt(f),
            Self::ClosedArchetype => Refusal::ClosedArchetype.fmt(f),
        }
    }
}
impl core::error::Error for RemoveError {}
