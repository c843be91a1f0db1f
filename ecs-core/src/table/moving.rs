//! Rows go, the last ones take their places, and rows move to other tables.

use super::{Shared, SizedColumn, Table};
use crate::entity::Entity;
use crate::memory::{bits, move_value};
use crate::schema::{Mask, Schema};

/// So many components are looked at one by one.
const FEW: usize = 8;

impl Table {
    /// Forgets `row`, whose values the caller has moved out, and moves the last
    /// row there. Answers the entity that moved.
    ///
    /// # Safety
    /// `row` is below the length, and its values are not used again.
    #[inline(always)]
    pub(crate) unsafe fn forget_row(&mut self, row: usize) -> Option<Entity> {
        debug_assert!(row < self.len);
        let last = self.len - 1;
        if self.has_beside() {
            self.forget_beside(row, last);
        }
        self.len = last;
        if row == last {
            return None;
        }
        for &column in &self.sized {
            // SAFETY: both rows are in the column and differ.
            unsafe { move_value(self.at(column, last), self.at(column, row), column.size) };
        }
        // SAFETY: both rows are in the ids.
        unsafe {
            let moved = self.entities.add(last).read();
            self.entities.add(row).write(moved);
            Some(moved)
        }
    }

    /// Moves the values of `row` to where `place` says, forgets it, and moves the last row
    /// there. Answers which components these are, and the entity that moved.
    ///
    /// # Safety
    /// `row` is below the length; the table is one of `S`; `place` answers where a value of
    /// each component can be written.
    #[inline(always)]
    pub(crate) unsafe fn take_row<S: Schema>(
        &mut self,
        row: usize,
        mut place: impl FnMut(usize) -> *mut u8,
    ) -> (Mask, Option<Entity>) {
        debug_assert!(row < self.len);
        let last = self.len - 1;
        let mut mask = self.mask;
        if self.has_beside() {
            mask = self.row_mask(row);
            for index in bits(mask & self.held) {
                // SAFETY: the bit says that the row holds a value, which is forgotten below.
                unsafe { move_value(self.cell(index, row), place(index), self.infos[index].size) };
            }
            self.forget_beside(row, last);
        }
        self.len = last;
        let table = &*self;
        // SAFETY: both rows are in the column; the caller promises the other place.
        table.each_sized::<S>(|column| unsafe {
            let cell = table.at(column, row);
            move_value(cell, place(column.index), column.size);
            if row != last {
                move_value(table.at(column, last), cell, column.size);
            }
        });
        if row == last {
            return (mask, None);
        }
        // SAFETY: both rows are in the ids.
        unsafe {
            let moved = self.entities.add(last).read();
            self.entities.add(row).write(moved);
            (mask, Some(moved))
        }
    }

    /// Adds a row with the values that are where `place` says. It has no sparse ones.
    ///
    /// # Safety
    /// There is room; the table is one of `S`; `place` answers where a value of each
    /// component of the mask is, which is not used again.
    #[inline(always)]
    pub(crate) unsafe fn put_row<S: Schema>(
        &mut self,
        entity: Entity,
        mut place: impl FnMut(usize) -> *const u8,
    ) -> usize {
        // SAFETY: there is room, and the row is written right away.
        let row = unsafe { self.push(entity) };
        let table = &*self;
        // SAFETY: the new row's cells hold nothing yet; the caller promises the other
        // place.
        table.each_sized::<S>(|column| unsafe {
            move_value(place(column.index), table.at(column, row), column.size);
        });
        row
    }

    /// Calls `each` with the columns that take bytes. In a schema of few components their
    /// sizes are constants there.
    #[inline(always)]
    fn each_sized<S: Schema>(&self, mut each: impl FnMut(SizedColumn)) {
        if S::COMPONENTS.len() > FEW {
            self.sized.iter().for_each(|&column| each(column));
            return;
        }
        let mask = self.mask as u32;
        let mut index = 0;
        while index < S::COMPONENTS.len() {
            let size = S::COMPONENTS[index].size;
            if size > 0 && mask >> index & 1 == 1 {
                each(SizedColumn { index, size });
            }
            index += 1;
        }
    }

    /// Forgets `count` rows from `first` on, whose values the caller has moved
    /// out, and moves the last rows there, in their order. Answers the entities
    /// that moved, which are now from `first` on.
    ///
    /// # Safety
    /// The rows are below the length, and their values are not used again.
    pub(crate) unsafe fn forget_rows(&mut self, first: usize, count: usize) -> &[Entity] {
        debug_assert!(first + count <= self.len);
        let moved = count.min(self.len - (first + count));
        let from = self.len - moved;
        for &SizedColumn { index, size } in &self.sized {
            let column = self.column(index);
            // SAFETY: both ranges are in the column, and `from` is at least
            // `first + count`, so that they are apart.
            unsafe {
                let target = column.add(first * size);
                target.copy_from_nonoverlapping(column.add(from * size), moved * size);
            }
        }
        if self.held != 0 {
            for row in 0..moved {
                self.forget_bits(first + row, from + row);
            }
            // Rows that went without another in their place.
            for row in first + moved..first + count {
                self.forget_bits(row, row);
            }
        }
        self.copy_stamps(self.mask, from, self, first, moved);
        // SAFETY: both ranges are in the ids, apart as above.
        unsafe {
            self.entities.add(first).copy_from_nonoverlapping(self.entities.add(from), moved)
        };
        self.len -= count;
        &self.entities()[first..first + moved]
    }

    /// Whether no entity has, or had, a sparse component.
    pub(crate) fn is_plain(&self) -> bool {
        self.held == 0
    }

    /// Whether changes of a component are stamped.
    pub(crate) fn is_stamped(&self) -> bool {
        self.stamps.is_some()
    }

    /// The table has no rows any more, without dropping them: they are the caller's.
    /// Answers how many they were.
    pub(crate) fn give_up_rows(&mut self) -> usize {
        core::mem::take(&mut self.len)
    }

    /// Whether anything but the columns of `mask` moves with a row.
    #[inline(always)]
    fn has_beside(&self) -> bool {
        // One branch for both.
        (self.held != 0) | self.stamps.is_some()
    }

    /// Moves what is beside the columns of `mask` from `row` to one of `target`.
    #[inline(never)]
    fn move_beside(&mut self, row: usize, target: &mut Table, to: usize) {
        self.move_row_stamps(row, target, to);
        self.move_bits(row, target, to);
    }

    /// Moves what is beside the columns of `mask` from `last` to `row`.
    #[inline(never)]
    fn forget_beside(&mut self, row: usize, last: usize) {
        self.move_row_stamps(last, self, row);
        self.forget_bits(row, last);
    }

    /// Gets ready for all rows of `source`: if this table is empty and of no larger
    /// capacity, for its columns, unless these are mostly unused.
    pub(crate) fn make_room_for_all_of(&mut self, source: &Table) {
        let full = source.len >= source.capacity / 2;
        if full && self.len == 0 && self.capacity <= source.capacity {
            if self.capacity < source.capacity {
                self.resize(source.capacity);
            }
        } else {
            self.make_room(source.len);
        }
        self.hold(source.held);
    }

    /// Moves the components that both tables have, and the sparse ones, of all rows
    /// to the end of `target`. What this table alone has stays in its columns, and is
    /// the caller's.
    ///
    /// # Safety
    /// `target` got ready by [`make_room_for_all_of`](Self::make_room_for_all_of)
    /// this table, and what it alone has was written for the new rows.
    pub(crate) unsafe fn give_all(&mut self, target: &mut Table) {
        let (count, first) = (core::mem::take(&mut self.len), target.len);
        debug_assert!(count <= target.capacity - first);
        let handed_over = first == 0 && self.capacity == target.capacity;
        target.len += count;
        if handed_over {
            core::mem::swap(&mut self.entities, &mut target.entities);
        } else {
            // SAFETY: `count` ids are here, and have room there.
            unsafe { target.entities.add(first).copy_from_nonoverlapping(self.entities, count) };
        }
        if handed_over {
            self.swap_stamps(target);
        } else {
            self.copy_stamps(self.mask & target.mask, 0, target, first, count);
        }
        for index in bits(self.mask & target.mask) {
            if handed_over {
                core::mem::swap(&mut self.columns[index], &mut target.columns[index]);
                continue;
            }
            let size = self.infos[index].size;
            // SAFETY: the columns have `count` rows, and room for them.
            unsafe {
                let to = target.column(index).add(first * size);
                to.copy_from_nonoverlapping(self.column(index), count * size);
            }
        }
        if self.held != 0 {
            for row in 0..count {
                self.move_bits(row, target, first + row);
            }
        }
    }

    /// Moves the components that both tables have, and the sparse ones, from `row`
    /// to a new row of `target`, and forgets `row`. Answers the new row and the
    /// entity that took the old row's place. What `target` alone has is for the
    /// caller to write, what only this table has was the caller's to move out.
    ///
    /// # Safety
    /// `row` is `entity`'s; `target` has room for one more, and holds the row's
    /// sparse components; `shared` is true of the two; the caller does as said before
    /// either table is used again.
    #[inline(always)]
    pub(crate) unsafe fn move_row(
        &mut self,
        entity: Entity,
        row: usize,
        target: &mut Table,
        shared: Shared,
    ) -> (usize, Option<Entity>) {
        debug_assert!(row < self.len && self.entities()[row] == entity);
        debug_assert!(match shared {
            Shared::AllOfSource => self.mask & !target.mask == 0,
            Shared::AllOfTarget => target.mask & !self.mask == 0,
            Shared::Some => true,
        });
        let last = self.len - 1;
        // SAFETY: there is room, and the caller writes the rest of the row.
        let to = unsafe { target.push(entity) };
        if self.has_beside() {
            self.move_beside(row, target, to);
            self.forget_beside(row, last);
        }
        // SAFETY: all rows are in their columns. The new one is apart, and so is the
        // last, unless it is this row itself, where nothing is to be moved.
        let move_cell = |source: &Table, target: Option<&Table>, column: SizedColumn| unsafe {
            let cell = source.at(column, row);
            if let Some(target) = target {
                move_value(cell, target.at(column, to), column.size);
            }
            if row != last {
                move_value(source.at(column, last), cell, column.size);
            }
        };
        match shared {
            Shared::AllOfSource => {
                self.sized.iter().for_each(|&column| move_cell(self, Some(target), column));
            }
            Shared::AllOfTarget => {
                target.sized.iter().for_each(|&column| move_cell(self, Some(target), column));
                for index in bits(self.mask & !target.mask) {
                    move_cell(self, None, SizedColumn { index, size: self.infos[index].size });
                }
            }
            Shared::Some => {
                for &column in &self.sized {
                    let both = target.mask >> column.index & 1 == 1;
                    move_cell(self, both.then_some(&*target), column);
                }
            }
        }
        self.len = last;
        if row == last {
            return (to, None);
        }
        // SAFETY: both rows are in the ids.
        unsafe {
            let moved = self.entities.add(last).read();
            self.entities.add(row).write(moved);
            (to, Some(moved))
        }
    }
}
