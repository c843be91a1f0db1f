//! Rows as bytes, and bytes as rows.

use alloc::vec::Vec;
use core::slice;

use super::{ID, Table, WORD};
use crate::entity::Entity;
use crate::memory::bits;
use crate::relation::listing;
use crate::snapshot::Part;

impl Table {
    /// The ids.
    pub(crate) fn ids_as_bytes(&self) -> &[u8] {
        let ids = self.entities();
        // SAFETY: an id is a number, which has no uninitialised bytes.
        unsafe { slice::from_raw_parts(ids.as_ptr().cast(), size_of_val(ids)) }
    }

    /// The values of a component in rows `first..end`.
    ///
    /// # Safety
    /// They are there, below the length, and have no uninitialised bytes.
    pub(crate) unsafe fn rows_as_bytes(&self, index: usize, first: usize, end: usize) -> &[u8] {
        debug_assert!(first <= end && end <= self.len && self.possible() >> index & 1 == 1);
        let size = self.infos[index].size;
        // SAFETY: the rows are in the column, and the caller promises their bytes.
        unsafe {
            let start = self.column(index).add(first * size);
            slice::from_raw_parts(start, (end - first) * size)
        }
    }

    /// The bitmap of a sparse component, for the rows that there are.
    pub(crate) fn bitmap_words(&self, index: usize) -> &[u64] {
        if self.held >> index & 1 == 0 {
            return &[];
        }
        // SAFETY: what is held has a bit for each row of the capacity.
        unsafe { slice::from_raw_parts(self.bitmap(index), self.len.div_ceil(WORD)) }
    }

    /// Adds the rows of a part, for which there is room.
    ///
    /// # Safety
    /// The part was read for a table with these components, its sparse ones are held,
    /// and where its ids are is kept elsewhere.
    pub(crate) unsafe fn append(&mut self, part: &Part<'_>) {
        let (first, count) = (self.len, part.rows);
        debug_assert!(count <= self.capacity - first && part.ids.len() == count * ID);
        // SAFETY: there is room for these rows in each column, which are apart from the
        // bytes. All ids and all columns of the mask are written, with values.
        unsafe {
            let ids = self.entities.add(first).cast::<u8>();
            ids.as_ptr().copy_from_nonoverlapping(part.ids.as_ptr(), part.ids.len());
            for &(index, bytes) in &part.columns {
                let size = self.infos[index].size;
                debug_assert!(self.mask >> index & 1 == 1 && bytes.len() == count * size);
                let column = self.column(index).add(first * size);
                column.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            self.added(count);
        }
        for sparse in &part.sparse {
            let size = self.infos[sparse.index].size;
            let list = listing(&self.infos, sparse.index);
            let mut rest = sparse.values;
            for (at, word) in sparse.words().enumerate() {
                for bit in bits(word.into()) {
                    let row = first + at * WORD + bit;
                    // SAFETY: the row was added just now, and the component is held; the
                    // bytes are a value of it, or those of a list.
                    unsafe {
                        let cell = self.cell(sparse.index, row);
                        if let Some(info) = list {
                            (info.empty)(cell);
                            *(info.list)(cell) = take_list(&mut rest);
                        } else {
                            let (value, next) = rest.split_at(size);
                            cell.copy_from_nonoverlapping(value.as_ptr(), size);
                            rest = next;
                        }
                        self.mark(1 << sparse.index, row, 1, true);
                    }
                }
            }
        }
    }
}

/// Takes a list of ids from the front of bytes that begin with one.
fn take_list(bytes: &mut &[u8]) -> Vec<Entity> {
    let mut numbers = bytes.as_chunks::<8>().0.iter().map(|&number| u64::from_ne_bytes(number));
    let count = numbers.next().unwrap_or(0) as usize;
    let list: Vec<_> = numbers.take(count).filter_map(Entity::from_bits).collect();
    debug_assert_eq!(list.len(), count);
    *bytes = &bytes[(1 + count) * 8..];
    list
}
