//! A query as a parameter of systems.

use core::error::Error;
use core::fmt;
use core::marker::PhantomData;

use super::access::SystemAccess;
use super::param::{MissingResource, SystemContext, SystemParam};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::AccessError;
use crate::iter::{Exact, QueryIter};
use crate::query::{Access, Fault, Filter, Nothing, QueryData, ReadOnlyQueryData, Rows};
use crate::schema::{HasSchema, Queried, Schema};
use crate::table::Table;
use crate::world::{find, find_row};

/// The entities of a world that have what `D` asks for and match `F`, as a parameter of
/// systems. `W` is a schema, or a world in its place; the system fits every world with that schema.
///
/// What can be done with it is told at [`SchemaQuery`].
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Position(f32);
/// # #[derive(Component)] struct Velocity(f32);
/// # #[derive(Component)] struct Frozen;
/// # #[world_config(components(Position, Velocity, Frozen))] struct Base;
/// fn step(mut bodies: Query<Base, (&mut Position, &Velocity), Without<Frozen>>) {
///     for (position, velocity) in &mut bodies {
///         position.0 += velocity.0;
///     }
/// }
///
/// let mut world = World::<Base>::new();
/// let body = world.spawn((Position(1.0), Velocity(0.5)))?;
/// let mut schedule = Schedule::new();
/// schedule.add(step);
/// schedule.run(&mut world)?;
/// assert_eq!(world.get::<Position>(body)?.0, 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Query<'w, W, D = Nothing, F = ()> = SchemaQuery<'w, <W as Queried>::Schema, D, F>;

/// A [`Query`] over the schema `S`. Functions for any schema take this one: the compiler finds
/// `S` by what they are given.
pub struct SchemaQuery<'w, S: Schema, D: QueryData<S>, F: Filter<S> = ()> {
    tables: &'w [Table],
    /// Of any table.
    rows: Rows<'w>,
    exact: Exact<S, D, F>,
}

// SAFETY: through a shared query, components are read only. Who has one keeps those who
// would write them away.
unsafe impl<S: Schema<Types: Send + Sync>, D: QueryData<S>, F: Filter<S>> Sync
    for SchemaQuery<'_, S, D, F>
{
}

// SAFETY: components may be read and written on another thread; ids and the outbox are
// read, and nobody changes them meanwhile.
unsafe impl<S: Schema<Types: Send + Sync>, D: QueryData<S>, F: Filter<S>> Send
    for SchemaQuery<'_, S, D, F>
{
}

impl<S: Schema, D: QueryData<S>, F: Filter<S>> SchemaQuery<'_, S, D, F> {
    /// The entities, to read.
    #[inline]
    pub fn iter(&self) -> QueryIter<'_, S, D, F>
    where
        D: ReadOnlyQueryData<S>,
    {
        // SAFETY: nobody writes what the query reads while it is there.
        unsafe { QueryIter::new(self.tables, self.rows) }
    }

    /// The entities, to change. Also for `for_each`, `slices`, `chunks` and, with the
    /// feature `parallel`, `par_for_each`.
    #[inline]
    pub fn iter_mut(&mut self) -> QueryIter<'_, S, D, F> {
        // SAFETY: nobody else uses the components in conflict with the query while it is
        // there, and it is borrowed for the iterator's life.
        unsafe { QueryIter::new(self.tables, self.rows) }
    }

    /// What the query asks of one entity, to read.
    ///
    /// # Errors
    /// If the entity is not here, lacks something or does not match the filter.
    #[inline]
    pub fn get(&self, entity: Entity) -> Result<D::Item<'_>, AccessError>
    where
        D: ReadOnlyQueryData<S>,
    {
        // SAFETY: nobody writes what the query reads while it is there.
        unsafe { find::<S, D, F>(self.tables, self.rows, entity) }
    }

    /// What the query asks of one entity, to change.
    ///
    /// # Errors
    /// If the entity is not here, lacks something or does not match the filter.
    #[inline]
    pub fn get_mut(&mut self, entity: Entity) -> Result<D::Item<'_>, AccessError> {
        // SAFETY: nobody else uses the components in conflict with the query while it is
        // there, and it is borrowed for the item's life.
        unsafe { find::<S, D, F>(self.tables, self.rows, entity) }
    }

    /// Whether the query matches the entity.
    pub fn contains(&self, entity: Entity) -> bool {
        find_row::<S, D, F>(self.tables, self.rows, entity).is_ok()
    }

    /// Whether the query matches no entity.
    pub fn is_empty(&self) -> bool {
        // SAFETY: no item is asked for.
        unsafe { QueryIter::<S, D, F>::new(self.tables, self.rows) }.matches_none()
    }

    /// What the query asks of the one entity that it matches, to read.
    ///
    /// # Errors
    /// If it matches none, or several.
    pub fn single(&self) -> Result<D::Item<'_>, NotSingle>
    where
        D: ReadOnlyQueryData<S>,
    {
        only(self.iter())
    }

    /// What the query asks of the one entity that it matches, to change.
    ///
    /// # Errors
    /// If it matches none, or several.
    pub fn single_mut(&mut self) -> Result<D::Item<'_>, NotSingle> {
        only(self.iter_mut())
    }
}

fn only<I: Iterator>(mut items: I) -> Result<I::Item, NotSingle> {
    let first = items.next().ok_or(NotSingle::None)?;
    if items.next().is_some() { Err(NotSingle::Several) } else { Ok(first) }
}

impl<'w, S: Schema, D: QueryData<S>, F: Filter<S>> IntoIterator for SchemaQuery<'w, S, D, F> {
    type Item = D::Item<'w>;
    type IntoIter = QueryIter<'w, S, D, F>;

    #[inline]
    fn into_iter(self) -> QueryIter<'w, S, D, F> {
        // SAFETY: nobody else uses the components in conflict with the query for `'w`,
        // and it ends here.
        unsafe { QueryIter::new(self.tables, self.rows) }
    }
}

impl<'q, S: Schema, D: QueryData<S>, F: Filter<S>> IntoIterator
    for &'q mut SchemaQuery<'_, S, D, F>
{
    type Item = D::Item<'q>;
    type IntoIter = QueryIter<'q, S, D, F>;

    #[inline]
    fn into_iter(self) -> QueryIter<'q, S, D, F> {
        self.iter_mut()
    }
}

impl<'q, S: Schema, D: ReadOnlyQueryData<S>, F: Filter<S>> IntoIterator
    for &'q SchemaQuery<'_, S, D, F>
{
    type Item = D::Item<'q>;
    type IntoIter = QueryIter<'q, S, D, F>;

    #[inline]
    fn into_iter(self) -> QueryIter<'q, S, D, F> {
        self.iter()
    }
}

// SAFETY: the query touches no more than the components of its access, and the ids; the schema
// is the world's.
unsafe impl<W, S, D, F> SystemParam<W> for SchemaQuery<'_, S, D, F>
where
    W: WorldConfig + HasSchema<S>,
    S: Schema,
    D: QueryData<S> + 'static,
    F: Filter<S> + 'static,
{
    type State = ();
    type Item<'w, 's> = SchemaQuery<'w, S, D, F>;
    const ACCESS: SystemAccess = {
        // Entities that differ by what is sparse may be in one table, and so share words of
        // bits and stamps.
        let (with, without) = (D::ACCESS.required | F::WITH, F::WITHOUT);
        let fault = Fault::either(D::ACCESS.fault, F::FAULT);
        let components = Access { fault, ..D::ACCESS }.with_read(F::READ);
        SystemAccess::of_components(components, with & !S::SPARSE, without & !S::SPARSE)
    };

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<SchemaQuery<'w, S, D, F>, MissingResource> {
        // SAFETY: nobody has all of the world.
        let world = unsafe { context.world() };
        let rows = Rows { ticks: world.ticks_since(context.seen()), ..world.rows() };
        Ok(SchemaQuery { tables: world.tables(), rows, exact: PhantomData })
    }
}

impl<S: Schema, D: QueryData<S>, F: Filter<S>> fmt::Debug for SchemaQuery<'_, S, D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}

/// A query matches not exactly one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSingle {
    /// It matches none.
    None,
    /// It matches several.
    Several,
}

impl fmt::Display for NotSingle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "the query matches no entity, where one is expected",
            Self::Several => "the query matches several entities, where one is expected",
        })
    }
}
impl Error for NotSingle {}
