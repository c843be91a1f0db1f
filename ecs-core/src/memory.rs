//! The one place that calls the allocator, and the one that drops values behind
//! erased pointers.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::mem::MaybeUninit;
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
/// `memory` came from [`allocate`] with the same `bytes` and `align`.
pub(crate) unsafe fn free(memory: NonNull<u8>, bytes: usize, align: usize) {
    // SAFETY: the caller promises the same layout as was allocated.
    unsafe { dealloc(memory.as_ptr(), layout(bytes, align)) }
}

/// Ends the program, also where the allocation error would unwind, as it does
/// without `std`: a table whose columns have grown in part must not be seen.
#[cold]
pub(crate) fn out_of_memory(layout: Layout) -> ! {
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

/// Moves one value of `size` bytes. Small ones don't take the call of `memcpy`,
/// which costs more than they do.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of `size` bytes, apart.
#[inline(always)]
pub(crate) unsafe fn move_value(from: *const u8, to: *mut u8, size: usize) {
    /// Both ends, which overlap where `size` is less than two `P`s.
    ///
    /// # Safety
    /// As for [`move_value`]; `size` is at least that of `P`.
    #[inline(always)]
    unsafe fn ends<P: Copy>(from: *const u8, to: *mut u8, size: usize) {
        let last = size - size_of::<P>();
        // SAFETY: both pieces lie within `size`. They are read as they are, also
        // where they are padding or parts of pointers.
        unsafe {
            let head = from.cast::<MaybeUninit<P>>().read_unaligned();
            let tail = from.add(last).cast::<MaybeUninit<P>>().read_unaligned();
            to.cast::<MaybeUninit<P>>().write_unaligned(head);
            to.add(last).cast::<MaybeUninit<P>>().write_unaligned(tail);
        }
    }
    // SAFETY: the pieces are no larger than `size`.
    unsafe {
        match size {
            4..=8 => ends::<[u8; 4]>(from, to, size),
            9..=16 => ends::<[u8; 8]>(from, to, size),
            17..=32 => ends::<[u8; 16]>(from, to, size),
            _ => from.copy_to_nonoverlapping(to, size),
        }
    }
}

/// Drops values of rows, each once, also when a drop panics: the others are then
/// dropped while unwinding.
pub(crate) struct DropRows<F: Fn(usize, usize) -> *mut u8> {
    infos: &'static [ComponentInfo],
    cell: F,
    mask: Mask,
    first: usize,
    end: usize,
    next: usize,
}

impl<F: Fn(usize, usize) -> *mut u8> DropRows<F> {
    /// Drops the values of `mask` in rows `first..end`; `cell` answers where a
    /// component's value in a row is, or null if there is none.
    ///
    /// # Safety
    /// What `cell` answers is a valid value of the component, not used again;
    /// `infos` describes the components.
    pub(crate) unsafe fn run(
        infos: &'static [ComponentInfo],
        mask: Mask,
        first: usize,
        end: usize,
        cell: F,
    ) {
        let mut rows = Self { infos, cell, mask, first, end, next: first };
        rows.drop_rest();
    }

    fn drop_rest(&mut self) {
        while self.mask != 0 {
            let index = self.mask.trailing_zeros() as usize;
            if let Some(drop) = self.infos[index].drop {
                while self.next < self.end {
                    let value = (self.cell)(index, self.next);
                    self.next += 1;
                    if !value.is_null() {
                        // SAFETY: `run`'s caller promises a valid value, and `next`
                        // has moved past it, so that it is dropped once.
                        unsafe { drop(value) }
                    }
                }
            }
            self.next = self.first;
            self.mask &= self.mask - 1;
        }
    }
}

impl<F: Fn(usize, usize) -> *mut u8> Drop for DropRows<F> {
    fn drop(&mut self) {
        self.drop_rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_any_size_moves_whole() {
        for size in 0..80 {
            let from: [u8; 100] = core::array::from_fn(|at| at as u8 + 1);
            let mut to = [0; 100];
            // SAFETY: both are longer than `size`, and apart.
            unsafe { move_value(from.as_ptr(), to.as_mut_ptr(), size) };
            assert_eq!(to[..size], from[..size]);
            assert!(to[size..].iter().all(|&byte| byte == 0));
        }
    }
}
