//! Components come and go.

use super::{RowCells, World, admits, sparse, tabled};
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::{AccessError, EntityError, Refusal, Refused};
use crate::memory::bits;
use crate::outbox::{Parcel, Request};
use crate::schema::{Mask, Schema};
use crate::table::Shared;
use crate::transfer::Row;

impl<W: WorldConfig> World<W> {
    /// Gives an entity the components of `bundle`; values that it has already
    /// are replaced and dropped.
    ///
    /// # Errors
    /// If the entity is not here, its new set of components is none of a closed
    /// world's archetypes, or the world has no archetype left: the bundle is handed back.
    #[inline]
    pub fn insert<B: Bundle<W::Schema>>(
        &mut self,
        entity: Entity,
        bundle: B,
    ) -> Result<(), Refused<B>> {
        const { assert_distinct::<W::Schema, B>() };
        let (place, old) = match self.prepare_insert::<B>(entity) {
            Ok(prepared) => prepared,
            Err(why) => return Err(Refused::new(bundle, why)),
        };
        let table = self.tables.get_mut(place.table);
        let row = place.row as usize;
        let mut replaced = Row::<W::Schema>::new();
        for index in bits(B::MASK & W::Schema::NEEDS_DROP & old) {
            // SAFETY: the row holds the value, which is overwritten below.
            unsafe { replaced.take(index, table.cell(index, row)) };
        }
        let mut cells = RowCells::new(table, row);
        // SAFETY: the table has all cells of the bundle; new ones hold nothing, and
        // what the others held was moved out or needs no drop.
        unsafe { bundle.write(&mut cells) };
        let marker = cells.marker;
        // SAFETY: the bundle has written its sparse components, which are held.
        unsafe { table.mark(sparse::<W>(B::MASK), row, 1, true) };
        let tracked = B::MASK & W::Schema::TRACKED;
        if tracked != 0 {
            table.stamp_written(tracked, old, row, self.clock.ticks());
        }
        if B::MARKER
            && let Some(marker) = marker
        {
            self.mark(entity, marker);
        }
        self.after_insert(entity, B::MASK, old);
        // Last, since a drop may panic.
        drop(replaced);
        self.settle(B::MASK);
        Ok(())
    }

    /// Moves the entity to the table that has what `B` has as well. Answers where
    /// it is, and what it had. The new cells of the row are for the caller to write.
    #[inline(always)]
    fn prepare_insert<B: Bundle<W::Schema>>(
        &mut self,
        entity: Entity,
    ) -> Result<(Place, Mask), Refusal> {
        let place = self.entities.find(entity).map_err(Refusal::Entity)?;
        let old = self.row_mask(place, B::MASK);
        if !admits::<W>(old | B::MASK) {
            self.counts.refused += 1;
            return Err(Refusal::ClosedArchetype);
        }
        let added = tabled::<W>(B::MASK & !old);
        if added == 0 {
            self.tables.get_mut(place.table).hold(sparse::<W>(B::MASK));
            return Ok((place, old));
        }
        let target = self.tables.neighbour(place.table, added)?;
        // First what can panic: after the move, the row is whole only when the caller
        // has written its new cells.
        let held = self.sparse_of(place);
        let table = self.tables.get_mut(target);
        table.make_room(1);
        table.hold(held | sparse::<W>(B::MASK));
        // SAFETY: the target has room, holds what is sparse, and has more components;
        // the new ones are the caller's to write.
        let place = unsafe { self.relocate(entity, place, target, Shared::AllOfSource) };
        Ok((place, old))
    }

    /// The components of a row; of sparse ones, only those in `wanted`.
    #[inline(always)]
    pub(super) fn row_mask(&self, place: Place, wanted: Mask) -> Mask {
        let table = self.tables.get(place.table);
        let mut mask = table.mask();
        if sparse::<W>(wanted) != 0 {
            for index in bits(sparse::<W>(wanted) & table.possible()) {
                mask |= Mask::from(table.has_bit(index, place.row as usize)) << index;
            }
        }
        mask
    }

    /// Takes the components of `B` away from an entity.
    ///
    /// # Errors
    /// If the entity is not here, lacks one of them, or would be left with a
    /// set of components that is none of a closed world's archetypes. Nothing
    /// is removed then.
    #[inline]
    pub fn remove<B: Bundle<W::Schema>>(&mut self, entity: Entity) -> Result<B, RemoveError> {
        let bundle = self.take_out::<B, true>(entity)?;
        self.settle(B::MASK);
        Ok(bundle)
    }

    /// As [`remove`](Self::remove), without its end. `GONE` if this is told: the
    /// components don't go on to another world.
    #[inline(always)]
    pub(super) fn take_out<B: Bundle<W::Schema>, const GONE: bool>(
        &mut self,
        entity: Entity,
    ) -> Result<B, RemoveError> {
        const { assert_distinct::<W::Schema, B>() };
        let place = self.entities.find(entity)?;
        let old = self.row_mask(place, B::MASK);
        if old & B::MASK != B::MASK {
            return Err(missing::<B>(entity));
        }
        if !admits::<W>(old & !B::MASK) {
            self.counts.refused += 1;
            return Err(RemoveError::ClosedArchetype);
        }
        // First what can fail: from `read` on, the row's values have two owners
        // until `relocate` has forgotten the row.
        let target = if tabled::<W>(B::MASK) == 0 {
            place.table
        } else {
            let target = self.tables.neighbour(place.table, tabled::<W>(B::MASK))?;
            let held = self.sparse_of(place);
            let table = self.tables.get_mut(target);
            table.make_room(1);
            table.hold(held);
            target
        };
        let mut marker = None;
        if B::MARKER && !matches!(self.request(entity), Ok(Some(Request::Marked(_)))) {
            return Err(missing::<B>(entity));
        }
        if GONE {
            self.before_remove(entity, B::MASK);
        }
        if B::MARKER
            && let Some(Request::Marked(found)) = self.outbox.take(&mut self.entities, entity)
        {
            marker = Some(found);
        }
        let table = self.tables.get_mut(place.table);
        let mut cells = RowCells::new(table, place.row as usize);
        cells.marker = marker;
        // SAFETY: the row holds a value of each component in the bundle's mask.
        // They are moved out: sparse ones lose their bit, and `relocate` copies
        // only what the target has.
        let bundle = unsafe { B::read(&mut cells) };
        // SAFETY: as above.
        unsafe { table.mark(sparse::<W>(B::MASK), place.row as usize, 1, false) };
        if tabled::<W>(B::MASK) != 0 {
            // SAFETY: the target has room, holds what is sparse, and has fewer
            // components, of which the others were moved out.
            unsafe { self.relocate(entity, place, target, Shared::AllOfTarget) };
        }
        if GONE {
            self.log_removed(entity, B::MASK);
        }
        Ok(bundle)
    }

    /// Moves an entity's row to another table; answers where it is now.
    ///
    /// # Safety
    /// The row is the entity's. The target has room for one more and holds the row's
    /// sparse components; `shared` is true of the two tables. What the target alone
    /// has is written, and what the source alone had was moved out, before either is
    /// used again.
    #[inline(always)]
    pub(super) unsafe fn relocate(
        &mut self,
        entity: Entity,
        place: Place,
        target: u32,
        shared: Shared,
    ) -> Place {
        let (from, to) = self.tables.pair_mut(place.table, target);
        // SAFETY: the caller promises the same.
        let (row, moved) = unsafe { from.move_row(entity, place.row as usize, to, shared) };
        let new = Place { table: target, row: row as u32 };
        self.entities.set_place(entity, new);
        if let Some(moved) = moved {
            self.entities.set_place(moved, place);
        }
        new
    }

    /// The sparse components of a row.
    #[inline(always)]
    pub(super) fn sparse_of(&self, place: Place) -> Mask {
        if const { W::Schema::SPARSE == 0 } {
            return 0;
        }
        self.row_mask(place, W::Schema::SPARSE) & W::Schema::SPARSE
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
        self.entities.find(entity)?;
        Ok(self.outbox.take(&mut self.entities, entity))
    }

    /// Why the entity is in the outbox, if it is.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn request(&self, entity: Entity) -> Result<Option<Request>, EntityError> {
        self.entities.find(entity)?;
        Ok(self.outbox.request(&self.entities, entity))
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
    /// The world has as many archetypes as it can tell apart.
    TooManyArchetypes {
        /// How many.
        limit: u32,
    },
}

impl RemoveError {
    /// What the world refuses, where it is not for what the entity is.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match *self {
            Self::ClosedArchetype => Some(Refusal::ClosedArchetype),
            Self::TooManyArchetypes { limit } => Some(Refusal::TooManyArchetypes { limit }),
            _ => None,
        }
    }
}

#[cold]
fn missing<B>(entity: Entity) -> RemoveError {
    RemoveError::Missing { entity, wanted: core::any::type_name::<B>() }
}

impl From<Refusal> for RemoveError {
    fn from(why: Refusal) -> Self {
        match why {
            Refusal::Entity(error) => Self::Entity(error),
            Refusal::TooManyArchetypes { limit } => Self::TooManyArchetypes { limit },
            _ => Self::ClosedArchetype,
        }
    }
}

impl From<EntityError> for RemoveError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl core::fmt::Display for RemoveError {
    #[inline]
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::Entity(error) => error.fmt(f),
            Self::Missing { entity, wanted } => AccessError::Missing { entity, wanted }.fmt(f),
            Self::ClosedArchetype => Refusal::ClosedArchetype.fmt(f),
            Self::TooManyArchetypes { limit } => Refusal::TooManyArchetypes { limit }.fmt(f),
        }
    }
}
impl core::error::Error for RemoveError {}
