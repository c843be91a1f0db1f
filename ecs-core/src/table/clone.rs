//! A table is cloned, column by column.

use super::{Table, WORD};
use crate::memory::bits;
use crate::schema::Mask;

impl Table {
    /// A table with clones of all rows, and their ids.
    ///
    /// # Safety
    /// Each component is `Clone`.
    #[inline]
    pub(crate) unsafe fn duplicate(&self) -> Self {
        let mut table = Self::new(self.infos.all(), self.mask);
        table.reserve(self.len);
        table.hold(self.held);
        let mut rows = Cloned { from: self, table, mask: 0, part: 0, written: 0 };
        for index in bits(self.possible()) {
            rows.part = index;
            rows.written = 0;
            rows.clone_column();
            rows.mask |= 1 << index;
        }
        rows.part = 0;
        rows.written = 0;
        rows.mask = 0;
        let table = &mut rows.table;
        self.copy_stamps(self.possible(), 0, table, 0, self.len);
        // SAFETY: the table has room for as many ids, and its columns are as long.
        unsafe {
            table.entities.copy_from_nonoverlapping(self.entities, self.len);
            table.added(self.len);
        }
        core::mem::replace(table, Self::new(self.infos.all(), 0))
    }
}

/// Rows of `table` that are being cloned and are not its own yet. Dropped, as by a
/// panic, it drops the values.
struct Cloned<'t> {
    from: &'t Table,
    table: Table,
    /// The columns that were cloned.
    mask: Mask,
    /// The column that is being cloned, and of how many rows it was.
    part: usize,
    written: usize,
}

impl Cloned<'_> {
    #[inline]
    fn clone_column(&mut self) {
        let (from, index) = (self.from, self.part);
        let info = &from.infos[index];
        let sparse = from.held >> index & 1 == 1;
        if info.copy && info.size > 0 {
            // SAFETY: both columns have so many rows, of which the bytes are clones; where
            // a sparse value is not, neither is one in the clone.
            unsafe {
                let to = self.table.column(index);
                to.copy_from_nonoverlapping(from.column(index), from.len * info.size);
            }
        }
        if sparse && info.copy {
            // SAFETY: both bitmaps have a bit for each row.
            unsafe {
                let words = from.len.div_ceil(WORD);
                self.table.bitmaps[index].copy_from_nonoverlapping(from.bitmaps[index], words);
            }
        }
        if info.copy {
            self.written = from.len;
            return;
        }
        let clone = info.clone.expect("the caller promises that it is `Clone`");
        for row in 0..from.len {
            if !sparse || from.has_bit(index, row) {
                // SAFETY: the row holds a value, and has room in the clone.
                unsafe { clone(from.cell(index, row), self.table.cell(index, row)) };
                if sparse {
                    self.table.set_bit(index, row, true);
                }
            }
            self.written += 1;
        }
    }
}

impl Drop for Cloned<'_> {
    fn drop(&mut self) {
        // SAFETY: these columns hold values in these rows, sparse ones where the bit says
        // so, which are not the table's.
        unsafe {
            self.table.drop_values(self.mask, 0, self.from.len);
            self.table.drop_values(1 << self.part, 0, self.written);
        }
    }
}
