//! Several inserts and removals of one entity, made by one move.

use super::{World, admits, sparse, tabled};
use crate::bundle::Bundle;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::memory::{bits, move_value};
use crate::schema::{Mask, Schema};
use crate::table::Shared;
use crate::transfer::Row;

/// What an entity is to become.
pub(crate) struct Change<S: Schema> {
    /// What it has, with what was inserted, without what was removed so far.
    mask: Mask,
    /// What was removed, also where it was inserted again.
    removed: Mask,
    /// The values that were inserted.
    values: Row<S>,
    /// Values of this change that others replace, on their way to be dropped.
    replaced: Row<S>,
}

impl<S: Schema> Change<S> {
    pub(crate) const fn new() -> Self {
        Self { mask: 0, removed: 0, values: Row::new(), replaced: Row::new() }
    }

    /// Begins the change of an entity with these components.
    pub(crate) fn begin(&mut self, mask: Mask) {
        self.values.drop_some(Mask::MAX);
        self.mask = mask;
        self.removed = 0;
    }

    /// What the entity is to have.
    pub(crate) fn mask(&self) -> Mask {
        self.mask
    }

    /// Inserts a bundle without marker; what it replaces of this change is dropped.
    pub(crate) fn insert<B: Bundle<S>>(&mut self, bundle: B) {
        self.values.move_some(B::MASK, &mut self.replaced);
        self.values.put(bundle);
        self.mask |= B::MASK;
        // Last, since a drop may panic.
        self.replaced.drop_some(Mask::MAX);
    }

    /// Removes components, all or none. `false` if one of them is not there.
    pub(crate) fn remove(&mut self, mask: Mask) -> bool {
        if self.mask & mask != mask {
            return false;
        }
        self.mask &= !mask;
        self.removed |= mask;
        self.values.drop_some(mask);
        true
    }
}

impl<W: WorldConfig> World<W> {
    /// The components of an entity, if it is here.
    pub(crate) fn mask_of(&self, entity: Entity) -> Option<Mask> {
        Some(self.row_mask(self.entities.find(entity).ok()?, Mask::MAX))
    }

    /// The table for an entity that is to have exactly these components, if it can.
    pub(crate) fn table_for_change(&mut self, mask: Mask) -> Option<u32> {
        if !admits::<W>(mask) {
            return None;
        }
        self.tables.of(tabled::<W>(mask)).ok()
    }

    /// Gives an entity, which is here, the components of a change that was begun with
    /// what it has.
    ///
    /// # Panics
    /// If it is not here, or the change leads to no archetype of the world's.
    pub(crate) fn make_change(&mut self, entity: Entity, change: &mut Change<W::Schema>) {
        let place = self.entities.find(entity).expect("who is changed is here");
        let old = self.row_mask(place, Mask::MAX);
        let (new, added) = (change.mask, change.values.mask());
        // Commands that somebody is told of are made one by one.
        debug_assert!((old & !new | added) & Self::WATCHED == 0);
        let target = self.tables.of(tabled::<W>(new)).expect("there is a table for the change");
        // First what can panic: from `take` on, values have two owners until the row
        // has moved.
        let table = self.tables.get_mut(target);
        table.hold(sparse::<W>(new));
        if target != place.table {
            table.make_room(1);
        }
        let table = self.tables.get_mut(place.table);
        let row = place.row as usize;
        let mut gone = Row::<W::Schema>::new();
        for index in bits(old & (!new | added) & W::Schema::NEEDS_DROP) {
            // SAFETY: the row holds the value, which is left behind or overwritten: the
            // target has room and holds what the row has, so nothing panics before.
            unsafe { gone.take(index, table.cell(index, row)) };
        }
        // SAFETY: these values need no drop, or were moved out just now.
        unsafe { table.mark(sparse::<W>(old & !new), row, 1, false) };
        let place = if target == place.table {
            place
        } else {
            // SAFETY: the target has room, and holds what the row has and is to have.
            // What it alone has is written below, what the source alone had is gone.
            unsafe { self.relocate(entity, place, target, Shared::Some) }
        };
        let table = self.tables.get_mut(place.table);
        for index in bits(added) {
            let size = W::Schema::COMPONENTS[index].size;
            // SAFETY: the change holds the value, given up below; the cell's own was
            // moved out, needs no drop, or never was.
            unsafe {
                let cell = table.cell(index, place.row as usize);
                move_value(change.values.place(index), cell, size);
            }
        }
        // SAFETY: the values of `added` were moved to the row just now.
        unsafe {
            table.mark(sparse::<W>(added), place.row as usize, 1, true);
            change.values.set_mask(0);
        }
        let tracked = W::Schema::TRACKED;
        if (added | change.removed) & tracked != 0 {
            let (row, had) = (place.row as usize, old & !change.removed);
            table.stamp_written(added & tracked, had, row, self.clock.ticks());
            self.log_removed(entity, change.removed);
        }
        // Last, since a drop may panic.
        drop(gone);
    }
}
