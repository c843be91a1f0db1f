//! Buffers that the kernel takes for what it receives, so that none waits at each connection.
//!
//! A ring of entries is shared with the kernel: it takes buffers from the front, and we add
//! those that were read at the back. `COUNT` entries of `SIZE` bytes serve all connections of
//! a thread; when all are taken, receiving pauses until some come back.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::Submitter;
use io_uring::types::BufRingEntry;

/// How many. A power of two.
const COUNT: u16 = 256;
/// Bytes of each.
const SIZE: usize = 4096;
/// The kernel wants the entries to begin on a page, of which these are the largest.
const PAGE: usize = 64 * 1024;
/// The number of our only group.
pub(super) const GROUP: u16 = 0;

/// The entries, then the buffers.
const LAYOUT: Layout = {
    let entries = (COUNT as usize * size_of::<BufRingEntry>()).next_multiple_of(PAGE);
    match Layout::from_size_align(entries + COUNT as usize * SIZE, PAGE) {
        Ok(layout) => layout,
        Err(_) => panic!("the buffers are too large"),
    }
};
const FIRST_BUFFER: usize = LAYOUT.size() - COUNT as usize * SIZE;

/// The memory of a ring's buffers.
///
/// # Invariants
/// - `memory` is allocated with `LAYOUT`, and the kernel knows it until the io_uring is closed.
/// - A buffer is either an entry between the kernel's head and our tail, or being filled, or
///   named by exactly one [`Lent`]: only then do we read it.
pub(super) struct Buffers {
    memory: NonNull<u8>,
    tail: u16,
}

/// A buffer that the kernel has filled, until it is given back.
#[derive(Debug)]
pub(crate) struct Lent {
    id: u16,
    count: usize,
}

// SAFETY: the memory is owned, and reached through `&self` only to read what is lent.
unsafe impl Send for Buffers {}

impl Buffers {
    /// # Safety
    /// The io_uring of the submitter is closed before the buffers are dropped.
    pub(super) unsafe fn new(submitter: &Submitter<'_>) -> io::Result<Self> {
        // SAFETY: the layout's size is not zero.
        let memory = NonNull::new(unsafe { alloc_zeroed(LAYOUT) });
        let memory = memory.unwrap_or_else(|| handle_alloc_error(LAYOUT));
        let mut buffers = Self { memory, tail: 0 };
        let entries = memory.as_ptr() as u64;
        // SAFETY: the memory holds `COUNT` entries and outlives the io_uring, as the caller says.
        unsafe { submitter.register_buf_ring_with_flags(entries, COUNT, GROUP, 0)? };
        (0..COUNT).for_each(|id| buffers.add(id));
        buffers.publish();
        Ok(buffers)
    }

    fn buffer(&self, id: u16) -> *mut u8 {
        debug_assert!(id < COUNT);
        // SAFETY: `id` is one of `COUNT`: within the allocation.
        unsafe { self.memory.as_ptr().add(FIRST_BUFFER + usize::from(id) * SIZE) }
    }

    /// Writes the entry of a buffer that nobody has at the back.
    fn add(&mut self, id: u16) {
        let address = self.buffer(id) as u64;
        let at = usize::from(self.tail & (COUNT - 1));
        // SAFETY: one of `COUNT` entries, which start the allocation; zeroes are a valid one.
        // The kernel does not read entries from our tail on, and never more than `COUNT` are
        // before it. Only the fields of a buffer are written: the tail shares the first entry.
        let entry = unsafe { &mut *self.memory.cast::<BufRingEntry>().as_ptr().add(at) };
        entry.set_addr(address);
        entry.set_len(SIZE as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }

    fn publish(&mut self) {
        // SAFETY: the memory begins with an entry, which holds the tail: 16 bits, aligned, which
        // are only ever accessed as an atomic.
        let tail = unsafe { &*BufRingEntry::tail(self.memory.cast().as_ptr()).cast::<AtomicU16>() };
        // ORDERING: release, with the kernel's acquire of the tail: it sees the entries.
        tail.store(self.tail, Ordering::Release);
    }

    /// What the kernel says that it has filled.
    pub(super) fn lend(&self, id: u16, count: usize) -> Lent {
        assert!(id < COUNT && count <= SIZE, "the kernel names a buffer that is none of ours");
        Lent { id, count }
    }

    pub(super) fn bytes(&self, lent: &Lent) -> &[u8] {
        // SAFETY: the kernel has filled this many bytes, and nobody writes there while the
        // buffer is lent, which the borrow of `lent` ensures.
        unsafe { std::slice::from_raw_parts(self.buffer(lent.id), lent.count) }
    }

    /// Gives a buffer back to the kernel.
    pub(super) fn give_back(&mut self, lent: Lent) {
        self.add(lent.id);
        self.publish();
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout. The kernel does not know it any more, as the
        // caller of `new` said.
        unsafe { dealloc(self.memory.as_ptr(), LAYOUT) };
    }
}
