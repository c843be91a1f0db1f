//! When the values of tracked components were added and changed: two columns of stamps
//! beside the values of each.
//!
//! A stamp goes with its value wherever that goes in the world. Stamps of rows that are
//! not there, or don't have the component, are anything, but never uninitialised.

use alloc::boxed::Box;
use core::ptr::NonNull;

use super::Table;
use crate::column;
use crate::memory::{self, bits};
use crate::schema::{ComponentInfo, Mask};
use crate::tick::Ticks;

const STAMP: usize = size_of::<u32>();

/// The stamps of a table.
pub(super) struct Stamps {
    /// The components that have some.
    mask: Mask,
    /// By component, dangling where there are none.
    columns: Box<[Columns]>,
}

/// The stamps of a component, a row after the other.
#[derive(Clone, Copy)]
struct Columns {
    added: NonNull<u32>,
    changed: NonNull<u32>,
}

impl Stamps {
    /// Of the tracked components of a mask, if there are some, for no rows yet.
    pub(super) fn new(infos: &[ComponentInfo], mask: Mask) -> Option<Box<Self>> {
        let tracked = |&index: &usize| infos[index].track;
        let mask = bits(mask).filter(tracked).fold(0, |mask, index| mask | 1 << index);
        (mask != 0).then(|| {
            let columns = infos.iter().map(|_| Columns::dangling()).collect();
            Box::new(Self { mask, columns })
        })
    }
}

impl Columns {
    fn dangling() -> Self {
        let stamps = memory::dangling(STAMP).cast();
        Self { added: stamps, changed: stamps }
    }

    /// Moves them to memory for `new` rows, keeping the first `used`.
    ///
    /// # Safety
    /// They were acquired for `old` rows; `used` is at most the lesser of the two.
    unsafe fn regrow(self, old: usize, new: usize, used: usize) -> Self {
        let regrow = |stamps: NonNull<u32>| {
            let (bytes, more) = (old * STAMP, new * STAMP);
            // SAFETY: the caller promises the same; what is new is written right away.
            unsafe {
                let stamps = column::regrow(stamps.cast(), bytes, more, used * STAMP, STAMP);
                let stamps = stamps.cast::<u32>();
                stamps.add(used).write_bytes(0, new - used);
                stamps
            }
        };
        Self { added: regrow(self.added), changed: regrow(self.changed) }
    }

    /// # Safety
    /// They were acquired for so many rows, and are given up.
    unsafe fn release(self, rows: usize) {
        for stamps in [self.added, self.changed] {
            // SAFETY: the caller promises the same.
            unsafe { column::release(stamps.cast(), rows * STAMP, STAMP) };
        }
    }
}

impl Table {
    /// The components that have stamps.
    #[inline(always)]
    pub(super) fn stamped(&self) -> Mask {
        self.stamps.as_ref().map_or(0, |stamps| stamps.mask)
    }

    /// Where the stamps of a component are: when it was added, and when changed, a row
    /// after the other.
    ///
    /// # Panics
    /// If the table has no tracked component.
    #[inline]
    pub(crate) fn stamps(&self, index: usize) -> [NonNull<u32>; 2] {
        let Columns { added, changed } = self.stamps_of(index);
        [added, changed]
    }

    #[inline]
    fn stamps_of(&self, index: usize) -> Columns {
        debug_assert!(self.stamped() >> index & 1 == 1);
        self.stamps.as_ref().expect("the component is tracked").columns[index]
    }

    /// Writes stamps of tracked components of `mask`, which the table has, in rows
    /// `first..first + count`: one kind of them, or both.
    #[inline]
    fn write_stamps(
        &mut self,
        mask: Mask,
        (first, count): (usize, usize),
        added: Option<u32>,
        changed: u32,
    ) {
        debug_assert!(mask & !self.stamped() == 0);
        assert!(first <= self.capacity && count <= self.capacity - first);
        for index in bits(mask & self.stamped()) {
            let stamps = self.stamps_of(index);
            for row in first..first + count {
                // SAFETY: what is stamped has stamps for each row of the capacity.
                unsafe {
                    stamps.changed.add(row).write(changed);
                    if let Some(added) = added {
                        stamps.added.add(row).write(added);
                    }
                }
            }
        }
    }

    /// Tracked components of `mask` were added in rows `first..first + count`.
    #[inline]
    pub(crate) fn stamp_added(&mut self, mask: Mask, first: usize, count: usize, ticks: Ticks) {
        self.write_stamps(mask, (first, count), Some(ticks.now()), ticks.now());
    }

    /// Tracked components of `mask` came from another world with rows
    /// `first..first + count`: they have changed, and were added at some time before.
    #[inline]
    pub(crate) fn stamp_arrived(&mut self, mask: Mask, first: usize, count: usize, ticks: Ticks) {
        self.write_stamps(mask, (first, count), Some(ticks.long_ago()), ticks.now());
    }

    /// Tracked components of `mask` were written to a row that had those of `old`.
    #[inline]
    pub(crate) fn stamp_written(&mut self, mask: Mask, old: Mask, row: usize, ticks: Ticks) {
        self.write_stamps(mask & !old, (row, 1), Some(ticks.now()), ticks.now());
        self.write_stamps(mask & old, (row, 1), None, ticks.now());
    }

    /// Gets room for the stamps of all components that are stamped, for as many rows as
    /// the columns have from now on; they had `old`.
    pub(super) fn regrow_stamps(&mut self, old: usize, capacity: usize) {
        let len = self.len;
        let Some(stamps) = &mut self.stamps else { return };
        for index in bits(stamps.mask) {
            let columns = &mut stamps.columns[index];
            // SAFETY: the stamps were acquired for `old` rows, and `len` is at most either.
            *columns = unsafe { columns.regrow(old, capacity, len) };
        }
    }

    /// Gets stamps ready for a sparse component that is held from now on.
    pub(super) fn hold_stamps(&mut self, index: usize) {
        let new = Stamps::new(&self.infos, 1 << index);
        if let Some(new) = new {
            let stamps = self.stamps.get_or_insert(new);
            // SAFETY: there were none.
            stamps.columns[index] = unsafe { Columns::dangling().regrow(0, self.capacity, 0) };
            stamps.mask |= 1 << index;
        }
    }

    /// Gives the memory of a component's stamps back, if it has any.
    pub(super) fn let_stamps_go(&mut self, index: usize) {
        let Some(stamps) = self.stamps.as_mut().filter(|stamps| stamps.mask >> index & 1 == 1)
        else {
            return;
        };
        let columns = core::mem::replace(&mut stamps.columns[index], Columns::dangling());
        stamps.mask &= !(1 << index);
        if stamps.mask == 0 {
            self.stamps = None;
        }
        // SAFETY: they were acquired for `capacity` rows.
        unsafe { columns.release(self.capacity) };
    }

    /// Moves the stamps of a component from a row to one of `target`, where that has them.
    #[inline]
    pub(super) fn move_stamps(&self, index: usize, row: usize, target: &Table, to: usize) {
        let both = self.stamped() & target.stamped();
        if both >> index & 1 == 1 {
            debug_assert!(row < self.capacity && to < target.capacity);
            let (from, target) = (self.stamps_of(index), target.stamps_of(index));
            // SAFETY: what is stamped has stamps for each row of the capacity.
            unsafe {
                target.added.add(to).write(from.added.add(row).read());
                target.changed.add(to).write(from.changed.add(row).read());
            }
        }
    }

    /// As [`move_stamps`](Self::move_stamps), of all components with a value in each row.
    pub(super) fn move_row_stamps(&self, row: usize, target: &Table, to: usize) {
        for index in bits(self.stamped() & self.mask & target.mask) {
            self.move_stamps(index, row, target, to);
        }
    }

    /// Moves the stamps of `count` rows from row `from` on to row `to` on of `target`,
    /// which may be this table, where the two are apart; of the components of `mask`.
    pub(super) fn copy_stamps(
        &self,
        mask: Mask,
        from: usize,
        target: &Table,
        to: usize,
        count: usize,
    ) {
        debug_assert!(from + count <= self.capacity && to + count <= target.capacity);
        for index in bits(mask & self.stamped() & target.stamped()) {
            let (here, there) = (self.stamps_of(index), target.stamps_of(index));
            // SAFETY: what is stamped has stamps for each row of the capacity.
            unsafe {
                let (added, changed) = (here.added.add(from), here.changed.add(from));
                there.added.add(to).copy_from_nonoverlapping(added, count);
                there.changed.add(to).copy_from_nonoverlapping(changed, count);
            }
        }
    }

    /// Hands the stamps of components that both tables have in each row over to the
    /// other, which has the same capacity.
    pub(super) fn swap_stamps(&mut self, target: &mut Table) {
        debug_assert_eq!(self.capacity, target.capacity);
        let mask = self.mask & target.mask;
        if let (Some(here), Some(there)) = (&mut self.stamps, &mut target.stamps) {
            for index in bits(here.mask & mask) {
                core::mem::swap(&mut here.columns[index], &mut there.columns[index]);
            }
        }
    }

    /// Sets stamps that are about to wrap around to the greatest age that counts.
    #[cold]
    pub(crate) fn clamp_stamps(&mut self, ticks: Ticks) {
        for index in bits(self.stamped()) {
            for row in 0..self.len {
                for stamps in self.stamps(index) {
                    // SAFETY: what is stamped has stamps for each row, never uninitialised.
                    unsafe {
                        let stamp = stamps.add(row);
                        stamp.write(ticks.clamped(stamp.read()));
                    }
                }
            }
        }
    }

    /// The bytes that stamps take.
    pub(super) fn stamp_bytes(&self) -> usize {
        let bytes = column::rounded(self.capacity * STAMP, STAMP);
        self.stamped().count_ones() as usize * 2 * bytes
    }
}
