//! Memory of columns that were given back, kept for the next one.
//!
//! One shelf for each thread, where there is `std`: no lock, no atomics. It keeps
//! at most [`ROOM`] bytes, and gives them back when its thread ends. Without
//! `std` nothing is kept. Nor under Miri and with `--cfg ecs_plain_memory`, so
//! that they and other sanitizers see each use of memory after its end.

use core::ptr::NonNull;

use crate::column::{CLASSES, class_bytes};
use crate::memory::{self, COLUMN_ALIGN};

/// The most bytes that a thread keeps.
pub(crate) const ROOM: usize = 8 << 20;

/// Pieces by size. Those of one size are linked: each holds, in its first bytes,
/// where the next one is.
struct Shelf {
    first: [Option<NonNull<u8>>; CLASSES],
    bytes: usize,
}

type Link = Option<NonNull<u8>>;
const _: () = assert!(size_of::<Link>() <= class_bytes(0) && align_of::<Link>() <= COLUMN_ALIGN);

#[cfg_attr(not(feature = "std"), allow(dead_code))]
impl Shelf {
    const fn new() -> Self {
        Self { first: [None; CLASSES], bytes: 0 }
    }

    #[inline]
    fn take(&mut self, class: usize) -> Option<NonNull<u8>> {
        let piece = self.first[class]?;
        // SAFETY: a piece on the shelf holds a link.
        self.first[class] = unsafe { piece.cast::<Link>().read() };
        self.bytes -= class_bytes(class);
        Some(piece)
    }

    /// `false` if there is no room.
    ///
    /// # Safety
    /// The piece was allocated with the class's bytes, aligned to a cache line;
    /// if there is room, the caller gives it up.
    #[inline]
    unsafe fn put(&mut self, piece: NonNull<u8>, class: usize) -> bool {
        let bytes = self.bytes + class_bytes(class);
        if bytes > ROOM {
            return false;
        }
        // SAFETY: the piece is large and aligned enough for a link.
        unsafe { piece.cast::<Link>().write(self.first[class]) };
        self.first[class] = Some(piece);
        self.bytes = bytes;
        true
    }

    fn clear(&mut self) {
        for class in 0..CLASSES {
            while let Some(piece) = self.take(class) {
                // SAFETY: `put`'s caller promised that it was allocated so.
                unsafe { memory::free(piece, class_bytes(class), COLUMN_ALIGN) };
            }
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(all(feature = "std", not(miri), not(ecs_plain_memory)))]
mod of_thread {
    use std::cell::RefCell;

    use super::Shelf;

    std::thread_local! {
        static SHELF: RefCell<Shelf> = const { RefCell::new(Shelf::new()) };
    }

    /// `None` where the thread ends and its shelf is gone.
    #[inline]
    pub(super) fn with<R>(act: impl FnOnce(&mut Shelf) -> R) -> Option<R> {
        SHELF.try_with(|shelf| act(&mut shelf.borrow_mut())).ok()
    }
}

#[cfg(not(all(feature = "std", not(miri), not(ecs_plain_memory))))]
mod of_thread {
    use super::Shelf;

    #[inline]
    pub(super) fn with<R>(_: impl FnOnce(&mut Shelf) -> R) -> Option<R> {
        None
    }
}

/// A piece of this size, if one is there.
#[inline]
pub(crate) fn take(class: usize) -> Option<NonNull<u8>> {
    of_thread::with(|shelf| shelf.take(class)).flatten()
}

/// Keeps a piece. `false` if it was not taken.
///
/// # Safety
/// As [`Shelf::put`].
#[inline]
pub(crate) unsafe fn put(piece: NonNull<u8>, class: usize) -> bool {
    // SAFETY: the caller promises the same.
    of_thread::with(|shelf| unsafe { shelf.put(piece, class) }).unwrap_or(false)
}

/// Gives back all that this thread keeps.
pub(crate) fn clear() {
    of_thread::with(Shelf::clear);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::class;

    #[test]
    fn a_shelf_gives_what_it_was_given_and_has_a_bound() {
        let mut shelf = Shelf::new();
        let (small, large) = (class(100), class(1 << 20));
        let piece = |class| memory::allocate(class_bytes(class), COLUMN_ALIGN);
        assert_eq!(shelf.take(small), None);
        let (one, two) = (piece(small), piece(small));
        // SAFETY: the pieces were allocated just now.
        assert!(unsafe { shelf.put(one, small) && shelf.put(two, small) });
        assert_eq!(shelf.take(large), None);
        assert_eq!(shelf.take(small), Some(two));
        assert_eq!(shelf.take(small), Some(one));
        assert_eq!(shelf.take(small), None);
        assert_eq!(shelf.bytes, 0);
        for piece in [one, two] {
            // SAFETY: the shelf has given them back.
            unsafe { memory::free(piece, class_bytes(small), COLUMN_ALIGN) };
        }
        for _ in 0..8 {
            // SAFETY: the piece was allocated just now.
            assert!(unsafe { shelf.put(piece(large), large) });
        }
        let more = piece(large);
        // SAFETY: the piece was allocated just now; the shelf does not take it.
        assert!(unsafe { !shelf.put(more, large) });
        // SAFETY: as above.
        unsafe { memory::free(more, class_bytes(large), COLUMN_ALIGN) };
    }
}
