//! The rows of one archetype: a column for each component, side by side with
//! the entities' ids.

#[cfg(feature = "snapshot")]
mod bytes;
mod clone;
mod moving;
mod sparse;
mod stamps;

use alloc::boxed::Box;
use core::fmt;
use core::ptr::NonNull;
use core::slice;

use crate::column;
use crate::component::Storage;
use crate::entity::Entity;
use crate::kept::Infos;
use crate::memory::{self, DropRows, bits};
use crate::schema::{ComponentInfo, Mask};
use stamps::Stamps;

/// All entities that have the same components, those with sparse storage aside.
///
/// Invariants: each column of `mask`, each sparse column of `held` and the ids
/// have room for `capacity` rows. The ids and the columns of `mask` hold values in
/// rows `0..len`; a sparse column does in those of which its bitmap has the bit,
/// and there are none from `len` on. A column that is neither in `mask` nor in
/// `held`, or whose values have no size, is a dangling pointer.
#[repr(C, align(64))]
pub struct Table {
    // What a query looks at, in one cache line.
    mask: Mask,
    /// The sparse components for which there is a column and a bitmap.
    held: Mask,
    len: usize,
    columns: Box<[NonNull<u8>]>,
    entities: NonNull<Entity>,
    // The rest.
    capacity: usize,
    infos: Infos,
    /// The columns of `mask` that take bytes.
    sized: Box<[SizedColumn]>,
    /// By component, dangling where nothing is held; empty in a schema without
    /// sparse components.
    bitmaps: Box<[NonNull<u64>]>,
    /// Of the tracked components of `mask` and `held`, if there are some.
    stamps: Option<Box<Stamps>>,
}

const _: () = assert!(core::mem::offset_of!(Table, capacity) <= 64);
const _: () = assert!(size_of::<Table>() <= 128);

/// Which columns two tables share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// The target has all of the source's.
    AllOfSource,
    /// The source has all of the target's.
    AllOfTarget,
    /// Each may have some that the other has not.
    Some,
}

/// A column whose values take bytes.
#[derive(Clone, Copy)]
struct SizedColumn {
    index: usize,
    size: usize,
}

const ID: usize = size_of::<Entity>();
/// Rows to a word of a bitmap.
pub(crate) const WORD: usize = u64::BITS as usize;
/// No column is larger, so that its layout, aligned, exists.
const MAX_BYTES: usize = isize::MAX as usize / 2;

/// The bytes of a bitmap for so many rows.
const fn bitmap_bytes(rows: usize) -> usize {
    rows.div_ceil(WORD) * size_of::<u64>()
}

impl Table {
    /// `mask` has no sparse component.
    pub(crate) fn new(infos: &'static [ComponentInfo], mask: Mask) -> Self {
        let sparse = |info: &ComponentInfo| info.storage == Storage::Sparse;
        let bitmaps = if infos.iter().any(sparse) { infos.len() } else { 0 };
        let sized = bits(mask).map(|index| SizedColumn { index, size: infos[index].size });
        Self {
            mask,
            len: 0,
            columns: infos.iter().map(|info| memory::dangling(info.align)).collect(),
            entities: memory::dangling(ID).cast(),
            capacity: 0,
            infos: Infos::new(infos),
            sized: sized.filter(|column| column.size > 0).collect(),
            held: 0,
            bitmaps: (0..bitmaps).map(|_| memory::dangling(8).cast()).collect(),
            stamps: Stamps::new(infos, mask),
        }
    }

    /// The components of the table's entities, without those with sparse storage.
    #[inline(always)]
    pub fn mask(&self) -> Mask {
        self.mask
    }

    /// The components that the table's entities can have: all of
    /// [`mask`](Self::mask), and the sparse ones that some have, or had.
    #[inline(always)]
    pub fn possible(&self) -> Mask {
        self.mask | self.held
    }

    /// Whether an entity of this table can have all of these components.
    #[inline(always)]
    pub(crate) fn can_have(&self, mask: Mask) -> bool {
        self.possible() & mask == mask
    }

    /// The components of the entity at `row`.
    ///
    /// # Panics
    /// If `row` is not below the length.
    #[inline]
    pub fn row_mask(&self, row: usize) -> Mask {
        assert!(row < self.len, "no such row");
        let mut mask = self.mask;
        for index in bits(self.held) {
            mask |= Mask::from(self.has_bit(index, row)) << index;
        }
        mask
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

    /// As [`column`](Self::column), without a check of the index.
    ///
    /// # Safety
    /// `C` is the component with this index.
    #[inline(always)]
    pub(crate) unsafe fn values<C>(&self, index: usize) -> NonNull<C> {
        debug_assert!(index < self.columns.len() && self.infos[index].size == size_of::<C>());
        // SAFETY: there is a column, or a dangling pointer, for each component.
        unsafe { self.columns.get_unchecked(index).cast() }
    }

    /// Where the component's value at `row` is, or would be.
    ///
    /// # Safety
    /// `row` is below the capacity, and the table has a column of the component.
    #[inline(always)]
    pub(crate) unsafe fn cell(&self, index: usize, row: usize) -> *mut u8 {
        debug_assert!(row < self.capacity && self.possible() >> index & 1 == 1);
        // SAFETY: the column has `capacity` rows of `size` bytes.
        unsafe { self.column(index).add(row * self.infos[index].size) }
    }

    /// Where a column's value at `row` is, or would be.
    ///
    /// # Safety
    /// The column is this table's or one that it shares; `row` is below the capacity.
    #[inline(always)]
    unsafe fn at(&self, column: SizedColumn, row: usize) -> *mut u8 {
        let SizedColumn { index, size } = column;
        debug_assert!(row < self.capacity && self.mask >> index & 1 == 1);
        // SAFETY: there is a column for the component, with `capacity` rows.
        unsafe { self.columns.get_unchecked(index).as_ptr().add(row * size) }
    }

    /// Makes room for the first rows of a declared archetype: what fits 64 KiB,
    /// at most 1,024 and at most `rows`.
    pub(crate) fn reserve_declared(&mut self, rows: usize) {
        let row = self.sized.iter().map(|column| column.size).sum::<usize>() + ID;
        self.reserve(rows.min((64 << 10) / row).min(1024));
    }

    /// Makes room for exactly `additional` more rows, if there is less.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let needed = self.rows_with(additional);
        if needed > self.capacity {
            self.resize(needed);
        }
    }

    /// Makes room for `additional` more rows, and then for as many again as there
    /// are, so that growing by little costs little.
    #[inline(always)]
    pub(crate) fn make_room(&mut self, additional: usize) {
        if additional > self.capacity - self.len {
            self.grow(additional);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, additional: usize) {
        let needed = self.rows_with(additional);
        let largest = bits(self.possible()).map(|index| self.infos[index].size).max();
        let most = MAX_BYTES / largest.unwrap_or(0).max(ID);
        self.resize(needed.max(self.capacity.saturating_mul(2).min(most)).max(8.min(most)));
    }

    fn rows_with(&self, additional: usize) -> usize {
        self.len.checked_add(additional).expect("a table outgrows the address space")
    }

    /// Moves all columns to memory for `capacity` rows, at least `len`.
    fn resize(&mut self, capacity: usize) {
        let (old, len) = (self.capacity, self.len);
        debug_assert!(capacity >= len);
        // Checked first: a panic between two columns would leave them unequal.
        for size in bits(self.possible()).map(|index| self.infos[index].size).chain([ID]) {
            let bytes = size.checked_mul(capacity).filter(|&bytes| bytes <= MAX_BYTES);
            assert!(bytes.is_some(), "a column outgrows the address space");
        }
        let regrow = |column: NonNull<u8>, size: usize, align: usize| {
            // SAFETY: the column was acquired for `old` rows, of which `len` are used.
            unsafe { column::regrow(column, size * old, size * capacity, size * len, align) }
        };
        self.entities = regrow(self.entities.cast(), ID, ID).cast();
        for index in bits(self.possible()) {
            let info = &self.infos[index];
            self.columns[index] = regrow(self.columns[index], info.size, info.align);
        }
        for index in bits(self.held) {
            let words = len.div_ceil(WORD);
            let bitmap = self.bitmaps[index];
            // SAFETY: the bitmap was acquired for `old` rows; the words after those
            // of `len` rows are written right away.
            self.bitmaps[index] = unsafe {
                let (old, new) = (bitmap_bytes(old), bitmap_bytes(capacity));
                let bitmap = column::regrow(bitmap.cast(), old, new, words * 8, 8).cast::<u64>();
                bitmap.add(words).write_bytes(0, new / 8 - words);
                bitmap
            };
        }
        self.regrow_stamps(old, capacity);
        self.capacity = capacity;
    }

    /// Adds a row whose components the caller writes next. It has no sparse ones.
    ///
    /// # Safety
    /// There is room, and every component of the table's mask is written before
    /// the table is used again.
    #[inline(always)]
    pub(crate) unsafe fn push(&mut self, entity: Entity) -> usize {
        let row = self.len;
        debug_assert!(row < self.capacity);
        // SAFETY: there is room for `row`.
        unsafe { self.entities.add(row).write(entity) };
        self.len += 1;
        row
    }

    /// Where the id of the row after the last is.
    #[inline(always)]
    pub(crate) fn next_ids(&mut self) -> *mut Entity {
        // SAFETY: `len` is at most `capacity`.
        unsafe { self.entities.add(self.len).as_ptr() }
    }

    /// `count` more rows are there.
    ///
    /// # Safety
    /// There was room, and their ids and columns have been written.
    #[inline(always)]
    pub(crate) unsafe fn added(&mut self, count: usize) {
        debug_assert!(count <= self.capacity - self.len);
        self.len += count;
    }

    /// Drops all rows. Should a drop panic, the others are dropped while unwinding.
    pub(crate) fn clear(&mut self) {
        let rows = core::mem::take(&mut self.len);
        /// Clears the bitmaps after the drops, also when one panics.
        struct Bits<'a>(&'a mut Table, usize);
        impl Drop for Bits<'_> {
            fn drop(&mut self) {
                for index in bits(self.0.held) {
                    // SAFETY: the bitmap has a word for each 64 rows.
                    unsafe { self.0.bitmaps[index].write_bytes(0, self.1.div_ceil(WORD)) };
                }
            }
        }
        let table = Bits(self, rows);
        // SAFETY: in rows `0..rows` the columns hold values, where they are sparse
        // if the bit is set; the length is 0 from now on.
        unsafe { table.0.drop_values(table.0.possible(), 0, rows) }
    }

    /// Drops the values that rows `first..end` have of the components of `mask`.
    ///
    /// # Safety
    /// They have them, where a component is sparse if the bit is set, and they are
    /// not used again.
    pub(crate) unsafe fn drop_values(&self, mask: Mask, first: usize, end: usize) {
        let cell = |index: usize, row: usize| {
            if self.held >> index & 1 == 1 && !self.has_bit(index, row) {
                return core::ptr::null_mut();
            }
            self.column(index).wrapping_add(row * self.infos[index].size)
        };
        // SAFETY: the caller promises the values.
        unsafe { DropRows::run(self.infos.all(), mask, first, end, cell) }
    }

    /// Gives back memory beyond the present length, and that of sparse components
    /// that no row has.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        for index in bits(self.held) {
            let words = self.capacity.div_ceil(WORD);
            if (0..words).all(|word| self.present(index, word) == 0) {
                // SAFETY: the column holds no values.
                unsafe { self.let_go(index) };
            }
        }
        if self.len < self.capacity {
            self.resize(self.len);
        }
    }

    /// The bytes that the table has allocated for its rows.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        let taken = |size: usize, align| column::rounded(size * self.capacity, align);
        let columns = bits(self.possible()).map(|index| &self.infos[index]);
        columns.map(|info| taken(info.size, info.align)).sum::<usize>()
            + taken(ID, ID)
            + self.held.count_ones() as usize * column::rounded(bitmap_bytes(self.capacity), 8)
            + self.stamp_bytes()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        /// Frees the memory also when a value's drop panics.
        struct Free<'a>(&'a mut Table);
        impl Drop for Free<'_> {
            fn drop(&mut self) {
                let Self(table) = self;
                for index in bits(table.held) {
                    // SAFETY: the rows were dropped.
                    unsafe { table.let_go(index) };
                }
                let capacity = table.capacity;
                for index in bits(table.stamped()) {
                    table.let_stamps_go(index);
                }
                for &SizedColumn { index, size } in &table.sized {
                    let align = table.infos[index].align;
                    // SAFETY: the column was acquired for `capacity` rows.
                    unsafe { column::release(table.columns[index], size * capacity, align) };
                }
                // SAFETY: the ids were acquired for `capacity` rows.
                unsafe { column::release(table.entities.cast(), ID * capacity, ID) };
            }
        }
        let table = Free(self);
        table.0.clear();
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Names<'a>(&'a Table, Mask);
        impl fmt::Debug for Names<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names = bits(self.1).map(|index| self.0.infos[index].name);
                f.debug_set().entries(names).finish()
            }
        }
        let mut table = f.debug_struct("Table");
        table.field("components", &Names(self, self.mask));
        if self.held != 0 {
            table.field("sparse", &Names(self, self.held));
        }
        table.field("len", &self.len).field("capacity", &self.capacity).finish()
    }
}
