//! Relations: a component that names one other entity, and the list of those that
//! name it.

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::ops::Deref;
use core::slice;

use crate::bundle::{Bundle, Single};
use crate::component::{Component, Storage};
use crate::entity::Entity;
#[cfg(feature = "snapshot")]
use crate::schema::ComponentInfo;
use crate::schema::{Contains, Mask, Schema};

/// A component that relates its entity, the source, to another, the target:
/// `#[component(relation)]` on a struct that holds the target's id.
///
/// A source has one target, a target any number of sources, whose list is its
/// [`Sources<R>`]. Both are components of the schema. The world keeps both sides, so
/// they are read like other components, and changed by `World::relate` and
/// `World::unrelate` only: what would write one of them does not compile.
///
/// The target is a value in a column: a target more is no archetype more. Both are
/// sparse: an entity stays in its table whatever it is related to.
///
/// # Safety
/// The derive is safe. `to` and `target` do not panic: the world asks for targets between one half
/// of a move and the other.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// /// Whose ship a sailor is on.
/// #[derive(Component, Clone, Copy)]
/// #[component(relation)]
/// struct Serves(Entity);
/// type Crew = Sources<Serves>;
///
/// #[derive(Component)]
/// struct Name(&'static str);
///
/// #[world_config(components(Name, Serves, Crew))]
/// struct Fleet;
///
/// let mut fleet = World::<Fleet>::new();
/// let ship = fleet.spawn(Name("Beagle"))?;
/// let cook = fleet.spawn(Name("Ann"))?;
/// let mate = fleet.spawn_related::<Serves, _>(ship, Name("Bo"))?;
/// fleet.relate::<Serves>(cook, ship)?;
/// assert_eq!(fleet.target_of::<Serves>(cook), Some(ship));
/// assert_eq!(fleet.sources_of::<Serves>(ship), [mate, cook]);
/// for (name, crew) in fleet.view::<(&Name, &Crew)>() {
///     println!("{} has a crew of {}", name.0, crew.len());
/// }
/// fleet.despawn(mate)?;
/// assert_eq!(fleet.sources_of::<Serves>(ship), [cook]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation",
    label = "not a relation",
    note = "put `#[derive(Component)]` and `#[component(relation)]` on a struct that holds an `Entity`"
)]
pub unsafe trait Relation: Component {
    /// Whether the sources end with their target: `relation(on_despawn = cascade)`.
    const CASCADE: bool = false;
    /// Whether no entity may be related to itself by way of others.
    #[doc(hidden)]
    const TREE: bool = false;

    /// The relation to this target.
    fn to(target: Entity) -> Self;

    /// The target.
    fn target(&self) -> Entity;
}

/// What a relation holds: the id of its target.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a relation holds the id of its target, and `{Self}` is none",
    label = "not an `Entity`",
    note = "write `Entity` here, and put what else there is to say into another component"
)]
pub trait Target: sealed::Sealed + Copy {
    fn of(target: Entity) -> Self;
    fn id(self) -> Entity;
}

/// Nobody else's code runs where a world asks for targets.
mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Entity {}
}

impl Target for Entity {
    fn of(target: Entity) -> Self {
        target
    }

    fn id(self) -> Entity {
        self
    }
}

/// A target's sources, in order. List it in the schema beside `R`.
///
/// It is there once the entity has had a source, and may be empty.
pub struct Sources<R: Relation> {
    list: List,
    relation: PhantomData<fn() -> R>,
}

/// What each [`Sources`] is.
pub(crate) type List = Vec<Entity>;

impl<R: Relation> Sources<R> {
    /// As `Deref`.
    pub fn as_slice(&self) -> &[Entity] {
        &self.list
    }
}

impl<R: Relation> Deref for Sources<R> {
    type Target = [Entity];

    fn deref(&self) -> &[Entity] {
        &self.list
    }
}

impl<'a, R: Relation> IntoIterator for &'a Sources<R> {
    type Item = &'a Entity;
    type IntoIter = slice::Iter<'a, Entity>;

    fn into_iter(self) -> slice::Iter<'a, Entity> {
        self.list.iter()
    }
}

impl<R: Relation> Clone for Sources<R> {
    fn clone(&self) -> Self {
        Self { list: self.list.clone(), relation: PhantomData }
    }
}

impl<R: Relation> fmt::Debug for Sources<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

/// As a list of ids.
#[cfg(feature = "serde")]
impl<R: Relation> serde::Serialize for Sources<R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

/// A list that is loaded tells the order of the sources: who they are, the world finds
/// out by their relations.
#[cfg(feature = "serde")]
impl<'de, R: Relation> serde::Deserialize<'de> for Sources<R> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        List::deserialize(deserializer).map(|list| Self { list, relation: PhantomData })
    }
}

impl<R: Relation> PartialEq for Sources<R> {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}
impl<R: Relation> Eq for Sources<R> {}

impl<R: Relation> Hash for Sources<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.list.hash(state);
    }
}

/// The relation of the hierarchy: the entity's parent. Listed in the schema beside
/// [`Children`].
///
/// Nobody is a child of itself or of its own descendant: what would make it so is
/// refused. A parent that is despawned leaves its children without a parent, unless it
/// is despawned by `World::despawn_recursive`.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component)]
/// struct Name(&'static str);
///
/// #[world_config(components(Name, ChildOf, Children))]
/// struct Scene;
///
/// let mut scene = World::<Scene>::new();
/// let tank = scene.spawn(Name("tank"))?;
/// let turret = scene.spawn_child(tank, Name("turret"))?;
/// let gun = scene.spawn_child(turret, Name("gun"))?;
/// assert_eq!(scene.parent(gun), Some(turret));
/// assert!(scene.descendants(tank).eq([turret, gun]));
/// assert!(scene.set_parent(tank, gun).is_err());
/// assert_eq!(scene.despawn_recursive(turret)?, 2);
/// assert_eq!(scene.children(tank), []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(transparent)]
pub struct ChildOf(Entity);

// SAFETY: an id is one number, without padding.
#[cfg(feature = "bytemuck")]
unsafe impl bytemuck::NoUninit for Entity {}

// SAFETY: a number has the layout of an id, and what `from_bits` takes is one.
#[cfg(feature = "bytemuck")]
unsafe impl bytemuck::CheckedBitPattern for Entity {
    type Bits = u64;

    #[inline(always)]
    fn is_valid_bit_pattern(bits: &u64) -> bool {
        Entity::from_bits(*bits).is_some()
    }
}

// SAFETY: it is an id, which has no padding.
#[cfg(feature = "bytemuck")]
unsafe impl bytemuck::NoUninit for ChildOf {}

// SAFETY: it has the layout of an id, and any id can be the parent.
#[cfg(feature = "bytemuck")]
unsafe impl bytemuck::CheckedBitPattern for ChildOf {
    type Bits = u64;

    #[inline(always)]
    fn is_valid_bit_pattern(bits: &u64) -> bool {
        Entity::from_bits(*bits).is_some()
    }
}

/// The children of an entity, in order. Listed in the schema beside [`ChildOf`].
pub type Children = Sources<ChildOf>;

/// The schema has [`ChildOf`] and [`Children`]: each that lists both does.
#[diagnostic::on_unimplemented(
    message = "the schema `{Self}` has no hierarchy",
    label = "`ChildOf` or `Children` is not a component of `{Self}`",
    note = "list `ChildOf` and `Children` in the `components(...)` of `{Self}`'s `#[world_config]`"
)]
pub trait Hierarchy: Contains<ChildOf> + Contains<Children> {}

// Or the compiler would tell of each of the two.
#[diagnostic::do_not_recommend]
impl<S: Contains<ChildOf> + Contains<Children>> Hierarchy for S {}

impl ChildOf {
    /// The parent.
    pub fn parent(self) -> Entity {
        self.0
    }
}

// SAFETY: it is an id, without further code.
unsafe impl Relation for ChildOf {
    const TREE: bool = true;

    fn to(target: Entity) -> Self {
        Self(target)
    }

    fn target(&self) -> Entity {
        self.0
    }
}

impl Component for ChildOf {
    const STORAGE: Storage = Storage::Sparse;
    const RELATION: bool = true;
}

impl<R: Relation> Component for Sources<R> {
    const STORAGE: Storage = Storage::Sparse;
}

// SAFETY: a component is no more than itself.
unsafe impl<S: Contains<Self>> Bundle<S> for ChildOf {
    type Form = Single;
}

// SAFETY: as above.
unsafe impl<R: Relation, S: Contains<Self>> Bundle<S> for Sources<R> {
    type Form = Single;
}

/// How a component takes part in a relation, for those who don't know its type.
#[derive(Clone, Copy, Debug)]
pub enum Link {
    /// It is the relation.
    Relation(RelationInfo),
    /// It is the list of the sources of the relation with this index.
    Sources(usize),
}

/// What is to be known of a relation.
#[derive(Clone, Copy, Debug)]
pub struct RelationInfo {
    /// The index of the list of its sources.
    pub sources: usize,
    /// [`Relation::CASCADE`].
    pub cascade: bool,
    /// Whether it is the hierarchy.
    pub tree: bool,
    /// The target that the value behind the pointer names.
    pub target: unsafe fn(*const u8) -> Entity,
    /// Writes the relation to a target behind the pointer.
    pub write: unsafe fn(*mut u8, Entity),
    /// The list that is the value behind the pointer.
    pub(crate) list: unsafe fn(*mut u8) -> *mut List,
    /// Writes an empty list behind the pointer.
    pub(crate) empty: unsafe fn(*mut u8),
}

/// Finds out how a concrete component of a concrete schema takes part in a relation, as
/// [`Probe`](crate::probe::Probe) does.
#[derive(Debug)]
pub struct LinkProbe<S, C>(PhantomData<(S, C)>);

/// What [`LinkProbe`] answers of a component that is no part of a relation.
pub trait NotLinked {
    /// It is none.
    const LINK: Option<Link> = None;
}
impl<S, C> NotLinked for LinkProbe<S, C> {}

impl<S: Contains<R> + Contains<Sources<R>>, R: Relation> LinkProbe<S, R> {
    /// The relation.
    pub const LINK: Option<Link> = {
        /// # Safety
        /// `value` points to a valid `R`.
        unsafe fn target<R: Relation>(value: *const u8) -> Entity {
            // SAFETY: the caller passes a valid `R`.
            unsafe { &*value.cast::<R>() }.target()
        }
        /// # Safety
        /// `to` may be written as an `R`.
        unsafe fn write<R: Relation>(to: *mut u8, target: Entity) {
            // SAFETY: the caller passes room for an `R`.
            unsafe { to.cast::<R>().write(R::to(target)) }
        }
        /// # Safety
        /// `value` points to a valid `Sources<R>`.
        unsafe fn list<R: Relation>(value: *mut u8) -> *mut List {
            // SAFETY: the caller passes valid `Sources<R>`.
            unsafe { &raw mut (*value.cast::<Sources<R>>()).list }
        }
        /// # Safety
        /// `to` may be written as a `Sources<R>`.
        unsafe fn empty<R: Relation>(to: *mut u8) {
            let empty = Sources::<R> { list: List::new(), relation: PhantomData };
            // SAFETY: the caller passes room for a `Sources<R>`.
            unsafe { to.cast::<Sources<R>>().write(empty) }
        }
        assert!(
            matches!(R::STORAGE, Storage::Sparse),
            "a relation has sparse storage: declare it with `#[component(relation)]`"
        );
        assert!(
            !core::mem::needs_drop::<R>(),
            "a relation is dropped with either of its entities: take its `Drop` out"
        );
        Some(Link::Relation(RelationInfo {
            sources: <S as Contains<Sources<R>>>::INDEX,
            cascade: R::CASCADE,
            tree: R::TREE,
            target: target::<R>,
            write: write::<R>,
            list: list::<R>,
            empty: empty::<R>,
        }))
    };
}

impl<S: Contains<R> + Contains<Sources<R>>, R: Relation> LinkProbe<S, Sources<R>> {
    /// The list of the relation's sources.
    pub const LINK: Option<Link> = Some(Link::Sources(<S as Contains<R>>::INDEX));
}

/// The relation of which the component with this index is the list of the sources, if it
/// is one.
#[cfg(feature = "snapshot")]
pub(crate) fn listing(components: &[ComponentInfo], index: usize) -> Option<RelationInfo> {
    let Some(Link::Sources(relation)) = components[index].link else { return None };
    match components[relation].link {
        Some(Link::Relation(info)) => Some(info),
        _ => None,
    }
}

/// Fails to compile where a relation is in a schema without the list of its sources.
#[doc(hidden)]
pub const fn listed(relation: bool, link: Option<Link>) -> Option<Link> {
    assert!(
        !relation || link.is_some(),
        "a relation `R` needs the list of its sources: write `Sources<R>` into `components(...)` as well, `Children` for `ChildOf`"
    );
    link
}

/// What is known of the relation with an index of `S::RELATIONS`.
#[inline(always)]
pub(crate) const fn relation<S: Schema>(index: usize) -> &'static RelationInfo {
    match &S::COMPONENTS[index].link {
        Some(Link::Relation(info)) => info,
        _ => panic!("a bit of `RELATIONS` is that of a relation"),
    }
}

/// Whether sources may end with their target.
pub(crate) const fn cascades<S: Schema>() -> bool {
    let mut index = 0;
    while index < S::COMPONENTS.len() {
        if let Some(Link::Relation(RelationInfo { cascade: true, .. })) = S::COMPONENTS[index].link
        {
            return true;
        }
        index += 1;
    }
    false
}

/// The index of the schema's hierarchy, if it has one.
pub(crate) const fn tree<S: Schema>() -> Option<usize> {
    let mut index = 0;
    while index < S::COMPONENTS.len() {
        if let Some(Link::Relation(RelationInfo { tree: true, .. })) = S::COMPONENTS[index].link {
            return Some(index);
        }
        index += 1;
    }
    None
}

/// Fails to compile where something would write what the world keeps.
pub(crate) const fn assert_not_kept<S: Schema>(mask: Mask) {
    if mask & S::LINKED != 0 {
        refuse_kept()
    }
}

/// Fails to compile.
pub(crate) const fn refuse_kept() -> ! {
    panic!(
        "the world keeps both sides of a relation: call `relate` or `unrelate`, of the hierarchy `set_parent` or `remove_parent`, in place of writing one side"
    )
}

/// Entities can't be related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelateError {
    /// One of them can't be reached.
    Entity(crate::error::EntityError),
    /// They are one.
    Itself(Entity),
    /// The one that was to be the parent is a descendant of the other.
    Cycle {
        /// Who was to be the child.
        child: Entity,
        /// Who was to be the parent.
        parent: Entity,
    },
}

impl From<crate::error::EntityError> for RelateError {
    fn from(error: crate::error::EntityError) -> Self {
        Self::Entity(error)
    }
}

impl fmt::Display for RelateError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::Itself(entity) => {
                write!(f, "entity {entity} was to be related to itself: name another target")
            }
            Self::Cycle { child, parent } => write!(
                f,
                "entity {parent} is a descendant of {child} and can't be its parent: give {parent} another parent first"
            ),
        }
    }
}
impl core::error::Error for RelateError {}
