//! The slots of the queues: uninitialised places for items, addressed by
//! free-running positions. The queues' only raw memory access.
//!
//! A slot doesn't know whether it holds an item; the owner of the positions
//! does, and each function says what it must promise.

use std::mem::MaybeUninit;

use crate::sync::{AtomicUsize, UnsafeCell};

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

/// What is left in a queue, from head to tail: dropped with it, oldest first, and
/// going on when one item's drop unwinds.
pub(crate) struct Rest<T, F: FnMut(usize) -> T> {
    pub(crate) head: usize,
    pub(crate) tail: usize,
    /// Takes the item at a position; called once for each.
    pub(crate) read: F,
}

impl<T, F: FnMut(usize) -> T> Rest<T, F> {
    fn drop_all(&mut self) {
        while self.head != self.tail {
            let position = self.head;
            // It is passed before the drop.
            self.head = position.wrapping_add(1);
            drop((self.read)(position));
        }
    }
}

impl<T, F: FnMut(usize) -> T> Drop for Rest<T, F> {
    fn drop(&mut self) {
        /// Goes on when the loop below unwinds.
        struct More<'a, T, F: FnMut(usize) -> T>(&'a mut Rest<T, F>);
        impl<T, F: FnMut(usize) -> T> Drop for More<'_, T, F> {
            fn drop(&mut self) {
                self.0.drop_all();
            }
        }
        More(self).0.drop_all();
    }
}

/// An item that is dropped in its slot; made by who owns it.
struct Emptied<'a, T>(&'a mut T);

impl<T> Drop for Emptied<'_, T> {
    fn drop(&mut self) {
        // SAFETY: whoever made this owned the item and doesn't use it again.
        unsafe { std::ptr::drop_in_place(self.0) };
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

    /// Calls `visit` with the item in the slot of `position`, then drops it
    /// there, also when `visit` panics.
    ///
    /// # Safety
    ///
    /// The slot holds an item, which the caller owns and gives up; nobody else
    /// accesses the slot meanwhile.
    #[inline]
    pub(crate) unsafe fn visit_and_drop(&self, position: usize, visit: impl FnOnce(&mut T)) {
        // SAFETY: the place is initialised and exclusive, by the caller.
        let item = unsafe { Emptied(&mut *self.place(position)) };
        visit(item.0);
    }

    /// The `count` items from the slot of `position` on, in their order: those
    /// up to the last slot, and those from the first on.
    ///
    /// # Safety
    ///
    /// `count` is at most the capacity; the slots hold items, and nobody else
    /// accesses them while `'a` lasts.
    pub(crate) unsafe fn run_mut<'a>(
        &self,
        position: usize,
        count: usize,
    ) -> (&'a mut [T], &'a mut [T]) {
        let first = count.min(self.capacity() - self.index(position));
        // SAFETY: as in `write_run` the two runs are in bounds and apart; they
        // are initialised and exclusive by the caller.
        unsafe {
            (
                std::slice::from_raw_parts_mut(self.place(position), first),
                std::slice::from_raw_parts_mut(self.place(0), count - first),
            )
        }
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

    pub(crate) unsafe fn visit_and_drop(&self, position: usize, visit: impl FnOnce(&mut T)) {
        self.cell(position).with_mut(|place| {
            let item = unsafe { Emptied((*place).assume_init_mut()) };
            visit(item.0);
        });
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

/// A slot with what its owner tells the next one.
struct Stamped<T> {
    stamp: AtomicUsize,
    cell: UnsafeCell<MaybeUninit<T>>,
}

/// [`Slots`] that each have a stamp beside the item.
pub(crate) struct StampedSlots<T> {
    slots: Box<[Stamped<T>]>,
}

impl<T> StampedSlots<T> {
    /// The slots of the positions from `start` on, with these stamps.
    ///
    /// # Panics
    ///
    /// When `capacity` is no power of two, or more than can be addressed.
    pub(crate) fn new(capacity: usize, start: usize, stamp: impl Fn(usize) -> usize) -> Self {
        assert!(
            capacity.is_power_of_two(),
            "the capacity of a queue is a power of two, not {capacity}"
        );
        let slot = |index: usize| {
            // The first position from `start` on whose slot this is.
            let ahead = index.wrapping_sub(start) & (capacity - 1);
            Stamped {
                stamp: AtomicUsize::new(stamp(start.wrapping_add(ahead))),
                cell: UnsafeCell::new(MaybeUninit::uninit()),
            }
        };
        StampedSlots { slots: (0..capacity).map(slot).collect() }
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    fn slot(&self, position: usize) -> &Stamped<T> {
        let index = position & (self.slots.len() - 1);
        debug_assert!(index < self.slots.len());
        // SAFETY: `index` masks to less than the number of slots.
        unsafe { self.slots.get_unchecked(index) }
    }

    #[inline]
    pub(crate) fn stamp(&self, position: usize) -> &AtomicUsize {
        &self.slot(position).stamp
    }
}

#[cfg(not(ecs_loom))]
impl<T> StampedSlots<T> {
    /// As [`Slots::write`].
    ///
    /// # Safety
    ///
    /// As there.
    #[inline]
    pub(crate) unsafe fn write(&self, position: usize, item: T) {
        // SAFETY: the place is in bounds and aligned, and ours by the caller.
        unsafe { self.slot(position).cell.get().cast::<T>().write(item) }
    }

    /// As [`Slots::read`].
    ///
    /// # Safety
    ///
    /// As there.
    #[inline]
    pub(crate) unsafe fn read(&self, position: usize) -> T {
        // SAFETY: the place is in bounds, aligned and initialised by the caller.
        unsafe { self.slot(position).cell.get().cast::<T>().read() }
    }

    /// As [`Slots::get_mut`].
    ///
    /// # Safety
    ///
    /// As there.
    #[inline]
    pub(crate) unsafe fn get_mut<'a>(&self, position: usize) -> &'a mut T {
        // SAFETY: the place is initialised and exclusive, by the caller.
        unsafe { &mut *self.slot(position).cell.get().cast::<T>() }
    }
}

/// The same by way of loom's cells. The safety conditions are those above.
#[cfg(ecs_loom)]
#[allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]
impl<T> StampedSlots<T> {
    pub(crate) unsafe fn write(&self, position: usize, item: T) {
        self.slot(position).cell.with_mut(|place| unsafe { (*place).write(item) });
    }

    pub(crate) unsafe fn read(&self, position: usize) -> T {
        self.slot(position).cell.with_mut(|place| unsafe { (*place).assume_init_read() })
    }

    pub(crate) unsafe fn get_mut<'a>(&self, position: usize) -> &'a mut T {
        self.slot(position).cell.with_mut(|place| unsafe { (*place).assume_init_mut() })
    }
}
