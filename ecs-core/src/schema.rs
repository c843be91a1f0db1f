//! The closed set of components that worlds share.

use core::fmt;

use crate::component::{Component, Storage};
use crate::config::WorldConfig;
use crate::event::{EventInfo, EventVisitor};
use crate::memory::bits;
use crate::probe::{CloneFn, DebugFn, DeserializeFn, DropFn, HashFn, PlainFn, Probed, SerializeFn};
use crate::relation::Link;

/// A set of components: bit `i` stands for the component with index `i`.
pub type Mask = u128;

/// The most components that one schema can hold.
pub const MAX_COMPONENTS: usize = Mask::BITS as usize;

/// What is to be known of one component.
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
    /// Whether the bytes of a value are a clone of it: the component is `Copy`.
    pub copy: bool,
    /// Whether values may move to another thread.
    pub send: bool,
    /// How a world keeps its values.
    pub storage: Storage,
    /// Whether observers may be told of it.
    pub observe: bool,
    /// How it takes part in a relation; `None` for most.
    pub link: Option<Link>,
    /// Whether worlds keep when its values were added and changed.
    pub track: bool,
    /// The version of its values where they are saved.
    pub version: u32,
    /// How to print a value; `None` where the component is not `Debug`.
    pub debug: Option<DebugFn>,
    /// How to hash values; `None` where the component is not `Hash`, nor plain bytes.
    pub hash: Option<HashFn>,
    /// How to tell whether bytes are values; `None` where the component is not plain
    /// bytes, or without the feature `bytemuck`.
    pub plain: Option<PlainFn>,
    /// How to serialize a value; `None` where the component is not `Serialize`, or
    /// without the feature `serde`.
    pub serialize: Option<SerializeFn>,
    /// How to deserialize a value; `None` where the component is not
    /// `DeserializeOwned`, or without the feature `serde`.
    pub deserialize: Option<DeserializeFn>,
}

impl ComponentInfo {
    /// Describes `C` by what has been found out, at the start of a row.
    #[doc(hidden)]
    pub const fn new<C>(name: &'static str, can: Probed) -> Self {
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
            offset: 0,
            drop: if core::mem::needs_drop::<C>() { Some(drop_value::<C>) } else { None },
            clone: can.clone,
            copy: can.copy,
            send: can.send,
            storage: can.settings.storage,
            observe: can.settings.observe,
            link: can.link,
            track: can.settings.track,
            version: can.settings.version,
            debug: can.debug,
            // Its own way to hash values goes before that of its bytes.
            hash: if can.hash.is_some() { can.hash } else { can.hash_bytes },
            plain: can.plain,
            serialize: can.serialize,
            deserialize: can.deserialize,
        }
    }
}

/// The components as they stand in the row `R`, a `repr(C)` struct with a field for each, in
/// their order. Each field begins where the one before it ends, at the next multiple of its
/// alignment: see [the reference](https://doc.rust-lang.org/reference/type-layout.html).
///
/// # Panics
/// If the row is another one, as far as its size and alignment tell.
#[doc(hidden)]
pub const fn in_row<R, const N: usize>(mut components: [ComponentInfo; N]) -> [ComponentInfo; N] {
    let (mut index, mut end) = (0, 0_usize);
    while index < N {
        let component = &mut components[index];
        assert!(component.align <= align_of::<R>());
        component.offset = end.next_multiple_of(component.align);
        end = component.offset + component.size;
        index += 1;
    }
    assert!(end.next_multiple_of(align_of::<R>()) == size_of::<R>());
    components
}

/// The components of which something is true, as a constant.
macro_rules! mask_of {
    ($components:expr, $info:ident => $is:expr) => {{
        let components: &[ComponentInfo] = $components;
        let (mut mask, mut index) = (0, 0);
        while index < components.len() {
            let $info = &components[index];
            if $is {
                mask |= 1 << index;
            }
            index += 1;
        }
        mask
    }};
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
    note = "declare it with `#[world_config(components(...))]`; of worlds with a `base`, the schema is the base"
)]
pub unsafe trait Schema: Queried<Schema = Self> + Sized + 'static {
    /// The components as a tuple, for bounds: [`Send`], [`Sync`] and [`AllClone`].
    type Types;
    /// One entity with every component: `repr(C)`, each field maybe uninitialised.
    type Row: 'static;
    /// The schema's name.
    const NAME: &'static str;
    /// The schema's path, unique in the program.
    const PATH: &'static str;
    /// The components in order of their indices.
    const COMPONENTS: &'static [ComponentInfo];
    /// The events in order of their indices.
    const EVENTS: &'static [EventInfo] = &[];
    /// Every component of the schema.
    const ALL: Mask = all(Self::COMPONENTS.len());
    /// The components for which dropping does something.
    const NEEDS_DROP: Mask = mask_of!(Self::COMPONENTS, info => info.drop.is_some());
    /// The components with [`Storage::Sparse`], which are no part of an archetype.
    const SPARSE: Mask =
        mask_of!(Self::COMPONENTS, info => matches!(info.storage, Storage::Sparse));
    /// The components of which observers may be told.
    const OBSERVED: Mask = mask_of!(Self::COMPONENTS, info => info.observe);
    /// The components that are relations.
    const RELATIONS: Mask =
        mask_of!(Self::COMPONENTS, info => matches!(info.link, Some(Link::Relation(_))));
    /// The relations, and the lists of their sources, which only the world writes.
    const LINKED: Mask = mask_of!(Self::COMPONENTS, info => info.link.is_some());
    /// The components that can be in a snapshot: those that are plain bytes, and lists of
    /// the sources of relations.
    const STORABLE: Mask = mask_of!(
        Self::COMPONENTS,
        info => info.plain.is_some() || matches!(info.link, Some(Link::Sources(_)))
    );
    /// The components that can be serialized.
    const SERIALIZABLE: Mask = mask_of!(Self::COMPONENTS, info => info.serialize.is_some());
    /// The components of which is kept when values were added and changed.
    const TRACKED: Mask = mask_of!(Self::COMPONENTS, info => info.track);
    /// Shows each event type to `visitor`, in order.
    fn visit_events<V: EventVisitor<Self>>(_visitor: &mut V) {}
}

/// Each component of a schema is [`Clone`]; of [`Schema::Types`].
///
/// # Safety
/// It is so: to clone a world relies on it.
// A trait of our own: to look at an impl of `Clone`, the compiler reads all that there are.
pub unsafe trait AllClone {}

const fn all(count: usize) -> Mask {
    assert!(count <= MAX_COMPONENTS, "a schema holds at most 128 components");
    if count == MAX_COMPONENTS { Mask::MAX } else { (1 << count) - 1 }
}

/// The schema has the component `C`.
///
/// # Safety
/// `INDEX` is `C`'s place in [`Schema::COMPONENTS`], and `Component` is `C`.
#[diagnostic::on_unimplemented(
    message = "component `{C}` is not in the schema `{Self}`",
    label = "not a component of `{Self}`",
    note = "list `{C}` in the `components(...)` of `{Self}`'s `#[world_config]`: a type with `#[derive(Component)]`, without `&`"
)]
pub unsafe trait Contains<C: 'static>: Schema {
    /// `C` itself. That it is a component is told where it is listed, and nowhere else.
    type Component: Component;
    /// The component's index.
    const INDEX: usize;
    /// The component's bit.
    const BIT: Mask = 1 << Self::INDEX;
}

/// The component is in the schema `S`: [`Contains`], said of the component. Of a value the compiler
/// then knows the type before it asks whether the schema has it, and names it; it would take it for
/// the one component of a schema that has but one.
///
/// # Safety
/// `INDEX` is the component's place in [`Schema::COMPONENTS`].
#[diagnostic::on_unimplemented(
    message = "component `{Self}` is not in the schema `{S}`",
    label = "not a component of `{S}`",
    note = "list `{Self}` in the `components(...)` of `{S}`'s `#[world_config]`: a type with `#[derive(Component)]`, without `&`"
)]
pub unsafe trait ComponentOf<S: Schema>: Sized + 'static {
    /// The component's index.
    const INDEX: usize;
    /// The component's bit.
    const BIT: Mask = 1 << Self::INDEX;
}

#[diagnostic::do_not_recommend]
// SAFETY: the schema promises the same.
unsafe impl<S: Contains<C>, C: 'static> ComponentOf<S> for C {
    const INDEX: usize = <S as Contains<C>>::INDEX;
}

/// What a query of a system names first: a world, maybe the schema itself. Apart from
/// [`WorldConfig`], so that the compiler tells of what else is named there by our text.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a world: write `Query<World, {Self}>`",
    label = "not a world",
    note = "a query of a system names a world or its schema, then what is asked for, then a filter: `Query<World, (&A, &mut B), With<C>>`"
)]
pub trait Queried {
    /// Whose components it has.
    type Schema: Schema;
}

/// A world with the schema `S`. Apart from [`WorldConfig`], so that the compiler tells of a query
/// over another schema by our text.
///
/// # Safety
/// `S` is [`WorldConfig::Schema`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{S}` is not the schema of the world `{Self}`",
    label = "another schema than the world's",
    note = "the schema of a world is the one with the `components(...)`: itself or its `base`"
)]
pub unsafe trait HasSchema<S>: WorldConfig {}

// Or the compiler would tell of the two schemas as of any types that differ.
#[diagnostic::do_not_recommend]
// SAFETY: the bound says so.
unsafe impl<S: Schema, W: WorldConfig<Schema = S>> HasSchema<S> for W {}

/// Some components of a schema, by name.
#[derive(Clone, Copy)]
pub struct ComponentSet {
    components: &'static [ComponentInfo],
    mask: Mask,
}

impl ComponentSet {
    /// These components of `S`.
    pub const fn of<S: Schema>(mask: Mask) -> Self {
        Self { components: S::COMPONENTS, mask: mask & S::ALL }
    }

    /// Their names, in the order of the schema.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + use<> {
        let Self { components, mask } = *self;
        bits(mask).map(move |index| components[index].name)
    }

    /// The components as bits.
    pub const fn mask(&self) -> Mask {
        self.mask
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.mask == 0
    }
}

impl fmt::Debug for ComponentSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// As in a sentence: "component `A`", or "components `A`, `B`".
impl fmt::Display for ComponentSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = self.mask.count_ones() > 1;
        f.write_str(if many { "components " } else { "component " })?;
        for (at, name) in self.iter().enumerate() {
            write!(f, "{}`{name}`", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
