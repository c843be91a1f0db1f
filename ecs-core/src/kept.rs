//! Parts of worlds and schedules that are made, dropped and described in this crate.
//!
//! The compiler makes the code that drops a value, and describes its type to debuggers, in each
//! crate that has one: for a world in each program, and after each edit. What a world has that no
//! schema changes is more than all else of it. So such parts stand in it as bytes, whose type is
//! known in this crate alone.

/// Defines `$name`, which holds a `$type` in place.
macro_rules! kept {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident($type:ty);) => {
        $(#[$attribute])*
        $visibility struct $name {
            /// A valid `$type`, which may hold cells. What is `Sync` says so beside.
            bytes: core::cell::UnsafeCell<
                core::mem::MaybeUninit<[u64; size_of::<$type>().div_ceil(size_of::<u64>())]>,
            >,
        }

        impl $name {
            $visibility const fn new(value: $type) -> Self {
                const {
                    const fn is_send<T: Send>() {}
                    is_send::<$type>();
                    assert!(align_of::<$type>() <= align_of::<u64>());
                }
                let mut bytes = core::mem::MaybeUninit::uninit();
                // SAFETY: there are as many bytes, at least as aligned.
                unsafe { (&raw mut bytes).cast::<$type>().write(value) };
                Self { bytes: core::cell::UnsafeCell::new(bytes) }
            }
        }

        impl core::ops::Deref for $name {
            type Target = $type;
            #[inline(always)]
            fn deref(&self) -> &$type {
                // SAFETY: the bytes are a valid `$type`, from `new` to `drop`.
                unsafe { &*(&raw const self.bytes).cast() }
            }
        }

        impl core::ops::DerefMut for $name {
            #[inline(always)]
            fn deref_mut(&mut self) -> &mut $type {
                // SAFETY: as above.
                unsafe { &mut *(&raw mut self.bytes).cast() }
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: as above; it is not used again.
                unsafe { (&raw mut self.bytes).cast::<$type>().drop_in_place() }
            }
        }
    };
}
pub(crate) use kept;
