//! What may be stored on an entity.

/// Data that can be stored on an entity. Implemented with `#[derive(Component)]`.
///
/// A component may own memory: it is moved between tables and worlds by Rust's
/// rules and dropped exactly once. A type without fields is a tag and takes no
/// bytes.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component)]
/// struct Health(u32);
///
/// /// Comes and goes often, so entities don't change their table for it.
/// #[derive(Component)]
/// #[component(storage = "sparse")]
/// struct Stunned { ticks: u32 }
///
/// #[world_config(components(Health, Stunned))]
/// struct Arena;
///
/// let mut arena = World::<Arena>::new();
/// let hero = arena.spawn(Health(10))?;
/// let tables = arena.tables().len();
/// arena.insert(hero, Stunned { ticks: 3 })?;
/// for (health, stunned) in arena.query::<(&mut Health, &Stunned)>() {
///     health.0 -= stunned.ticks;
/// }
/// arena.remove::<Stunned>(hero)?;
/// assert_eq!(arena.get::<Health>(hero)?.0, 7);
/// assert_eq!(arena.tables().len(), tables);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a component",
    label = "not a component",
    note = "put `#[derive(Component)]` on `{Self}` and list it in the `components(...)` of its `#[world_config]`"
)]
pub trait Component: Sized + 'static {
    /// How a world keeps the component: `#[component(storage = "sparse")]`, or in
    /// tables if nothing is said.
    const STORAGE: Storage = Storage::Table;
    /// The version of its values where they are saved: `#[component(version = 2)]`,
    /// or 1 if nothing is said. A higher one says that values saved before have to be
    /// migrated.
    const VERSION: u32 = 1;
    /// Whether observers may be told of the component: `#[component(observe)]`. What
    /// is not declared so costs nothing for it.
    const OBSERVE: bool = false;
    /// Whether it is a relation: `#[component(relation)]`.
    const RELATION: bool = false;
    /// Whether worlds keep when each value was added and changed: `#[component(track)]`.
    /// Of what is not declared so nothing is kept, or written.
    const TRACK: bool = false;
}

/// How a world keeps the values of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Storage {
    /// As a part of the archetype: entities with and without the component are in
    /// different tables. To insert or remove it moves the entity's row; nothing is
    /// looked at that does not match.
    Table,
    /// Beside the archetype: a table has a column for the component and a bit for
    /// each row that tells whether it is there. To insert or remove it sets the bit
    /// and moves nothing else; a query looks at the bits, 64 rows at a time, and
    /// has no slices of it. For what comes and goes often.
    ///
    /// A table in which some entity has, or had, the component keeps room for all
    /// its rows, until `World::shrink` finds it unused.
    Sparse,
}
