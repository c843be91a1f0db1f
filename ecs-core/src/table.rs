//! The rows of one archetype: a column for each component, side by side with
//! the entities' ids.

use alloc::boxed::Box;
use core::fmt;
use core::ptr::{self, NonNull};
use core::slice;

use crate::entity::Entity;
use crate::memory::{self, DropRows, bits};
use crate::schema::{ComponentInfo, Mask};

/// All entities that have exactly the same components.
///
/// Invariants: each column of `mask` and the ids have room for `capacity` rows
/// and hold values in rows `0..len`. A column that is not in `mask`, or whose
/// values have no size, is a dangling pointer.
pub struct Table {
    infos: &'static [ComponentInfo],
    mask: Mask,
    len: usize,
    capacity: usize,
    entities: NonNull<Entity>,
    columns: Box<[NonNull<u8>]>,
}

const ID: usize = size_of::<Entity>();
/// No column is larger, so that its layout, aligned, exists.
const MAX_BYTES: usize = isize::MAX as usize / 2;

impl Table {
    pub(crate) fn new(infos: &'static [ComponentInfo], mask: Mask) -> Self {
        Self {
            infos,
            mask,
            len: 0,
            capacity: 0,
            entities: memory::dangling(ID).cast(),
            columns: infos.iter().map(|info| memory::dangling(info.align)).collect(),
        }
    }

    /// The components of the table's entities.
    #[inline(always)]
    pub fn mask(&self) -> Mask {
        self.mask
    }

    /// How many entities the table holds.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the table holds no entity.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many entities the table has room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The table's entities in row order.
    #[inline(always)]
    pub fn entities(&self) -> &[Entity] {
        // SAFETY: the ids hold `len` values, written only through `&mut self`.
        unsafe { slice::from_raw_parts(self.entities.as_ptr(), self.len) }
    }

    /// Where the ids are.
    #[inline(always)]
    pub fn entities_ptr(&self) -> *const Entity {
        self.entities.as_ptr()
    }

    /// Where the component's column is; dangling if the table has none.
    ///
    /// # Panics
    /// If `index` is no component of the schema.
    #[inline(always)]
    pub fn column(&self, index: usize) -> *mut u8 {
        self.columns[index].as_ptr()
    }

    /// Where the component's value at `row` is.
    ///
    /// # Safety
    /// `row` is below the capacity and the component is in the mask.
    #[inline(always)]
    pub(crate) unsafe fn cell(&self, index: usize, row: usize) -> *mut u8 {
        debug_assert!(row < self.capacity && self.mask >> index & 1 == 1);
        // SAFETY: the column has `capacity` rows of `size` bytes.
        unsafe { self.column(index).add(row * self.infos[index].size) }
    }

    /// Makes room for the first rows of a declared archetype: what fits 64 KiB,
    /// at most 1,024 and at most `rows`.
    pub(crate) fn reserve_declared(&mut self, rows: usize) {
        let row = bits(self.mask).map(|index| self.infos[index].size).sum::<usize>() + ID;
        self.reserve(rows.min((64 << 10) / row).min(1024));
    }

    /// Makes room for `additional` more rows.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let needed = self.len.checked_add(additional).expect("a table outgrows the address space");
        if needed > self.capacity {
            self.grow(needed.max(self.capacity * 2).max(8));
        }
    }

    #[cold]
    fn grow(&mut self, capacity: usize) {
        let old = self.capacity;
        // Checked first: a panic between two columns would leave them unequal.
        for size in bits(self.mask).map(|index| self.infos[index].size).chain([ID]) {
            let bytes = size.checked_mul(capacity).filter(|&bytes| bytes <= MAX_BYTES);
            assert!(bytes.is_some(), "a column outgrows the address space");
        }
        // SAFETY: the ids were allocated for `old` rows.
        self.entities = unsafe { grow_column(self.entities.cast(), ID, ID, old, capacity) }.cast();
        for index in bits(self.mask) {
            let info = &self.infos[index];
            let column = &mut self.columns[index];
            // SAFETY: the column was allocated for `old` rows.
            *column = unsafe { grow_column(*column, info.size, info.align, old, capacity) };
        }
        self.capacity = capacity;
    }

    /// Adds a row whose components the caller writes next.
    ///
    /// # Safety
    /// There is room, and every component of the row is written before the
    /// table is used again.
    #[inline(always)]
    pub(crate) unsafe fn push(&mut self, entity: Entity) -> usize {
        let row = self.len;
        debug_assert!(row < self.capacity);
        // SAFETY: there is room for `row`.
        unsafe { self.entities.add(row).write(entity) };
        self.len += 1;
        row
    }

    /// Forgets `row`, whose values the caller has moved out, and moves the last
    /// row there. Answers the entity that moved.
    ///
    /// # Safety
    /// `row` is below the length, and its values are not used again.
    #[inline(always)]
    pub(crate) unsafe fn forget_row(&mut self, row: usize) -> Option<Entity> {
        debug_assert!(row < self.len);
        let last = self.len - 1;
        self.len = last;
        if row == last {
            return None;
        }
        for index in bits(self.mask) {
            let size = self.infos[index].size;
            let column = self.column(index);
            // SAFETY: both rows are in the column and differ.
            unsafe {
                ptr::copy_nonoverlapping(column.add(last * size), column.add(row * size), size);
            }
        }
        // SAFETY: both rows are in the ids.
        unsafe {
            let moved = self.entities.add(last).read();
            self.entities.add(row).write(moved);
            Some(moved)
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
        for index in bits(self.mask) {
            let size = self.infos[index].size;
            let column = self.column(index);
            // SAFETY: both ranges are in the column, and `from` is at least
            // `first + count`, so that they are apart.
            unsafe {
                let target = column.add(first * size);
                target.copy_from_nonoverlapping(column.add(from * size), moved * size);
            }
        }
        // SAFETY: both ranges are in the ids, apart as above.
        unsafe {
            self.entities.add(first).copy_from_nonoverlapping(self.entities.add(from), moved)
        };
        self.len -= count;
        &self.entities()[first..first + moved]
    }

    /// Drops all rows. Should a drop panic, the others are dropped while unwinding.
    pub(crate) fn clear(&mut self) {
        let rows = core::mem::take(&mut self.len);
        // SAFETY: rows `0..rows` hold values, and the length is 0 from now on.
        unsafe { DropRows::run(self.infos, self.mask, 0, rows, |index| self.column(index)) }
    }

    /// Moves the components that both tables have from `row` to a new row of
    /// `target`, and forgets `row`. Answers the new row and the entity that took
    /// the old row's place. What `target` alone has is for the caller to write,
    /// what only this table has was the caller's to move out.
    ///
    /// # Safety
    /// `row` is below the length; the caller does as said before either table
    /// is used again.
    pub(crate) unsafe fn move_row(
        &mut self,
        row: usize,
        target: &mut Table,
    ) -> (usize, Option<Entity>) {
        target.reserve(1);
        let entity = self.entities()[row];
        // SAFETY: there is room now; the caller writes the rest of the row.
        let to = unsafe { target.push(entity) };
        for index in bits(self.mask & target.mask) {
            let size = self.infos[index].size;
            // SAFETY: both rows are in their columns, which are apart.
            unsafe {
                ptr::copy_nonoverlapping(self.cell(index, row), target.cell(index, to), size);
            }
        }
        // SAFETY: the row's values have moved, the others were the caller's.
        (to, unsafe { self.forget_row(row) })
    }

    /// Gives back memory beyond the present length.
    pub(crate) fn shrink(&mut self) {
        if self.len == self.capacity {
            return;
        }
        let (old, new) = (self.capacity, self.len);
        self.capacity = new;
        // SAFETY: the ids were allocated for `old` rows.
        self.entities = unsafe { shrink_column(self.entities.cast(), ID, ID, old, new) }.cast();
        for index in bits(self.mask) {
            let info = &self.infos[index];
            let column = &mut self.columns[index];
            // SAFETY: the column was allocated for `old` rows.
            *column = unsafe { shrink_column(*column, info.size, info.align, old, new) };
        }
    }

    /// The bytes that the table has allocated for its rows.
    pub(crate) fn bytes(&self) -> usize {
        let row: usize = bits(self.mask).map(|index| self.infos[index].size).sum();
        self.capacity * (row + ID)
    }
}

/// # Safety
/// `column` was allocated for `old` values of `size` bytes aligned to `align`.
unsafe fn grow_column(
    column: NonNull<u8>,
    size: usize,
    align: usize,
    old: usize,
    new: usize,
) -> NonNull<u8> {
    let bytes = size * new;
    if size == 0 {
        column
    } else if old == 0 {
        memory::allocate(bytes, align)
    } else {
        // SAFETY: the caller promises the old size; the new one is not zero.
        unsafe { memory::resize(column, size * old, bytes, align) }
    }
}

/// # Safety
/// As for [`grow_column`].
unsafe fn shrink_column(
    column: NonNull<u8>,
    size: usize,
    align: usize,
    old: usize,
    new: usize,
) -> NonNull<u8> {
    if size == 0 || old == 0 {
        column
    } else if new == 0 {
        // SAFETY: the caller promises the old size.
        unsafe { memory::free(column, size * old, align) };
        memory::dangling(align)
    } else {
        // SAFETY: the caller promises the old size; the new one is not zero.
        unsafe { memory::resize(column, size * old, size * new, align) }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        /// Frees the memory also when a value's drop panics.
        struct Free<'a>(&'a mut Table);
        impl Drop for Free<'_> {
            fn drop(&mut self) {
                self.0.shrink();
            }
        }
        let table = Free(self);
        table.0.clear();
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Names<'a>(&'a Table);
        impl fmt::Debug for Names<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names = bits(self.0.mask).map(|index| self.0.infos[index].name);
                f.debug_set().entries(names).finish()
            }
        }
        f.debug_struct("Table")
            .field("components", &Names(self))
            .field("len", &self.len)
            .field("capacity", &self.capacity)
            .finish()
    }
}
