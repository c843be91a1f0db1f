//! The slots of a ring: uninitialised places for items, addressed by
//! free-running positions. The ring's only raw memory access.
//!
//! A slot doesn't know whether it holds an item; the owner of the positions
//! does, and each function says what it must promise.

use std::mem::MaybeUninit;

use crate::sync::UnsafeCell;

/// A power-of-two number of slots on the heap; position `p` is slot
/// `p % capacity`, for all of `usize`.
pub(crate) struct Slots<T> {
    cells: Box<[UnsafeCell<MaybeUninit<T>>]>,
}

impl<T> Slots<T> {
    /// # Panics
    ///
    /// When `capacity` is no power of two, or more than can be addressed.
    pub(crate) fn new(capacity: usize) -> Self {
        assert!(
            capacity.is_power_of_two(),
            "the capacity of a queue is a power of two, not {capacity}"
        );
        Slots { cells: Self::cells(capacity) }
    }

    #[cfg(not(ecs_loom))]
    fn cells(capacity: usize) -> Box<[UnsafeCell<MaybeUninit<T>>]> {
        let cells = Box::new_uninit_slice(capacity);
        // SAFETY: a cell of `MaybeUninit` is valid with any content, and none.
        unsafe { cells.assume_init() }
    }

    #[cfg(ecs_loom)]
    fn cells(capacity: usize) -> Box<[UnsafeCell<MaybeUninit<T>>]> {
        (0..capacity).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect()
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.cells.len()
    }

    #[inline]
    fn index(&self, position: usize) -> usize {
        position & (self.cells.len() - 1)
    }
}

#[cfg(not(ecs_loom))]
impl<T> Slots<T> {
    /// The place of `position`, with provenance over all slots.
    #[inline]
    fn place(&self, position: usize) -> *mut T {
        let index = self.index(position);
        debug_assert!(index < self.cells.len());
        let first = UnsafeCell::raw_get(self.cells.as_ptr()).cast::<T>();
        // SAFETY: `index` masks to less than the number of cells, all of one
        // allocation, and a cell of `MaybeUninit<T>` has the layout of `T`.
        unsafe { first.add(index) }
    }

    /// Puts `item` into the slot of `position`.
    ///
    /// # Safety
    ///
    /// Nobody else accesses the slot meanwhile. What it held is forgotten.
    #[inline]
    pub(crate) unsafe fn write(&self, position: usize, item: T) {
        // SAFETY: the place is in bounds and aligned, and ours by the caller.
        unsafe { self.place(position).write(item) }
    }

    /// Takes the item out of the slot of `position`.
    ///
    /// # Safety
    ///
    /// The slot holds an item, which the caller owns and takes once; nobody
    /// else accesses the slot meanwhile.
    #[inline]
    pub(crate) unsafe fn read(&self, position: usize) -> T {
        // SAFETY: the place is in bounds, aligned and initialised by the caller.
        unsafe { self.place(position).read() }
    }

    /// The item in the slot of `position`.
    ///
    /// # Safety
    ///
    /// The slot holds an item, and nobody writes to it while `'a` lasts.
    #[inline]
    pub(crate) unsafe fn get<'a>(&self, position: usize) -> &'a T {
        // SAFETY: the place is initialised and not written to, by the caller.
        unsafe { &*self.place(position) }
    }

    /// The item in the slot of `position`, for writing.
    ///
    /// # Safety
    ///
    /// The slot holds an item, and nobody else accesses it while `'a` lasts.
    #[inline]
    pub(crate) unsafe fn get_mut<'a>(&self, position: usize) -> &'a mut T {
        // SAFETY: the place is initialised and exclusive, by the caller.
        unsafe { &mut *self.place(position) }
    }

    /// Copies `count` items from `from` into the slots from `position` on.
    ///
    /// # Safety
    ///
    /// `count` is at most the capacity; `from` is readable for as many items,
    /// which move; nobody else accesses the slots meanwhile.
    pub(crate) unsafe fn write_run(&self, position: usize, from: *const T, count: usize) {
        let first = count.min(self.capacity() - self.index(position));
        // SAFETY: `first` slots lie before the end, and the rest, at most the
        // capacity less them, from slot 0 on; the caller owns `from` and both
        // runs, which are other memory than `from`'s.
        unsafe {
            self.place(position).copy_from_nonoverlapping(from, first);
            self.place(0).copy_from_nonoverlapping(from.add(first), count - first);
        }
    }

    /// Copies `count` items out of the slots from `position` on to `to`.
    ///
    /// # Safety
    ///
    /// `count` is at most the capacity; the slots hold items, which move;
    /// `to` is writable for as many; nobody else accesses the slots meanwhile.
    pub(crate) unsafe fn read_run(&self, position: usize, to: *mut T, count: usize) {
        let first = count.min(self.capacity() - self.index(position));
        // SAFETY: as in `write_run`, with the direction turned.
        unsafe {
            self.place(position).copy_to_nonoverlapping(to, first);
            self.place(0).copy_to_nonoverlapping(to.add(first), count - first);
        }
    }
}

/// The same by way of loom's cells, one at a time, so that a model sees each
/// access. The safety conditions are those above.
#[cfg(ecs_loom)]
#[allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]
impl<T> Slots<T> {
    fn cell(&self, position: usize) -> &UnsafeCell<MaybeUninit<T>> {
        &self.cells[self.index(position)]
    }

    pub(crate) unsafe fn write(&self, position: usize, item: T) {
        self.cell(position).with_mut(|place| unsafe { (*place).write(item) });
    }

    pub(crate) unsafe fn read(&self, position: usize) -> T {
        // A move out is a write to loom: the slot is the producer's after it.
        self.cell(position).with_mut(|place| unsafe { (*place).assume_init_read() })
    }

    pub(crate) unsafe fn get<'a>(&self, position: usize) -> &'a T {
        self.cell(position).with(|place| unsafe { (*place).assume_init_ref() })
    }

    pub(crate) unsafe fn get_mut<'a>(&self, position: usize) -> &'a mut T {
        self.cell(position).with_mut(|place| unsafe { (*place).assume_init_mut() })
    }

    pub(crate) unsafe fn write_run(&self, position: usize, from: *const T, count: usize) {
        for at in 0..count {
            unsafe { self.write(position.wrapping_add(at), from.add(at).read()) };
        }
    }

    pub(crate) unsafe fn read_run(&self, position: usize, to: *mut T, count: usize) {
        for at in 0..count {
            unsafe { to.add(at).write(self.read(position.wrapping_add(at))) };
        }
    }
}
