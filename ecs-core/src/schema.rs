//! The closed set of components that worlds share.

use core::marker::PhantomData;

use crate::component::{Component, Storage};

/// A set of components: bit `i` stands for the component with index `i`.
pub type Mask = u128;

/// The most components that one schema can hold.
pub const MAX_COMPONENTS: usize = Mask::BITS as usize;

/// Clones the value behind the first pointer into the memory behind the second.
pub type CloneFn = unsafe fn(*const u8, *mut u8);

/// Drops the value behind the pointer in place.
pub type DropFn = unsafe fn(*mut u8);

/// What storage needs to know of one component.
#[derive(Clone, Copy, Debug)]
pub struct ComponentInfo {
    /// The component's name as written in the schema.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Offset in bytes in the schema's row.
    pub offset: usize,
    /// How to drop a value; `None` where dropping does nothing.
    pub drop: Option<DropFn>,
    /// How to clone a value; `None` where the component is not `Clone`.
    pub clone: Option<CloneFn>,
    /// Whether values may move to another thread.
    pub send: bool,
    /// How a world keeps its values.
    pub storage: Storage,
}

impl ComponentInfo {
    /// Describes `C`; `clone`, `send` and `storage` come from a [`Probe`].
    pub const fn new<C>(
        name: &'static str,
        offset: usize,
        clone: Option<CloneFn>,
        send: bool,
        storage: Storage,
    ) -> Self {
        /// # Safety
        /// `value` points to a valid `C` that is not used again.
        unsafe fn drop_value<C>(value: *mut u8) {
            // SAFETY: the caller passes a valid `C` and gives it up.
            unsafe { value.cast::<C>().drop_in_place() }
        }
        Self {
            name,
            size: size_of::<C>(),
            align: align_of::<C>(),
            offset,
            drop: if core::mem::needs_drop::<C>() { Some(drop_value::<C>) } else { None },
            clone,
            send,
            storage,
        }
    }
}

/// A closed set of components, made by `#[world_config(components(...))]`.
///
/// # Safety
/// `COMPONENTS[i]` describes the component `C` for which
/// `<Self as Contains<C>>::INDEX == i`, and `Row` has room for each at its
/// `offset`, suitably aligned, without overlap. There are at most
/// [`MAX_COMPONENTS`]. `Types` holds each component.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a schema",
    label = "not a schema",
    note = "declare it with `#[world_config(components(...))]`"
)]
pub unsafe trait Schema: Sized + 'static {
    /// The components as a tuple, for bounds such as `Send` or `Clone`.
    type Types;
    /// One entity with every component: `repr(C)`, each field maybe uninitialised.
    type Row: 'static;
    /// The schema's name.
    const NAME: &'static str;
    /// The schema's path, unique in the program.
    const PATH: &'static str;
    /// The components in order of their indices.
    const COMPONENTS: &'static [ComponentInfo];
    /// Every component of the schema.
    const ALL: Mask = all(Self::COMPONENTS.len());
    /// The components for which dropping does something.
    const NEEDS_DROP: Mask = needs_drop(Self::COMPONENTS);
    /// The components with [`Storage::Sparse`], which are no part of an archetype.
    const SPARSE: Mask = sparse(Self::COMPONENTS);
}

const fn all(count: usize) -> Mask {
    assert!(count <= MAX_COMPONENTS, "a schema holds at most 128 components");
    if count == MAX_COMPONENTS { Mask::MAX } else { (1 << count) - 1 }
}

const fn needs_drop(components: &[ComponentInfo]) -> Mask {
    let mut mask = 0;
    let mut index = 0;
    while index < components.len() {
        if components[index].drop.is_some() {
            mask |= 1 << index;
        }
        index += 1;
    }
    mask
}

const fn sparse(components: &[ComponentInfo]) -> Mask {
    let mut mask = 0;
    let mut index = 0;
    while index < components.len() {
        if matches!(components[index].storage, Storage::Sparse) {
            mask |= 1 << index;
        }
        index += 1;
    }
    mask
}

/// The schema has the component `C`.
///
/// # Safety
/// `INDEX` is `C`'s place in [`Schema::COMPONENTS`].
#[diagnostic::on_unimplemented(
    message = "component `{C}` is not in the schema `{Self}`",
    label = "not a component of `{Self}`",
    note = "list `{C}` in the `components(...)` of `{Self}`'s `#[world_config]`"
)]
pub unsafe trait Contains<C: Component>: Schema {
    /// The component's index.
    const INDEX: usize;
    /// The component's bit.
    const BIT: Mask = 1 << Self::INDEX;
}

/// Finds out what a concrete component can do.
///
/// With [`NotClone`], [`NotSend`] and [`NotComponent`] in scope, `CLONE`, `SEND` and
/// `STORAGE` of `Probe::<C>` name the inherent constant where the bound holds and
/// the trait's otherwise: inherent items win.
#[derive(Debug)]
pub struct Probe<C>(PhantomData<C>);

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

impl<C: Send> Probe<C> {
    /// The component may move to another thread.
    pub const SEND: bool = true;
}

impl<C: Component> Probe<C> {
    /// How a world keeps the component.
    pub const STORAGE: Storage = C::STORAGE;
}

/// What [`Probe`] answers for a type that is no component, of which the compiler
/// complains elsewhere.
pub trait NotComponent {
    /// Any.
    const STORAGE: Storage = Storage::Table;
}
impl<C> NotComponent for Probe<C> {}

/// What [`Probe`] answers for a component that is not `Clone`.
pub trait NotClone {
    /// There is no way to clone it.
    const CLONE: Option<CloneFn> = None;
}
impl<C> NotClone for Probe<C> {}

/// What [`Probe`] answers for a component that is not `Send`.
pub trait NotSend {
    /// It may not move to another thread.
    const SEND: bool = false;
}
impl<C> NotSend for Probe<C> {}
