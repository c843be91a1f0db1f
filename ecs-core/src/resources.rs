//! One value of each type, shared by a world's systems.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::any::{Any, TypeId};
use core::cell::UnsafeCell;
use core::fmt;
use core::ptr::NonNull;

use crate::kept::kept;

/// A value of which a world has one, with a name by which systems that use it are kept
/// apart. Implemented with `#[derive(Resource)]`.
///
/// Any value that is `Send` can be put into a world; to be asked for by systems, as
/// `Res` or `ResMut`, it needs this.
///
/// # Safety
/// `NAME` is always the same for a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "not a resource",
    note = "put `#[derive(Resource)]` on `{Self}`; a type of another crate needs a struct of yours around it"
)]
pub unsafe trait Resource: Send + 'static {
    /// The type's path. Types with one name are never used by two systems at once.
    const NAME: &'static str;
}

/// Values that belong to a world and to no entity, found by their type.
#[derive(Default)]
pub struct Resources {
    values: BTreeMap<TypeId, Entry>,
}

kept! {
    /// As a part of a world.
    pub(crate) struct KeptResources(Resources);
}

/// In a cell, so that systems can use one resource each at once.
struct Entry {
    name: &'static str,
    value: Box<UnsafeCell<dyn Any + Send>>,
}

impl Entry {
    fn new<R: Send + 'static>(value: R) -> Self {
        Self { name: core::any::type_name::<R>(), value: Box::new(UnsafeCell::new(value)) }
    }

    /// The value.
    ///
    /// # Safety
    /// It was put in as an `R`.
    unsafe fn into_inner<R: 'static>(self) -> Box<R> {
        // SAFETY: the box was made of a cell of an `R`, which is laid out as an `R`.
        unsafe { Box::from_raw(Box::into_raw(self.value).cast()) }
    }
}

/// A value that is away for a while.
pub(crate) struct Lifted<R> {
    name: &'static str,
    pub(crate) value: Box<R>,
}

impl Resources {
    /// Puts a value in; answers the one of the same type that was there.
    pub fn insert<R: Send + 'static>(&mut self, value: R) -> Option<R> {
        let old = self.values.insert(TypeId::of::<R>(), Entry::new(value))?;
        // SAFETY: the key is the value's type.
        Some(unsafe { *old.into_inner() })
    }

    /// The value of this type.
    pub fn get<R: Send + 'static>(&self) -> Option<&R> {
        // SAFETY: `&self` keeps those who change values away, but for who uses `cell`.
        self.cell::<R>().map(|value| unsafe { value.as_ref() })
    }

    /// The value of this type, to change.
    pub fn get_mut<R: Send + 'static>(&mut self) -> Option<&mut R> {
        self.values.get_mut(&TypeId::of::<R>())?.value.get_mut().downcast_mut()
    }

    /// The value of this type, made by `default` if there is none.
    pub fn get_or_insert_with<R: Send + 'static>(&mut self, default: impl FnOnce() -> R) -> &mut R {
        if self.get::<R>().is_none() {
            self.insert(default());
        }
        self.get_mut().expect("it was put in just now")
    }

    /// Takes a value out for a while, in its box.
    pub(crate) fn lift<R: Send + 'static>(&mut self) -> Option<Lifted<R>> {
        let entry = self.values.remove(&TypeId::of::<R>())?;
        // SAFETY: the key is the value's type.
        Some(Lifted { name: entry.name, value: unsafe { entry.into_inner() } })
    }

    /// Puts a value back; drops one that has taken its place.
    pub(crate) fn put_back<R: Send + 'static>(&mut self, lifted: Lifted<R>) {
        let value = Box::into_raw(lifted.value) as *mut UnsafeCell<R>;
        // SAFETY: a cell is laid out as what is in it.
        let entry = Entry { name: lifted.name, value: unsafe { Box::from_raw(value) } };
        self.values.insert(TypeId::of::<R>(), entry);
    }

    /// Takes a value out.
    pub fn remove<R: Send + 'static>(&mut self) -> Option<R> {
        let entry = self.values.remove(&TypeId::of::<R>())?;
        // SAFETY: the key is the value's type.
        Some(unsafe { *entry.into_inner() })
    }

    /// The names of the types of all values, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.values().map(|entry| entry.name)
    }

    /// Where the value of this type is. Who writes it keeps all others away.
    pub(crate) fn cell<R: Send + 'static>(&self) -> Option<NonNull<R>> {
        let value = self.values.get(&TypeId::of::<R>())?.value.get();
        // The key is the value's type.
        NonNull::new(value.cast::<R>())
    }
}

impl fmt::Debug for Resources {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.values().map(|entry| entry.name)).finish()
    }
}
