//! Components are read and written.

use core::marker::PhantomData;

use super::World;
use crate::component::{Component, Storage};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::AccessError;
use crate::iter::{Exact, QueryIter};
use crate::memory::bits;
use crate::query::{Fault, Filter, QueryData, ReadOnlyQueryData, Rows};
use crate::schema::{Contains, Mask, Schema};
use crate::table::{Table, WORD};

impl<W: WorldConfig> World<W> {
    /// An entity's component.
    ///
    /// # Errors
    /// If the entity is not here or has no `C`.
    #[inline]
    pub fn get<C: 'static>(&self, entity: Entity) -> Result<&C, AccessError>
    where
        W::Schema: Contains<C>,
    {
        let (table, row) = self.find_row::<C>(entity)?;
        // SAFETY: the row has a `C`, and `&self` keeps writers away.
        Ok(unsafe { table.values::<C>(<W::Schema as Contains<C>>::INDEX).add(row).as_ref() })
    }

    /// An entity's component, to change. Where it is tracked, it counts as changed.
    ///
    /// # Errors
    /// If the entity is not here or has no `C`.
    #[inline]
    pub fn get_mut<C: 'static>(&mut self, entity: Entity) -> Result<&mut C, AccessError>
    where
        W::Schema: Contains<C>,
    {
        const { crate::relation::assert_not_kept::<W::Schema>(<W::Schema as Contains<C>>::BIT) };
        let ticks = self.ticks();
        let (table, row) = self.find_row::<C>(entity)?;
        // SAFETY: the row has a `C`, and `&mut self` is exclusive.
        Ok(unsafe {
            let fetch = <&mut C as QueryData<W::Schema>>::fetch(table, ticks);
            <&mut C as QueryData<W::Schema>>::item(fetch, row)
        })
    }

    /// Whether an entity is here and has a `C`.
    pub fn has<C: 'static>(&self, entity: Entity) -> bool
    where
        W::Schema: Contains<C>,
    {
        self.find_row::<C>(entity).is_ok()
    }

    #[inline(always)]
    fn find_row<C: 'static>(&self, entity: Entity) -> Result<(&Table, usize), AccessError>
    where
        W::Schema: Contains<C>,
    {
        let index = <W::Schema as Contains<C>>::INDEX;
        let found = self.entities.seek(entity);
        let table = found.and_then(|place| self.tables.all().get(place.table as usize));
        let (Some(place), Some(table)) = (found, table) else {
            return Err(self.entities.absent(entity).into());
        };
        let row = place.row as usize;
        let has = match <W::Schema as Contains<C>>::Component::STORAGE {
            Storage::Table => table.mask() & <W::Schema as Contains<C>>::BIT != 0,
            Storage::Sparse => table.present(index, row / WORD) >> (row % WORD) & 1 == 1,
        };
        if !has {
            let bit = <W::Schema as Contains<C>>::BIT;
            return Err(missing::<W::Schema>(entity, bit));
        }
        Ok((table, row))
    }

    /// The rows of the first table, which every world has.
    #[inline(always)]
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows {
            table: self.tables.first(),
            entities: &self.entities,
            outbox: &self.outbox,
            ticks: self.ticks(),
        }
    }

    /// All entities that have what `Q` asks for, as an iterator.
    ///
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Health(u32);
    /// # #[derive(Component)] struct Poison(u32);
    /// # #[world_config(components(Health, Poison))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// # world.spawn((Health(10), Poison(3)))?;
    /// for (entity, health, poison) in world.query::<(Entity, &mut Health, Option<&Poison>)>() {
    ///     health.0 -= poison.map_or(0, |poison| poison.0);
    ///     println!("{entity} has {}", health.0);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn query<Q: QueryData<W::Schema>>(&mut self) -> QueryIter<'_, W::Schema, Q> {
        self.sound_query(const { assert_sound() })
    }

    /// All entities that have what `Q` asks for and match `F`.
    #[inline]
    pub fn query_filtered<Q: QueryData<W::Schema>, F: Filter<W::Schema>>(
        &mut self,
    ) -> QueryIter<'_, W::Schema, Q, F> {
        self.sound_query(const { assert_sound() })
    }

    #[inline(always)]
    pub(super) fn sound_query<Q: QueryData<W::Schema>, F: Filter<W::Schema>>(
        &mut self,
        _: Sound<W::Schema, Q, F>,
    ) -> QueryIter<'_, W::Schema, Q, F> {
        // SAFETY: `&mut self` is exclusive for the iterator's life, and the query and
        // the filter have no fault.
        unsafe { QueryIter::new(self.tables.all(), self.rows()) }
    }

    /// As [`query`](Self::query), for queries that only read.
    #[inline]
    pub fn view<Q: ReadOnlyQueryData<W::Schema>>(&self) -> QueryIter<'_, W::Schema, Q> {
        self.sound_view(const { assert_sound() })
    }

    /// As [`query_filtered`](Self::query_filtered), for queries that only read.
    #[inline]
    pub fn view_filtered<Q: ReadOnlyQueryData<W::Schema>, F: Filter<W::Schema>>(
        &self,
    ) -> QueryIter<'_, W::Schema, Q, F> {
        self.sound_view(const { assert_sound() })
    }

    #[inline(always)]
    pub(crate) fn sound_view<Q: ReadOnlyQueryData<W::Schema>, F: Filter<W::Schema>>(
        &self,
        _: Sound<W::Schema, Q, F>,
    ) -> QueryIter<'_, W::Schema, Q, F> {
        // SAFETY: the query only reads, and `&self` keeps writers away; it has no fault,
        // nor has the filter.
        unsafe { QueryIter::new(self.tables.all(), self.rows()) }
    }
}

/// An entity lacks the first component of `lacking`.
#[cold]
pub(super) fn missing<S: Schema>(entity: Entity, lacking: Mask) -> AccessError {
    let first = bits(lacking).next().map(|index| S::COMPONENTS[index].name);
    AccessError::Missing { entity, wanted: first.unwrap_or_default() }
}

/// That a query can be asked with this filter. Only [`assert_sound`] makes one.
pub(crate) struct Sound<S, Q, F>(Exact<S, Q, F>);

impl<S, Q, F> Copy for Sound<S, Q, F> {}
impl<S, Q, F> Clone for Sound<S, Q, F> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Fails to compile where a query can't be asked, or not with this filter. Each function
/// that takes one from users asserts it by itself and calls none that does: the compiler
/// tells of each assertion that fails, and shows the line of the outermost.
pub(crate) const fn assert_sound<S: Schema, Q: QueryData<S>, F: Filter<S>>() -> Sound<S, Q, F> {
    Fault::assert_none(Q::ACCESS.fault, S::COMPONENTS);
    Fault::assert_none(F::FAULT, S::COMPONENTS);
    Sound(PhantomData)
}
