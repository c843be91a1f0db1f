//! Where each case finds the allocator, whichever ran before.

use std::hint::black_box;

/// The C library's allocator gives freed blocks back to the system until it has
/// seen that larger ones come and go, up to 32 MiB; from then on it keeps as much.
/// Showing it one takes it there.
pub fn settle() {
    drop(black_box(Vec::<u8>::with_capacity(31 << 20)));
}

/// Gives all that is free back to the system.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call has no requirements; it looks at free memory alone.
    unsafe {
        libc::malloc_trim(0);
    }
}
