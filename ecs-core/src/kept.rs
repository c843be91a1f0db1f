//! Parts of worlds and schedules that are made, dropped and described in this crate.
//!
//! The compiler makes the code that drops a value, and describes its type to debuggers, in each
//! crate that has one: for a world in each program, and after each edit. What a world has that no
//! schema changes is more than all else of it. So such parts stand in it as bytes, whose type is
//! known in this crate alone.

use alloc::boxed::Box;
use core::any::Any;
use core::ops::Deref;

use crate::schema::ComponentInfo;

/// Defines `$name`, which holds a `$type` in place.
macro_rules! kept {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident($type:ty);) => {
        $(#[$attribute])*
        $visibility struct $name {
            /// A valid `$type`, which may hold cells. What is `Sync` says so beside.
            bytes: core::cell::UnsafeCell<
                [core::mem::MaybeUninit<u64>; size_of::<$type>().div_ceil(size_of::<u64>())],
            >,
        }

        impl $name {
            $visibility const fn new(value: $type) -> Self {
                const {
                    const fn is_send<T: Send>() {}
                    is_send::<$type>();
                    assert!(align_of::<$type>() <= align_of::<u64>());
                }
                let mut bytes = [core::mem::MaybeUninit::uninit();
                    size_of::<$type>().div_ceil(size_of::<u64>())];
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

/// The components of a schema.
///
/// Whatever holds them as what they are has their functions described to debuggers, and with a
/// world in a variable, in each program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Infos {
    first: *const (),
    count: usize,
}

// SAFETY: they are shared references to what is `Sync`.
unsafe impl Send for Infos {}
// SAFETY: as above.
unsafe impl Sync for Infos {}

impl Infos {
    pub(crate) const fn new(infos: &'static [ComponentInfo]) -> Self {
        Self { first: infos.as_ptr().cast(), count: infos.len() }
    }

    #[inline(always)]
    pub(crate) const fn all(self) -> &'static [ComponentInfo] {
        // SAFETY: these are the parts of such a reference.
        unsafe { core::slice::from_raw_parts(self.first.cast(), self.count) }
    }
}

impl Deref for Infos {
    type Target = [ComponentInfo];
    #[inline(always)]
    fn deref(&self) -> &[ComponentInfo] {
        self.all()
    }
}

/// What few worlds have, of a type that names the world's. The code that drops it is made where
/// it is put in, and in no program that has none.
#[derive(Default)]
pub(crate) struct Rare(Option<Box<dyn Any>>);

impl Rare {
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// # Safety
    /// If there is something, it is a `T`.
    #[inline(always)]
    pub(crate) unsafe fn get<T: Any>(&self) -> Option<&T> {
        let value = self.0.as_deref()?;
        debug_assert!(value.is::<T>());
        // SAFETY: the caller promises it.
        Some(unsafe { &*(&raw const *value).cast::<T>() })
    }

    /// # Safety
    /// As of [`get`](Self::get).
    #[inline(always)]
    pub(crate) unsafe fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        let value = self.0.as_deref_mut()?;
        debug_assert!(value.is::<T>());
        // SAFETY: the caller promises it.
        Some(unsafe { &mut *(&raw mut *value).cast::<T>() })
    }

    /// What is there, or else is put in.
    ///
    /// # Safety
    /// As of [`get`](Self::get).
    #[inline(always)]
    pub(crate) unsafe fn get_or_insert<T: Any>(&mut self, new: fn() -> T) -> &mut T {
        #[cold]
        fn insert<T: Any>(rare: &mut Rare, new: fn() -> T) {
            rare.0 = Some(Box::new(new()));
        }
        if self.is_none() {
            insert(self, new);
        }
        // SAFETY: the caller promises the type, and now something is there.
        unsafe { self.get_mut().unwrap_unchecked() }
    }
}
