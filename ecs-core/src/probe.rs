//! What a component can do, found out where its type is known.

use core::fmt;
use core::hash::Hash;
use core::marker::PhantomData;

use crate::component::{Component, Storage};
use crate::hash::StateHasher;
use crate::relation::Link;

/// Clones the value behind the first pointer into the memory behind the second.
pub type CloneFn = unsafe fn(*const u8, *mut u8);

/// Drops the value behind the pointer in place.
pub type DropFn = unsafe fn(*mut u8);

/// Prints the value behind the pointer.
pub type DebugFn = unsafe fn(*const u8, &mut fmt::Formatter<'_>) -> fmt::Result;

/// Hashes as many values as are told from the pointer on.
pub type HashFn = unsafe fn(*const u8, usize, &mut StateHasher);

/// Tells whether the bytes from the pointer on, which need no alignment, are as many
/// values as are told.
pub type PlainFn = unsafe fn(*const u8, usize) -> bool;

/// Answers the value behind the pointer as what can be serialized.
#[cfg(feature = "serde")]
pub type SerializeFn = unsafe fn(*const u8) -> *const dyn erased_serde::Serialize;

/// Deserializes a value into the memory behind the pointer.
#[cfg(feature = "serde")]
pub type DeserializeFn = for<'de> unsafe fn(
    &mut dyn erased_serde::Deserializer<'de>,
    *mut u8,
) -> Result<(), erased_serde::Error>;

/// There is none without the feature `serde`.
#[cfg(not(feature = "serde"))]
pub type SerializeFn = core::convert::Infallible;

/// There is none without the feature `serde`.
#[cfg(not(feature = "serde"))]
pub type DeserializeFn = core::convert::Infallible;

/// Finds out what a concrete component can do.
///
/// With [`CanNot`] in scope, each constant of `Probe::<C>` names the inherent one
/// where its bound holds and the trait's otherwise: inherent items win. This works
/// only where `C` is a concrete type, and so in a macro.
#[derive(Debug)]
pub struct Probe<C>(PhantomData<C>);

/// What [`Probe`] answers of what a component can't do. Of a type that is no
/// component the compiler complains elsewhere.
pub trait CanNot {
    /// It can't be cloned.
    const CLONE: Option<CloneFn> = None;
    /// Its clone may not be its bytes.
    const COPY: bool = false;
    /// It may not move to another thread.
    const SEND: bool = false;
    /// As of any component.
    const SETTINGS: Settings = Settings::DEFAULT;
    /// It can't be printed.
    const DEBUG: Option<DebugFn> = None;
    /// It can't be hashed.
    const HASH: Option<HashFn> = None;
    /// Its bytes can't be hashed.
    const HASH_BYTES: Option<HashFn> = None;
    /// It is not plain bytes.
    const PLAIN: Option<PlainFn> = None;
    /// It can't be serialized.
    const SERIALIZE: Option<SerializeFn> = None;
    /// It can't be deserialized.
    const DESERIALIZE: Option<DeserializeFn> = None;
}
impl<C> CanNot for Probe<C> {}

/// What a component says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// [`Component::STORAGE`].
    pub storage: Storage,
    /// [`Component::OBSERVE`].
    pub observe: bool,
    /// [`Component::TRACK`].
    pub track: bool,
    /// [`Component::VERSION`].
    pub version: u32,
    /// [`Component::RELATION`].
    pub relation: bool,
}

impl Settings {
    /// As of a component that says nothing.
    pub const DEFAULT: Self =
        Self { storage: Storage::Table, observe: false, track: false, version: 1, relation: false };
}

impl<C: Component> Probe<C> {
    /// What the component says.
    pub const SETTINGS: Settings = Settings {
        storage: C::STORAGE,
        observe: C::OBSERVE,
        track: C::TRACK,
        version: C::VERSION,
        relation: C::RELATION,
    };
}

impl<C: Send> Probe<C> {
    /// The component may move to another thread.
    pub const SEND: bool = true;
}

impl<C: Clone> Probe<C> {
    /// How to clone the component.
    pub const CLONE: Option<CloneFn> = {
        /// # Safety
        /// `from` points to a valid `C`; `to` may be written as a `C`.
        unsafe fn clone_value<C: Clone>(from: *const u8, to: *mut u8) {
            // SAFETY: the caller passes a valid `C` and room for another.
            unsafe { to.cast::<C>().write((*from.cast::<C>()).clone()) }
        }
        Some(clone_value::<C>)
    };
}

impl<C: Copy> Probe<C> {
    /// A clone of the component is its bytes.
    pub const COPY: bool = true;
}

impl<C: fmt::Debug> Probe<C> {
    /// How to print the component.
    pub const DEBUG: Option<DebugFn> = {
        /// # Safety
        /// `value` points to a valid `C`.
        unsafe fn print<C: fmt::Debug>(
            value: *const u8,
            f: &mut fmt::Formatter<'_>,
        ) -> fmt::Result {
            // SAFETY: the caller passes a valid `C`.
            unsafe { &*value.cast::<C>() }.fmt(f)
        }
        Some(print::<C>)
    };
}

impl<C: Hash> Probe<C> {
    /// How to hash components.
    pub const HASH: Option<HashFn> = {
        /// # Safety
        /// `values` points to `count` valid `C`s.
        unsafe fn hash<C: Hash>(values: *const u8, count: usize, hasher: &mut StateHasher) {
            // SAFETY: the caller passes this many valid `C`s.
            let values = unsafe { core::slice::from_raw_parts(values.cast::<C>(), count) };
            values.iter().for_each(|value| value.hash(hasher));
        }
        Some(hash::<C>)
    };
}

#[cfg(feature = "bytemuck")]
impl<C: bytemuck::NoUninit> Probe<C> {
    /// How to hash the bytes of components.
    pub const HASH_BYTES: Option<HashFn> = {
        /// # Safety
        /// `values` points to `count` valid `C`s.
        unsafe fn hash<C: bytemuck::NoUninit>(
            values: *const u8,
            count: usize,
            hasher: &mut StateHasher,
        ) {
            // SAFETY: the caller passes this many valid `C`s.
            let values = unsafe { core::slice::from_raw_parts(values.cast::<C>(), count) };
            core::hash::Hasher::write(hasher, bytemuck::cast_slice(values));
        }
        Some(hash::<C>)
    };
}

#[cfg(feature = "bytemuck")]
impl<C: bytemuck::NoUninit + bytemuck::CheckedBitPattern> Probe<C> {
    /// How to tell whether bytes are components.
    pub const PLAIN: Option<PlainFn> = {
        /// # Safety
        /// `bytes` points to as many bytes as `count` `C`s have.
        unsafe fn check<C: bytemuck::CheckedBitPattern>(bytes: *const u8, count: usize) -> bool {
            const { assert!(size_of::<C::Bits>() == size_of::<C>()) };
            let bits = bytes.cast::<C::Bits>();
            (0..count).all(|at| {
                // SAFETY: the bytes are the caller's to read, and any are a `C::Bits`.
                C::is_valid_bit_pattern(&unsafe { bits.add(at).read_unaligned() })
            })
        }
        Some(check::<C>)
    };
}

#[cfg(feature = "serde")]
impl<C: serde::Serialize + 'static> Probe<C> {
    /// How to serialize the component.
    pub const SERIALIZE: Option<SerializeFn> = {
        /// # Safety
        /// None: the value is not looked at.
        unsafe fn erase<C: serde::Serialize + 'static>(
            value: *const u8,
        ) -> *const dyn erased_serde::Serialize {
            value.cast::<C>()
        }
        Some(erase::<C>)
    };
}

#[cfg(feature = "serde")]
impl<C: serde::de::DeserializeOwned> Probe<C> {
    /// How to deserialize the component.
    pub const DESERIALIZE: Option<DeserializeFn> = {
        /// # Safety
        /// `to` may be written as a `C`.
        unsafe fn read<C: serde::de::DeserializeOwned>(
            from: &mut dyn erased_serde::Deserializer<'_>,
            to: *mut u8,
        ) -> Result<(), erased_serde::Error> {
            let value = erased_serde::deserialize::<C>(from)?;
            // SAFETY: the caller passes room for a `C`.
            unsafe { to.cast::<C>().write(value) };
            Ok(())
        }
        Some(read::<C>)
    };
}

/// What can be found out of a component whose type is known.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probed {
    pub settings: Settings,
    pub link: Option<Link>,
    pub clone: Option<CloneFn>,
    pub copy: bool,
    pub send: bool,
    pub debug: Option<DebugFn>,
    pub hash: Option<HashFn>,
    pub hash_bytes: Option<HashFn>,
    pub plain: Option<PlainFn>,
    pub serialize: Option<SerializeFn>,
    pub deserialize: Option<DeserializeFn>,
}

#[cfg(test)]
impl Probed {
    /// Of what is no component.
    pub(crate) const NOTHING: Self = Self {
        settings: Settings::DEFAULT,
        link: None,
        clone: None,
        copy: false,
        send: false,
        debug: None,
        hash: None,
        hash_bytes: None,
        plain: None,
        serialize: None,
        deserialize: None,
    };
}

/// Describes the components of a schema, whose types are known, with all that each can do, and
/// where they are in its row.
// The compiler looks at all of it for each component, whenever lines have moved: one body and
// one call for each, with nothing of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! __component_infos {
    ($row:ty; $($component:ty, $name:expr;)*) => {{
        #[allow(unused_imports)]
        use $crate::{probe::CanNot as _, relation::NotLinked as _};
        &$crate::schema::in_row::<$row, _>([$(
            $crate::schema::ComponentInfo::new::<$component>(
                $name,
                $crate::probe::Probed {
                    settings: $crate::probe::Probe::<$component>::SETTINGS,
                    // Here, where an error names the schema.
                    link: $crate::relation::listed(
                        $crate::probe::Probe::<$component>::SETTINGS.relation,
                        $crate::relation::LinkProbe::<Self, $component>::LINK,
                    ),
                    clone: $crate::probe::Probe::<$component>::CLONE,
                    copy: $crate::probe::Probe::<$component>::COPY,
                    send: $crate::probe::Probe::<$component>::SEND,
                    debug: $crate::probe::Probe::<$component>::DEBUG,
                    hash: $crate::probe::Probe::<$component>::HASH,
                    hash_bytes: $crate::probe::Probe::<$component>::HASH_BYTES,
                    plain: $crate::probe::Probe::<$component>::PLAIN,
                    serialize: $crate::probe::Probe::<$component>::SERIALIZE,
                    deserialize: $crate::probe::Probe::<$component>::DESERIALIZE,
                },
            ),
        )*])
    }};
}
