//! One value of each type, shared by a world's systems.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::any::{Any, TypeId};
use core::fmt;

/// Values that belong to a world and to no entity, found by their type.
#[derive(Default)]
pub struct Resources {
    values: BTreeMap<TypeId, Entry>,
}

struct Entry {
    name: &'static str,
    value: Box<dyn Any + Send>,
}

/// A value that is away for a while.
pub(crate) struct Lifted<R> {
    name: &'static str,
    pub(crate) value: Box<R>,
}

impl Resources {
    /// Puts a value in; answers the one of the same type that was there.
    pub fn insert<R: Send + 'static>(&mut self, value: R) -> Option<R> {
        let entry = Entry { name: core::any::type_name::<R>(), value: Box::new(value) };
        downcast(self.values.insert(TypeId::of::<R>(), entry)?)
    }

    /// The value of this type.
    pub fn get<R: Send + 'static>(&self) -> Option<&R> {
        self.values.get(&TypeId::of::<R>())?.value.downcast_ref()
    }

    /// The value of this type, to change.
    pub fn get_mut<R: Send + 'static>(&mut self) -> Option<&mut R> {
        self.values.get_mut(&TypeId::of::<R>())?.value.downcast_mut()
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
        let Entry { name, value } = self.values.remove(&TypeId::of::<R>())?;
        Some(Lifted { name, value: (value as Box<dyn Any>).downcast().ok()? })
    }

    /// Puts a value back; drops one that has taken its place.
    pub(crate) fn put_back<R: Send + 'static>(&mut self, lifted: Lifted<R>) {
        let entry = Entry { name: lifted.name, value: lifted.value };
        self.values.insert(TypeId::of::<R>(), entry);
    }

    /// Takes a value out.
    pub fn remove<R: Send + 'static>(&mut self) -> Option<R> {
        downcast(self.values.remove(&TypeId::of::<R>())?)
    }
}

fn downcast<R: 'static>(entry: Entry) -> Option<R> {
    entry.value.downcast().ok().map(|value| *value)
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.values().map(|entry| entry.name)).finish()
    }
}
