//! The one place that calls the allocator, and the one that drops values behind
//! erased pointers.

use alloc::alloc::{alloc, dealloc, handle_alloc_error, realloc};
use core::alloc::Layout;
use core::ptr::NonNull;

use crate::schema::{ComponentInfo, Mask};

/// The least alignment of columns and blocks, in bytes: a cache line.
pub(crate) const COLUMN_ALIGN: usize = 64;

/// The indices of the bits of `mask`, ascending.
#[inline(always)]
pub(crate) fn bits(mut mask: Mask) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let index = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        Some(index)
    })
}

/// The alignment of a column of values with alignment `align`.
#[inline(always)]
pub(crate) const fn column_align(align: usize) -> usize {
    if align > COLUMN_ALIGN { align } else { COLUMN_ALIGN }
}

/// A pointer that is aligned and never read through.
pub(crate) fn dangling(align: usize) -> NonNull<u8> {
    NonNull::without_provenance(
        core::num::NonZeroUsize::new(column_align(align)).expect("an alignment is never 0"),
    )
}

/// `bytes` of uninitialised memory.
///
/// # Panics
/// If `bytes` is zero or overflows `isize`.
pub(crate) fn allocate(bytes: usize, align: usize) -> NonNull<u8> {
    let layout = layout(bytes, align);
    // SAFETY: the layout's size is not zero.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| out_of_memory(layout))
}

/// Gives the memory back.
///
/// # Safety
/// `memory` came from this module with the same `bytes` and `align`.
pub(crate) unsafe fn free(memory: NonNull<u8>, bytes: usize, align: usize) {
    // SAFETY: the caller promises the same layout as was allocated.
    unsafe { dealloc(memory.as_ptr(), layout(bytes, align)) }
}

/// Moves `old_bytes` of memory to `new_bytes`, keeping what fits.
///
/// # Safety
/// `memory` came from this module with `old_bytes` and `align`; `new_bytes` is
/// not zero.
pub(crate) unsafe fn resize(
    memory: NonNull<u8>,
    old_bytes: usize,
    new_bytes: usize,
    align: usize,
) -> NonNull<u8> {
    let new = layout(new_bytes, align);
    // SAFETY: the caller promises the old layout; the new size is not zero and,
    // as `new` exists, does not overflow.
    let moved = unsafe { realloc(memory.as_ptr(), layout(old_bytes, align), new_bytes) };
    NonNull::new(moved).unwrap_or_else(|| out_of_memory(new))
}

/// Ends the program, also where the allocation error would unwind, as it does
/// without `std`: a table whose columns have grown in part must not be seen.
#[cold]
fn out_of_memory(layout: Layout) -> ! {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            panic!("a panic while unwinding aborts");
        }
    }
    let _abort = Abort;
    handle_alloc_error(layout)
}

fn layout(bytes: usize, align: usize) -> Layout {
    assert!(bytes != 0, "nothing to allocate");
    Layout::from_size_align(bytes, column_align(align))
        .expect("a column outgrows the address space")
}

/// Drops rows of columns, each value once, also when a drop panics: the others
/// are then dropped while unwinding.
pub(crate) struct DropRows<F: Fn(usize) -> *mut u8> {
    infos: &'static [ComponentInfo],
    column: F,
    mask: Mask,
    first: usize,
    end: usize,
    next: usize,
}

impl<F: Fn(usize) -> *mut u8> DropRows<F> {
    /// Drops the values of `mask` in rows `first..end`; `column` answers where a
    /// component's row 0 is.
    ///
    /// # Safety
    /// The rows hold valid values of all components of `mask`, which are not
    /// used again; `infos` describes them.
    pub(crate) unsafe fn run(
        infos: &'static [ComponentInfo],
        mask: Mask,
        first: usize,
        end: usize,
        column: F,
    ) {
        let mut rows = Self { infos, column, mask, first, end, next: first };
        rows.drop_rest();
    }

    fn drop_rest(&mut self) {
        while self.mask != 0 {
            let index = self.mask.trailing_zeros() as usize;
            let info = &self.infos[index];
            if let Some(drop) = info.drop {
                let column = (self.column)(index);
                while self.next < self.end {
                    let row = self.next;
                    self.next += 1;
                    // SAFETY: `run`'s caller promises a valid value at `row`, and
                    // `next` has moved past it, so that it is dropped once.
                    unsafe { drop(column.add(row * info.size)) }
                }
            }
            self.next = self.first;
            self.mask &= self.mask - 1;
        }
    }
}

impl<F: Fn(usize) -> *mut u8> Drop for DropRows<F> {
    fn drop(&mut self) {
        self.drop_rest();
    }
}
