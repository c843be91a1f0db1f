//! A batch of entities on its way: ids and columns of one archetype, side by
//! side in a block of memory that is used again and again.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::entity::Entity;
use crate::memory::{self, COLUMN_ALIGN, DropRows, bits};
use crate::schema::{ComponentInfo, Mask, Schema};
use crate::table::Table;
use crate::transfer::{EntityTransfer, Row, TransferFlags};

const ID: usize = size_of::<Option<Entity>>();

/// Stands before the rows.
#[repr(C, align(64))]
struct Header {
    mask: Mask,
    /// Bytes allocated, this header included.
    bytes: usize,
    /// Rows that the present layout has room for.
    rows: u32,
    /// Rows `first..end` hold entities.
    first: u32,
    end: u32,
    /// Which world the entities come from: its place in the coordinator.
    source: u16,
    flags: TransferFlags,
    /// Whether this block and those behind it are taken in together.
    unit: bool,
    /// The block behind this one, whose owner this one is.
    next: Option<NonNull<Header>>,
    /// A table whose columns hold the rows, in place of the memory behind the header.
    /// It tells a length of 0: the rows are the block's.
    carried: Option<Box<Table>>,
}

const _: () = assert!(size_of::<Header>() == 64);

/// A batch of entities of one archetype.
///
/// A block has a fixed size in bytes; how many rows that is depends on the
/// archetype. Invariant: rows `first..end` of the ids and of every column of
/// `mask` hold values. Dropping a block drops them.
///
/// Layout after the header, for `rows` rows: the ids, then the column of each
/// component in order of its index, each from a multiple of its alignment (at
/// least 8).
///
/// A block can also carry a table: then the rows are in the columns of that. It is kept,
/// empty, for the next table with these components, until the block is begun for others.
///
/// Entities that travel as a unit and are of several archetypes are in blocks one behind
/// the other: a block owns the one behind it.
#[repr(transparent)]
pub struct Block<S: Schema> {
    header: NonNull<Header>,
    types: PhantomData<(S, S::Types)>,
}

// SAFETY: a block owns its rows and nothing else; they may move to another
// thread if the components may.
unsafe impl<S: Schema> Send for Block<S> where S::Types: Send {}

/// The bytes of a block for batches of up to `batch_size` entities with
/// components of `schema`: 64 bytes each with the id, or what all components
/// take if that is less; at least one entity with all components fits.
pub const fn block_bytes<S: Schema>(batch_size: u32) -> usize {
    let (mut all, mut packed) = (ID, ID);
    let mut index = 0;
    while index < S::COMPONENTS.len() {
        let info = &S::COMPONENTS[index];
        all = all.next_multiple_of(column_start(info.align)) + info.size;
        packed += info.size;
        index += 1;
    }
    let typical = if packed < 64 { packed } else { 64 };
    // Between columns at most an alignment less one is lost.
    let slack = S::COMPONENTS.len() * (block_align(S::COMPONENTS) - 1);
    let many = (batch_size as usize).checked_mul(typical).expect("a block outgrows the memory");
    let many = many + slack;
    let rows = if all > many { all } else { many };
    (block_header(S::COMPONENTS) + rows).next_multiple_of(COLUMN_ALIGN)
}

const fn column_start(align: usize) -> usize {
    if align > 8 { align } else { 8 }
}

const fn block_align(infos: &[ComponentInfo]) -> usize {
    let mut align = 8;
    let mut index = 0;
    while index < infos.len() {
        if infos[index].align > align {
            align = infos[index].align;
        }
        index += 1;
    }
    align
}

/// The header's bytes, so that the rows after it are aligned for each component.
const fn block_header(infos: &[ComponentInfo]) -> usize {
    size_of::<Header>().next_multiple_of(block_align(infos))
}

impl<S: Schema> Block<S> {
    const ALIGN: usize = block_align(S::COMPONENTS);
    const HEADER: usize = block_header(S::COMPONENTS);

    /// An empty block of `bytes`, as [`block_bytes`] tells.
    pub fn new(bytes: usize) -> Self {
        assert!(bytes >= block_bytes::<S>(1), "a block holds at least one entity");
        let header = memory::allocate(bytes, Self::ALIGN).cast::<Header>();
        let empty = Header {
            mask: 0,
            bytes,
            rows: 0,
            first: 0,
            end: 0,
            source: 0,
            flags: TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true },
            unit: false,
            next: None,
            carried: None,
        };
        // SAFETY: the memory is large enough for the header and aligned for it.
        unsafe { header.write(empty) };
        Self { header, types: PhantomData }
    }

    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: the header was written in `new` and is only changed through
        // `&mut self`.
        unsafe { self.header.as_ref() }
    }

    #[inline(always)]
    fn header_mut(&mut self) -> &mut Header {
        // SAFETY: as in `header`; `&mut self` is exclusive.
        unsafe { self.header.as_mut() }
    }

    /// How many entities are in it.
    pub fn len(&self) -> usize {
        (self.header().end - self.header().first) as usize
    }

    /// Whether no entity is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes allocated, without the columns of a table that it carries.
    pub fn bytes(&self) -> usize {
        self.header().bytes
    }

    /// The components of its entities.
    pub fn mask(&self) -> Mask {
        self.header().mask
    }

    /// Which world its entities come from.
    pub fn source(&self) -> u16 {
        self.header().source
    }

    /// How its entities travel.
    pub fn flags(&self) -> TransferFlags {
        self.header().flags
    }

    /// The ids of its entities; `None` for one that gets its id on arrival.
    pub fn ids(&self) -> &[Option<Entity>] {
        let header = self.header();
        // SAFETY: rows `first..end` of the ids hold values.
        unsafe {
            core::slice::from_raw_parts(self.ids_ptr().add(header.first as usize), self.len())
        }
    }

    /// Whether this block and those behind it are taken in together or not at all.
    pub fn is_unit(&self) -> bool {
        self.header().unit
    }

    /// The block behind this one.
    pub fn next(&self) -> Option<&Self> {
        let next = self.header().next.as_ref()?;
        // SAFETY: a block is a pointer to its header, and this one owns the next.
        Some(unsafe { &*core::ptr::from_ref(next).cast::<Self>() })
    }

    /// As [`next`](Self::next), to change.
    pub(crate) fn next_mut(&mut self) -> Option<&mut Self> {
        let next = self.header_mut().next.as_mut()?;
        // SAFETY: as in `next`; `&mut self` is exclusive.
        Some(unsafe { &mut *core::ptr::from_mut(next).cast::<Self>() })
    }

    /// Takes the block behind this one, with those behind that.
    pub fn take_next(&mut self) -> Option<Self> {
        let header = self.header_mut().next.take()?;
        Some(Self { header, types: PhantomData })
    }

    /// How many entities are in this block and those behind it.
    pub fn total(&self) -> usize {
        core::iter::successors(Some(self), |block| block.next()).map(Self::len).sum()
    }

    /// Puts blocks behind this one, which has none, and makes them a unit.
    pub(crate) fn join(&mut self, rest: Option<Self>) {
        debug_assert!(self.header().next.is_none());
        self.header_mut().unit = true;
        self.header_mut().next = rest.map(|block| core::mem::ManuallyDrop::new(block).header);
    }

    fn data(&self) -> *mut u8 {
        // SAFETY: the block is longer than its header. `header` keeps the
        // provenance of the whole allocation.
        unsafe { self.header.as_ptr().cast::<u8>().add(Self::HEADER) }
    }

    fn ids_ptr(&self) -> *mut Option<Entity> {
        match &self.header().carried {
            None => self.data().cast(),
            // An id and an optional one are the same bits.
            Some(table) => table.entities_ptr().cast_mut().cast(),
        }
    }

    /// Whether its rows are in the columns of a table.
    pub(crate) fn carries_table(&self) -> bool {
        self.header().carried.is_some()
    }

    /// Takes all rows of a table over by its columns, and gives it other columns, empty.
    /// The rows of the table are alike and have no stamps.
    ///
    /// # Panics
    /// If the block is not empty.
    pub(crate) fn begin_with(&mut self, table: &mut Table, source: u16, flags: TransferFlags) {
        assert!(self.is_empty(), "a block holds one batch at a time");
        debug_assert!(table.is_plain() && !table.is_stamped());
        let (mask, carried) = (table.mask(), self.header_mut().carried.take());
        self.begin(mask, source, flags);
        let mut other = carried
            .filter(|other| other.mask() == mask)
            .unwrap_or_else(|| Box::new(Table::new(S::COMPONENTS, mask)));
        core::mem::swap(&mut *other, table);
        let header = self.header_mut();
        header.end = other.give_up_rows() as u32;
        header.rows = header.end;
        header.carried = Some(other);
    }

    /// Gives the table that it carries in exchange for an empty one, whose components are
    /// the same and which has no stamps. Answers how many rows behind its length hold
    /// values: these are the caller's.
    pub(crate) fn exchange(&mut self, table: &mut Table) -> usize {
        let count = self.len();
        let header = self.header_mut();
        let Some(carried) = &mut header.carried else { return 0 };
        debug_assert!(header.first == 0 && table.is_empty() && table.mask() == header.mask);
        debug_assert!(table.is_plain() && !table.is_stamped());
        header.first = header.end;
        core::mem::swap(&mut **carried, table);
        count
    }

    /// Gets an empty block ready for entities with the components of `mask`.
    /// Answers how many fit, at least one.
    ///
    /// # Panics
    /// If it is not empty.
    pub fn begin(&mut self, mask: Mask, source: u16, flags: TransferFlags) -> usize {
        assert!(self.is_empty(), "a block holds one batch at a time");
        drop(self.take_next());
        drop(self.header_mut().carried.take());
        let room = self.header().bytes - Self::HEADER;
        let (mut row, mut slack) = (ID, 0);
        for index in bits(mask) {
            let info = &S::COMPONENTS[index];
            row += info.size;
            slack += column_start(info.align) - 1;
        }
        // With this many the slack between columns is sure to fit; one always
        // does, since `bytes` holds one row with all components.
        let rows = (room.saturating_sub(slack) / row).max(1);
        let header = self.header_mut();
        header.mask = mask;
        header.rows = u32::try_from(rows).unwrap_or(u32::MAX);
        (header.first, header.end) = (0, 0);
        header.source = source;
        header.flags = flags;
        header.unit = false;
        header.rows as usize
    }

    /// Calls `each` with every component of the mask and where its column is.
    #[inline]
    pub(crate) fn columns(&self, mut each: impl FnMut(usize, *mut u8)) {
        if let Some(table) = &self.header().carried {
            bits(self.mask()).for_each(|index| each(index, table.column(index)));
            return;
        }
        let rows = self.header().rows as usize;
        let mut offset = rows * ID;
        for index in bits(self.mask()) {
            let info = &S::COMPONENTS[index];
            offset = offset.next_multiple_of(column_start(info.align));
            debug_assert!(Self::HEADER + offset + rows * info.size <= self.bytes());
            // SAFETY: `begin` made sure that all columns lie in the block.
            each(index, unsafe { self.data().add(offset) });
            offset += rows * info.size;
        }
    }

    /// Where the next id is written.
    pub(crate) fn next_ids(&mut self) -> *mut Option<Entity> {
        // SAFETY: `end` is at most `rows`.
        unsafe { self.ids_ptr().add(self.header().end as usize) }
    }

    /// Rows that have room for.
    pub fn room(&self) -> usize {
        (self.header().rows - self.header().end) as usize
    }

    /// The first row that holds an entity, and the row after the last.
    pub(crate) fn range(&self) -> (usize, usize) {
        (self.header().first as usize, self.header().end as usize)
    }

    /// `count` more rows have been written.
    ///
    /// # Safety
    /// They have, ids and all columns, and there was room.
    pub(crate) unsafe fn added(&mut self, count: usize) {
        debug_assert!(count <= self.room());
        self.header_mut().end += count as u32;
    }

    /// The first `count` rows have been moved out.
    ///
    /// # Safety
    /// They have, or their values are forgotten; there were as many.
    pub(crate) unsafe fn removed(&mut self, count: usize) {
        debug_assert!(count <= self.len());
        self.header_mut().first += count as u32;
    }

    /// Moves one entity in; the block must have been begun with its mask.
    ///
    /// # Panics
    /// If there is no room, or the components are not the block's.
    pub fn push(&mut self, mut transfer: EntityTransfer<S>) {
        assert!(self.room() > 0 && self.mask() == transfer.mask(), "made for another archetype");
        let end = self.range().1;
        let row = transfer.row_mut();
        self.columns(|index, column| {
            let size = S::COMPONENTS[index].size;
            // SAFETY: the row has the component, and `end` is a free row of the column.
            unsafe { column.add(end * size).copy_from_nonoverlapping(row.place(index), size) }
        });
        // SAFETY: all values were moved out just now.
        unsafe { row.set_mask(0) };
        // SAFETY: there is room for one more id, and the row is now whole.
        unsafe {
            self.next_ids().write(transfer.entity());
            self.added(1);
        }
    }

    /// Moves the first entity out; `target` is the id of the world it came to.
    pub fn pop(&mut self, target: u16) -> Option<EntityTransfer<S>> {
        if self.is_empty() {
            return None;
        }
        let first = self.range().0;
        let entity = self.ids()[0];
        let mut row = Row::new();
        self.columns(|index, column| {
            // SAFETY: row `first` holds a value of each column, which the block
            // gives up below.
            unsafe { row.take(index, column.add(first * S::COMPONENTS[index].size)) }
        });
        // SAFETY: all its values were moved out just now.
        unsafe { self.removed(1) };
        let (source, flags) = (self.source(), self.flags());
        Some(EntityTransfer::from_row(row, entity, flags).between(source, target))
    }

    /// Drops the entities that are left, and the blocks behind with theirs.
    pub fn clear(&mut self) {
        // Dropped at the end, a panic's too.
        let _rest = Rest(self.take_next());
        let (first, end) = self.range();
        self.header_mut().first = self.header().end;
        let drops = self.mask() & S::NEEDS_DROP;
        if drops == 0 {
            return;
        }
        let mut starts = [core::ptr::null_mut(); crate::schema::MAX_COMPONENTS];
        self.columns(|index, column| starts[index] = column);
        // SAFETY: rows `first..end` of the columns hold values, and the block
        // holds no rows from now on.
        unsafe {
            DropRows::run(S::COMPONENTS, drops, first, end, |index, row| {
                starts[index].add(row * S::COMPONENTS[index].size)
            });
        }
    }
}

/// Blocks that are dropped one by one, however many stand behind each other.
struct Rest<S: Schema>(Option<Block<S>>);

impl<S: Schema> Drop for Rest<S> {
    fn drop(&mut self) {
        while let Some(mut block) = self.0.take() {
            self.0 = block.take_next();
        }
    }
}

/// Drops the table that a block carries.
struct Carried(NonNull<Header>);

impl Drop for Carried {
    fn drop(&mut self) {
        // SAFETY: the block that is dropped owns the header, and nobody else looks at it.
        drop(unsafe { self.0.as_mut() }.carried.take());
    }
}

impl<S: Schema> Drop for Block<S> {
    fn drop(&mut self) {
        /// Frees the memory also when a value's drop panics.
        struct Free(NonNull<u8>, usize, usize);
        impl Drop for Free {
            fn drop(&mut self) {
                // SAFETY: `new` allocated these bytes with this alignment.
                unsafe { memory::free(self.0, self.1, self.2) }
            }
        }
        let _free = Free(self.header.cast(), self.bytes(), Self::ALIGN);
        // Its columns go when what is in them was dropped.
        let _carried = Carried(self.header);
        self.clear();
    }
}

impl<S: Schema> fmt::Debug for Block<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("len", &self.len())
            .field("source", &self.source())
            .field("flags", &self.flags())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
