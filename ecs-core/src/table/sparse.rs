//! The columns and bitmaps of sparse components.

use super::{MAX_BYTES, Table, WORD, bitmap_bytes};
use crate::column;
use crate::component::Storage;
use crate::memory::{self, bits, move_value};
use crate::schema::Mask;

/// The place of a row's bit: its word, and its value there.
#[inline(always)]
const fn bit(row: usize) -> (usize, u64) {
    (row / WORD, 1 << (row % WORD))
}

impl Table {
    /// Where the bitmap of a sparse component is: bit `row % 64` of word
    /// `row / 64` tells whether the row has it. Dangling if the table has none.
    ///
    /// # Panics
    /// If `index` is no component of a schema with sparse ones.
    #[inline(always)]
    pub(crate) fn bitmap(&self, index: usize) -> *const u64 {
        self.bitmaps[index].as_ptr()
    }

    /// Which of the 64 rows of a word have a sparse component; none if the table
    /// does not hold it.
    #[inline(always)]
    pub(crate) fn present(&self, index: usize, word: usize) -> u64 {
        if self.held >> index & 1 == 0 || word >= self.capacity.div_ceil(WORD) {
            return 0;
        }
        // SAFETY: what is held has a bit for each row of the capacity.
        unsafe { self.bitmaps[index].add(word).read() }
    }

    /// Moves the sparse values of `last` to `row`, whose own are forgotten.
    pub(super) fn forget_bits(&mut self, row: usize, last: usize) {
        for index in bits(self.held) {
            let size = self.infos[index].size;
            let has = self.has_bit(index, last);
            self.set_bit(index, last, false);
            if row != last {
                self.set_bit(index, row, has);
                if has {
                    let column = self.column(index);
                    // SAFETY: both rows are in the column and differ; the last held
                    // a value.
                    unsafe { move_value(column.add(last * size), column.add(row * size), size) };
                    self.move_stamps(index, last, self, row);
                }
            }
        }
    }

    /// Moves a row's sparse values, for which `target` has columns.
    pub(super) fn move_bits(&mut self, row: usize, target: &mut Table, to: usize) {
        for index in bits(self.held) {
            if self.has_bit(index, row) {
                let size = self.infos[index].size;
                // SAFETY: both rows are in their columns, which are apart; the row
                // holds a value, which its bit says no longer.
                unsafe { move_value(self.cell(index, row), target.cell(index, to), size) };
                self.move_stamps(index, row, target, to);
                self.set_bit(index, row, false);
                target.set_bit(index, to, true);
            }
        }
    }

    /// Whether `row` has a sparse component that is held.
    #[inline(always)]
    pub(crate) fn has_bit(&self, index: usize, row: usize) -> bool {
        debug_assert!(row < self.capacity && self.held >> index & 1 == 1);
        let (word, bit) = bit(row);
        // SAFETY: what is held has a bit for each row of the capacity.
        unsafe { self.bitmaps[index].add(word).read() & bit != 0 }
    }

    #[inline(always)]
    pub(super) fn set_bit(&mut self, index: usize, row: usize, has: bool) {
        debug_assert!(row < self.capacity && self.held >> index & 1 == 1);
        let (word, bit) = bit(row);
        // SAFETY: what is held has a bit for each row of the capacity.
        let word = unsafe { self.bitmaps[index].add(word).as_mut() };
        *word = if has { *word | bit } else { *word & !bit };
    }

    /// Gets columns and bitmaps ready for these sparse components.
    #[inline(always)]
    pub(crate) fn hold(&mut self, sparse: Mask) {
        if sparse & !self.held != 0 {
            self.hold_more(sparse & !self.held);
        }
    }

    #[cold]
    #[inline(never)]
    fn hold_more(&mut self, sparse: Mask) {
        for index in bits(sparse) {
            let info = &self.infos[index];
            debug_assert_eq!(info.storage, Storage::Sparse);
            let bytes = info.size.checked_mul(self.capacity).filter(|&bytes| bytes <= MAX_BYTES);
            let bytes = bytes.expect("a column outgrows the address space");
            let words = bitmap_bytes(self.capacity);
            self.columns[index] = column::acquire(bytes, info.align);
            let bitmap = column::acquire(words, 8);
            // SAFETY: the bitmap has this many bytes.
            unsafe { bitmap.write_bytes(0, words) };
            self.bitmaps[index] = bitmap.cast();
            self.held |= 1 << index;
            self.hold_stamps(index);
        }
    }

    /// The sparse components of `mask` in rows `first..first + count` hold values
    /// now, or if not `has`, none.
    ///
    /// # Safety
    /// So they do; the components are held, the rows below the length.
    #[inline(always)]
    pub(crate) unsafe fn mark(&mut self, mask: Mask, first: usize, count: usize, has: bool) {
        debug_assert!(first + count <= self.len);
        for index in bits(mask) {
            for row in first..first + count {
                self.set_bit(index, row, has);
            }
        }
    }

    /// Gives the memory of a sparse component back.
    ///
    /// # Safety
    /// It is held, and its values are not used again.
    pub(super) unsafe fn let_go(&mut self, index: usize) {
        let info = &self.infos[index];
        let column = core::mem::replace(&mut self.columns[index], memory::dangling(info.align));
        let dangling = memory::dangling(8).cast();
        let bitmap = core::mem::replace(&mut self.bitmaps[index], dangling).cast();
        // SAFETY: both were acquired for `capacity` rows.
        unsafe {
            column::release(column, info.size * self.capacity, info.align);
            column::release(bitmap, bitmap_bytes(self.capacity), 8);
        }
        self.let_stamps_go(index);
        self.held &= !(1 << index);
    }
}
