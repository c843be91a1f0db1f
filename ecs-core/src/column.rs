//! The memory of columns: it comes in sizes that are used again, and grows
//! without touching what is there where the system can do that.
//!
//! Up to [`LARGEST`] bytes, sizes are rounded up to four for each power of two,
//! and what is given back waits on this thread's [shelf](crate::shelf) for the
//! next column, of whatever table or world. Doubling through fresh memory would
//! fault on each page of it again and again.
//!
//! Above that, memory comes from the allocator with the alignment that all its
//! memory has, and a column starts at the next multiple of its own. So the
//! allocator can grow it by `realloc`, which moves pages and not bytes; Rust
//! asks for larger alignments by copying.

use alloc::alloc::{alloc, dealloc, realloc};
use core::alloc::Layout;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::slice;

use crate::memory::{self, COLUMN_ALIGN};
use crate::shelf;

/// The largest size that is kept for reuse, in bytes.
pub(crate) const LARGEST: usize = 2 << 20;
/// The alignment that allocators give without being asked.
const NATURAL: usize = 16;

/// The bytes that a column of `bytes` takes.
#[inline]
pub(crate) const fn rounded(bytes: usize, align: usize) -> usize {
    match origin(bytes, align) {
        Origin::Shelf => class_bytes(class(bytes)),
        _ => bytes,
    }
}

/// How many sizes there are.
pub(crate) const CLASSES: usize = class(LARGEST) + 1;

/// The smallest size that holds `bytes`, which are at most [`LARGEST`]: from 64
/// bytes on, four for each power of two.
#[inline]
pub(crate) const fn class(bytes: usize) -> usize {
    if bytes <= COLUMN_ALIGN {
        return 0;
    }
    let log = (bytes - 1).ilog2() as usize;
    let quarter = (bytes - 1) >> (log - 2) & 3;
    (log - 6) * 4 + quarter + 1
}

/// The size with this number, in bytes.
#[inline]
pub(crate) const fn class_bytes(class: usize) -> usize {
    (4 + class % 4) << (class / 4 + 4)
}

const _: () = {
    let mut index = 0;
    while index < CLASSES {
        let bytes = class_bytes(index);
        assert!(
            class(bytes) == index && (index == 0 || class(class_bytes(index - 1) + 1) == index)
        );
        index += 1;
    }
    assert!(class_bytes(0) == COLUMN_ALIGN && class_bytes(CLASSES - 1) == LARGEST);
};

/// Where a column's memory comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Nowhere,
    Shelf,
    /// Straight from the allocator, with an offset before the column.
    Offset,
    /// Straight from the allocator, for alignments above a cache line.
    Aligned,
}

const fn origin(bytes: usize, align: usize) -> Origin {
    if bytes == 0 {
        Origin::Nowhere
    } else if align > COLUMN_ALIGN {
        Origin::Aligned
    } else if bytes <= LARGEST {
        Origin::Shelf
    } else {
        Origin::Offset
    }
}

/// Memory for a column of `bytes`, aligned to a cache line or to `align` if that
/// is more; dangling if `bytes` is zero.
///
/// # Panics
/// If `bytes` is more than half of the address space.
pub(crate) fn acquire(bytes: usize, align: usize) -> NonNull<u8> {
    match origin(bytes, align) {
        Origin::Nowhere => memory::dangling(align),
        Origin::Shelf => {
            let class = class(bytes);
            shelf::take(class).unwrap_or_else(|| memory::allocate(class_bytes(class), COLUMN_ALIGN))
        }
        Origin::Aligned => memory::allocate(bytes, align),
        Origin::Offset => {
            let layout = offset_layout(bytes);
            // SAFETY: the layout's size is not zero.
            let base = unsafe { alloc(layout) };
            let base = NonNull::new(base).unwrap_or_else(|| memory::out_of_memory(layout));
            let offset = offset(base);
            // SAFETY: the layout has room for the offset and the column.
            unsafe { remember(base, offset) }
        }
    }
}

/// Gives a column's memory back.
///
/// # Safety
/// `column` came from [`acquire`] or [`regrow`] with the same `bytes` and `align`.
pub(crate) unsafe fn release(column: NonNull<u8>, bytes: usize, align: usize) {
    match origin(bytes, align) {
        Origin::Nowhere => {}
        Origin::Shelf => {
            let class = class(bytes);
            // SAFETY: the memory has the class's size, and the caller gives it up.
            if unsafe { !shelf::put(column, class) } {
                // SAFETY: it was allocated so in `acquire`.
                unsafe { memory::free(column, class_bytes(class), COLUMN_ALIGN) }
            }
        }
        // SAFETY: it was allocated so in `acquire`.
        Origin::Aligned => unsafe { memory::free(column, bytes, align) },
        Origin::Offset => {
            // SAFETY: the column has its offset before it, and was allocated so.
            unsafe { dealloc(base_of(column).0.as_ptr(), offset_layout(bytes)) }
        }
    }
}

/// Moves a column of `old` bytes to `new` bytes, keeping the first `used`.
///
/// # Panics
/// As [`acquire`].
///
/// # Safety
/// As [`release`], for `old`; `used` is at most the lesser of the two.
pub(crate) unsafe fn regrow(
    column: NonNull<u8>,
    old: usize,
    new: usize,
    used: usize,
    align: usize,
) -> NonNull<u8> {
    debug_assert!(used <= old && used <= new);
    let fits = rounded(old, align) == rounded(new, align);
    if fits && origin(old, align) == Origin::Shelf && origin(new, align) == Origin::Shelf {
        return column;
    }
    if origin(old, align) == Origin::Offset && origin(new, align) == Origin::Offset {
        // SAFETY: the column was allocated with an offset; the new size fits a layout,
        // and what is moved stays inside of it.
        unsafe {
            let (base, before) = base_of(column);
            let layout = offset_layout(new);
            let base = realloc(base.as_ptr(), offset_layout(old), layout.size());
            let base = NonNull::new(base).unwrap_or_else(|| memory::out_of_memory(layout));
            let after = offset(base);
            if after != before {
                base.add(before).copy_to(base.add(after), used);
            }
            return remember(base, after);
        }
    }
    let moved = acquire(new, align);
    // SAFETY: both have room for `used` bytes and are apart, or nothing is used;
    // the old one is given up.
    unsafe {
        moved.copy_from_nonoverlapping(column, used);
        release(column, old, align);
    }
    moved
}

fn offset_layout(bytes: usize) -> Layout {
    bytes
        .checked_add(COLUMN_ALIGN)
        .and_then(|bytes| Layout::from_size_align(bytes, NATURAL).ok())
        .expect("a column outgrows the address space")
}

/// From the base to the next multiple of a cache line, never zero: the offset
/// itself stands before the column.
fn offset(base: NonNull<u8>) -> usize {
    COLUMN_ALIGN - base.addr().get() % COLUMN_ALIGN
}

/// # Safety
/// `base` has more than `offset` bytes, and `offset` is [`offset`]'s.
unsafe fn remember(base: NonNull<u8>, offset: usize) -> NonNull<u8> {
    // SAFETY: the offset is from 1 to a cache line, all inside of the memory.
    unsafe {
        let column = base.add(offset);
        column.sub(1).write(offset as u8);
        column
    }
}

/// # Safety
/// [`remember`] answered the column.
unsafe fn base_of(column: NonNull<u8>) -> (NonNull<u8>, usize) {
    // SAFETY: the byte before the column holds its offset from the base.
    unsafe {
        let offset = column.sub(1).read() as usize;
        (column.sub(offset), offset)
    }
}

/// A growing array of plain values in a column's memory.
pub(crate) struct Array<T: Copy> {
    start: NonNull<T>,
    len: usize,
    capacity: usize,
}

// SAFETY: an array owns its values and nothing else.
unsafe impl<T: Copy + Send> Send for Array<T> {}
// SAFETY: a shared array only lets its values be read.
unsafe impl<T: Copy + Sync> Sync for Array<T> {}

impl<T: Copy> Array<T> {
    const ALIGN: usize = align_of::<T>();
    /// No array is larger, so that its layout, aligned, exists.
    const MOST: usize = isize::MAX as usize / 2 / size_of::<T>();

    pub(crate) fn new() -> Self {
        Self { start: memory::dangling(Self::ALIGN).cast(), len: 0, capacity: 0 }
    }

    /// The bytes allocated.
    pub(crate) fn bytes(&self) -> usize {
        rounded(self.capacity * size_of::<T>(), Self::ALIGN)
    }

    /// Whether the next push grows it.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.len == self.capacity
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) {
        if self.is_full() {
            self.grow(1);
        }
        // SAFETY: there is room for one more.
        unsafe { self.start.add(self.len).write(value) };
        self.len += 1;
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: the last value was written, and is no longer the array's.
        Some(unsafe { self.start.add(self.len).read() })
    }

    /// Adds `count` values that the caller writes next; answers where.
    ///
    /// # Safety
    /// They are written before the array is used again.
    #[inline]
    pub(crate) unsafe fn extend(&mut self, count: usize) -> NonNull<T> {
        self.make_room(count);
        // SAFETY: there is room for the values from `len` on.
        let place = unsafe { self.start.add(self.len) };
        self.len += count;
        place
    }

    /// Room for `additional` more, and if it grows, for as many again as there are.
    #[inline]
    pub(crate) fn make_room(&mut self, additional: usize) {
        if additional > self.capacity - self.len {
            self.grow(additional);
        }
    }

    /// Room for exactly `additional` more, if there is less.
    pub(crate) fn reserve(&mut self, additional: usize) {
        if additional > self.capacity - self.len {
            self.resize(self.len.checked_add(additional).expect("an array outgrows the memory"));
        }
    }

    /// Room for `additional` more, and for as many again as there are.
    #[cold]
    #[inline(never)]
    pub(crate) fn grow(&mut self, additional: usize) {
        let needed = self.len.checked_add(additional).expect("an array outgrows the memory");
        self.resize(needed.max(self.capacity.saturating_mul(2).min(Self::MOST)).max(8));
    }

    fn resize(&mut self, capacity: usize) {
        assert!(capacity <= Self::MOST, "an array outgrows the address space");
        let size = size_of::<T>();
        let (old, new, used) = (self.capacity * size, capacity * size, self.len * size);
        // SAFETY: the memory was acquired for `old` bytes, of which `used` are values.
        self.start = unsafe { regrow(self.start.cast(), old, new, used, Self::ALIGN) }.cast();
        self.capacity = capacity;
    }

    pub(crate) fn shrink(&mut self) {
        if self.len < self.capacity {
            self.resize(self.len);
        }
    }
}

impl<T: Copy> Clone for Array<T> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        clone.reserve(self.len);
        // SAFETY: there is room for as many values, which are apart.
        unsafe { clone.start.copy_from_nonoverlapping(self.start, self.len) };
        clone.len = self.len;
        clone
    }
}

impl<T: Copy> Deref for Array<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: the first `len` values were written.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: Copy> DerefMut for Array<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: the first `len` values were written; `&mut self` is exclusive.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: Copy> Drop for Array<T> {
    fn drop(&mut self) {
        let array = ManuallyDrop::new(self);
        // SAFETY: the memory was acquired for this capacity and is given up.
        unsafe { release(array.start.cast(), array.capacity * size_of::<T>(), Self::ALIGN) }
    }
}

impl<T: Copy + core::fmt::Debug> core::fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Fills, regrows and compares, over all kinds of memory.
    #[test]
    fn a_column_keeps_its_bytes_wherever_it_grows() {
        let sizes: &[usize] = if cfg!(miri) {
            &[0, 1, 64, 65, 1000, LARGEST, LARGEST + 1, LARGEST + 5000, 300]
        } else {
            &[0, 1, 64, 65, 1000, 70_000, LARGEST, LARGEST + 1, 40 << 20, 90 << 20, 3 << 20, 300]
        };
        for align in [1, 64, 128, 4096] {
            let (mut column, mut old) = (acquire(0, align), 0);
            for &new in sizes {
                let used = old.min(new);
                // SAFETY: the column has `old` bytes, and the first `used` stay.
                column = unsafe { regrow(column, old, new, used, align) };
                assert!(column.addr().get().is_multiple_of(align.max(COLUMN_ALIGN)));
                // A byte now and then: all of them would take long.
                let step = (new / 50).max(1);
                for at in (0..new).step_by(step) {
                    // SAFETY: `at` is inside of the column; what was used was written
                    // at these places or is not looked at.
                    unsafe { column.add(at).write(pattern(at)) }
                }
                let (was, before) = (column, new);
                // SAFETY: as above: half of it goes on, and back.
                unsafe {
                    let half = regrow(was, before, before / 2, before / 2, align);
                    for at in (0..before / 2).step_by(step) {
                        assert_eq!(half.add(at).read(), pattern(at));
                    }
                    column = regrow(half, before / 2, before, before / 2, align);
                    for at in (0..before / 2).step_by(step) {
                        assert_eq!(column.add(at).read(), pattern(at));
                    }
                }
                old = new;
            }
            // SAFETY: the column has `old` bytes.
            unsafe { release(column, old, align) };
        }
    }

    fn pattern(at: usize) -> u8 {
        (at % 251) as u8
    }

    #[test]
    fn sizes_waste_at_most_a_quarter() {
        for bytes in (65..100_000).chain([LARGEST - 1, LARGEST]) {
            let taken = rounded(bytes, 1);
            assert!(taken >= bytes && taken - bytes <= bytes / 4, "{bytes} in {taken}");
        }
        assert_eq!(rounded(0, 1), 0);
        assert_eq!(rounded(1, 1), 64);
        assert_eq!(rounded(LARGEST + 1, 1), LARGEST + 1);
        assert_eq!(rounded(100, 128), 100);
    }

    #[test]
    fn an_array_is_a_vec() {
        let (mut array, mut model) = (Array::new(), Vec::new());
        assert_eq!(array.pop(), None::<u32>);
        for round in 0..if cfg!(miri) { 40 } else { 1000 } {
            array.push(round);
            model.push(round);
            if round % 17 == 0 {
                array.shrink();
                assert_eq!(array.capacity, array.len);
                array.reserve(round as usize % 50);
                assert!(array.capacity >= array.len + round as usize % 50);
            }
            // SAFETY: both values are written at once.
            unsafe {
                let place = array.extend(2);
                place.write(7);
                place.add(1).write(8);
            }
            model.extend([7, 8]);
            assert_eq!(array.pop(), model.pop());
            assert_eq!(*array, *model);
        }
    }
}
