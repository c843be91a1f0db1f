//! Entities come and go.

use super::observe::Operation;
use super::{Counts, RowCells, World, admits, sparse, tabled};
use crate::bundle::{Bundle, assert_once};
use crate::columns::Columns;
use crate::config::WorldConfig;
use crate::entities::{Entities, Place};
use crate::entity::Entity;
use crate::error::{EntityError, Refusal, Refused};
use crate::outbox::{Parcel, Request, TransferMarker};
use crate::schema::{Mask, Schema};
use crate::table::Table;
use crate::tick::Ticks;

/// How many ids are looked at before the first entity is despawned, where many are
/// given: their slots are to be near when their turn comes.
const AHEAD: usize = 32;

impl<W: WorldConfig> World<W> {
    /// Makes an entity with the components of `bundle`.
    ///
    /// # Errors
    /// If the world is full, or has no archetype left: the bundle is handed back, and
    /// the world is as it was.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn spawn<B: Bundle<W::Schema>>(&mut self, bundle: B) -> Result<Entity, Refused<B>> {
        const { assert_declared::<W, B>() };
        let number = match self.check_room(1).and_then(|()| self.tables.of(tabled::<W>(B::MASK))) {
            Ok(number) => number,
            Err(why) => return Err(Refused::new(bundle, why)),
        };
        let table = self.tables.get_mut(number);
        table.make_room(1);
        table.hold(sparse::<W>(B::MASK));
        let entity = self.entities.create_at(Place { table: number, row: table.len() as u32 });
        // SAFETY: there is room, and the row is written right away.
        let row = unsafe { table.push(entity) };
        let mut cells = RowCells::new(table, row);
        // SAFETY: the row's cells are the bundle's, valid, and hold nothing yet.
        unsafe { bundle.write(&mut cells) };
        let marker = cells.marker;
        // SAFETY: the bundle has written its sparse components, which are held.
        unsafe { table.mark(sparse::<W>(B::MASK), row, 1, true) };
        self.counts.spawned += 1;
        self.stamp_added(number, B::MASK, row, 1);
        if B::MARKER
            && let Some(marker) = marker
        {
            self.mark(entity, marker);
        }
        self.after_insert(entity, B::MASK, 0);
        self.settle(B::MASK);
        Ok(entity)
    }

    /// Makes an entity of each bundle that `bundles` yields, in one table.
    /// Answers their ids.
    ///
    /// # Errors
    /// If the world has not room for all, or no archetype left: the bundles are handed
    /// back, and the world is as it was. An error holds what `bundles` borrows; where it
    /// is to outlive that, pass on [`Refused::why`] alone, by `map_err`.
    ///
    /// # Panics
    /// If `bundles` does: the entities made so far are in the world. If so many rows
    /// don't fit into the address space.
    pub fn spawn_batch<I>(&mut self, bundles: I) -> Result<&[Entity], Refused<I::IntoIter>>
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
        I::Item: Bundle<W::Schema>,
    {
        const { assert_declared::<W, I::Item>() };
        let bundles = bundles.into_iter();
        let count = bundles.len();
        let table = match self.room_for::<I::Item>(count) {
            Ok(table) => table,
            Err(why) => return Err(Refused::new(bundles, why)),
        };
        let first = self.tables.get(table).len();
        let mask = <I::Item as Bundle<W::Schema>>::MASK;
        // `take`: room was made for this many, whatever the iterator does.
        let bundles = bundles.take(count);
        if <I::Item as Bundle<W::Schema>>::MARKER || mask & Self::WATCHED != 0 {
            let mut world = Operation::begin(self);
            bundles.for_each(|bundle| {
                let spawned = world.spawn(bundle);
                debug_assert!(spawned.is_ok(), "there is room for all");
            });
        } else {
            let mut rows = NewRows::new(self, table, mask, count);
            bundles.for_each(|bundle| {
                let mut cells = RowCells::new(rows.table, first + rows.written);
                // SAFETY: there is room for the row; its cells are the bundle's, and
                // hold nothing yet.
                unsafe { bundle.write(&mut cells) };
                rows.written += 1;
            });
        }
        Ok(self.spawned(table, first, mask))
    }

    /// Makes an entity of each row of `columns`: a tuple of `Vec`s, boxed slices or
    /// arrays of components, whose values move, or of slices of components that are
    /// `Copy`. Answers their ids. The fastest way to make many entities.
    ///
    /// # Errors
    /// If the columns are not of one length, or the world has not room for all or no
    /// archetype left: they are handed back, and the world is as it was. An error holds
    /// what `columns` borrows: see [`spawn_batch`](Self::spawn_batch).
    ///
    /// # Panics
    /// If so many rows don't fit into the address space.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component, Clone, Copy)] struct Position(f32);
    /// # #[derive(Component)] struct Name(String);
    /// # #[world_config(components(Position, Name))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let names = vec![Name("Ada".to_owned()), Name("Grace".to_owned())];
    /// let ids = world.spawn_columns((names, [Position(1.0), Position(2.0)].as_slice()))?;
    /// assert_eq!(ids.len(), 2);
    ///
    /// let unequal = world.spawn_columns((vec![Name("Alan".to_owned())], [Position(3.0); 2]));
    /// let (names, _) = unequal.unwrap_err().into_inner();
    /// assert_eq!(names[0].0, "Alan");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_columns<B: Columns<W::Schema>>(
        &mut self,
        columns: B,
    ) -> Result<&[Entity], Refused<B>> {
        const {
            crate::columns::assert_once::<W::Schema>(B::TWICE);
            assert_admitted::<W>(B::MASK);
        };
        let room = columns.rows().and_then(|count| {
            self.check_room(count)?;
            Ok((count, self.table_for(B::MASK, count)?))
        });
        let (count, table) = match room {
            Ok(room) => room,
            Err(why) => return Err(Refused::new(columns, why)),
        };
        let first = self.tables.get(table).len();
        let mut rows = NewRows::new(self, table, B::MASK, count);
        // SAFETY: there is room for `count` rows from `first` on, which hold nothing
        // yet.
        unsafe { columns.move_to(rows.table, first) };
        rows.written = count;
        drop(rows);
        self.after_insert_rows(table, first, B::MASK);
        Ok(self.spawned(table, first, B::MASK))
    }

    /// The entities with the components of `mask` that were made in a table, from row
    /// `first` on. The operation that made them ends.
    #[inline(always)]
    fn spawned(&mut self, table: u32, first: usize, mask: Mask) -> &[Entity] {
        if mask & Self::WATCHED == 0 {
            return &self.tables.get(table).entities()[first..];
        }
        // What observers wrote down may move them away.
        let (tables, mut ids) = self.scratch.lists();
        ids.extend_from_slice(&self.tables.get(table).entities()[first..]);
        self.settle(mask);
        self.scratch.give_back(tables, ids)
    }

    /// The table of `B`, with room for `count` more.
    #[inline(always)]
    fn room_for<B: Bundle<W::Schema>>(&mut self, count: usize) -> Result<u32, Refusal> {
        self.check_room(count)?;
        self.table_for(B::MASK, count)
    }

    /// The table of these components, with room for `count` more rows and ids.
    #[inline(always)]
    pub(super) fn table_for(&mut self, mask: Mask, count: usize) -> Result<u32, Refusal> {
        let number = self.tables.of(tabled::<W>(mask))?;
        let table = self.tables.get_mut(number);
        table.make_room(count);
        table.hold(sparse::<W>(mask));
        Ok(number)
    }

    /// Puts an entity that is here into the outbox.
    pub(super) fn mark(&mut self, entity: Entity, marker: TransferMarker) {
        let request = Request::Marked(marker);
        self.outbox.put(&mut self.entities, Parcel { entity, request });
    }

    /// Ends an entity and drops its components. Its relations end with it, and its
    /// sources by a relation that is declared so.
    ///
    /// # Errors
    /// If the entity is not here.
    #[inline]
    pub fn despawn(&mut self, entity: Entity) -> Result<(), EntityError> {
        self.end(entity)?;
        self.end_sources();
        self.settle(Self::WATCHED);
        Ok(())
    }

    /// As [`despawn`](Self::despawn), but for its end.
    #[inline]
    pub(super) fn end(&mut self, entity: Entity) -> Result<(), EntityError> {
        let mut removed = 0;
        if const { Self::WATCHED | W::Schema::TRACKED != 0 } {
            let place = self.entities.find(entity)?;
            self.before_despawn(entity, self.row_mask(place, Self::WATCHED));
            removed = self.row_mask(place, W::Schema::TRACKED);
        }
        let row = self.detach(entity, 0)?;
        self.counts.despawned += 1;
        self.retire(entity);
        if const { W::Schema::TRACKED != 0 } {
            self.log_removed(entity, removed);
        }
        drop(row);
        Ok(())
    }

    /// Ends the entities that are here of `entities`, in their order, and drops their
    /// components. Answers how many these were.
    ///
    /// Faster than one [`despawn`](Self::despawn) after the other where the entities
    /// are many and lie anywhere: their memory is waited for at once. A drop that
    /// panics leaves those after it as they are, but for their relations.
    pub fn despawn_batch(&mut self, entities: &[Entity]) -> usize {
        let mut despawned = 0;
        // At once, so that each list is looked through once. Observers would miss them.
        if const { W::Schema::LINKED != 0 } && self.observers.is_none() {
            self.unlink(entities, None);
        }
        let mut world = Operation::begin(self);
        for entities in entities.chunks(AHEAD) {
            // Looks at each slot before the first entity goes, so that no slot is
            // waited for between two that go.
            let here = entities.iter().filter(|&&entity| world.entities.find(entity).is_ok());
            if here.count() > 0 {
                let gone = entities.iter().filter(|&&entity| world.despawn(entity).is_ok());
                despawned += gone.count();
            }
        }
        world.end_sources();
        drop(world);
        self.settle(Self::WATCHED);
        despawned
    }

    /// Ends every entity and drops its components. Only what observers then spawn is in
    /// the world.
    pub fn clear(&mut self) {
        for table in 0..self.tables.all().len() as u32 {
            // An observer, or a drop, may panic: the tables after it then stay.
            self.clear_table(table);
        }
        self.end_sources();
        self.settle(Self::WATCHED);
    }

    /// Ends every entity of a table and drops its components.
    pub(super) fn clear_table(&mut self, table: u32) {
        self.before_despawn_rows(table);
        self.log_removed_rows(table, W::Schema::TRACKED);
        self.end_table(table);
    }

    /// As [`clear_table`](Self::clear_table); nobody is told.
    pub(super) fn end_table(&mut self, table: u32) {
        let tells = self.tells_deaths();
        let Self { tables, entities, outbox, returns, counts, .. } = self;
        let table = tables.get_mut(table);
        for &entity in table.entities() {
            outbox.take(entities, entity);
            if entities.remove(entity) || tells {
                returns.push(entity);
            }
        }
        counts.despawned += table.len() as u64;
        table.clear();
    }

    /// The id of an entity whose components are gone ends here.
    #[inline]
    pub(super) fn retire(&mut self, entity: Entity) {
        if self.entities.remove(entity) || self.tells_deaths() {
            self.returns.push(entity);
        }
    }
}

/// Rows behind a table's last whose components are being written. At the end, a
/// panic's too, those that were become entities.
struct NewRows<'w> {
    table: &'w mut Table,
    number: u32,
    /// The sparse components that each row gets.
    sparse: Mask,
    /// The tracked ones.
    tracked: Mask,
    ticks: Ticks,
    written: usize,
    entities: &'w mut Entities,
    counts: &'w mut Counts,
}

impl<'w> NewRows<'w> {
    /// Panics where there can't be ids for `count` rows: at the end it is too late.
    fn new<W: WorldConfig>(world: &'w mut World<W>, number: u32, mask: Mask, count: usize) -> Self {
        let ticks = world.ticks();
        let World { tables, entities, counts, .. } = world;
        entities.make_room(count);
        let table = tables.get_mut(number);
        let (sparse, tracked) = (sparse::<W>(mask), mask & W::Schema::TRACKED);
        Self { table, number, sparse, tracked, ticks, written: 0, entities, counts }
    }
}

impl Drop for NewRows<'_> {
    fn drop(&mut self) {
        let (first, count) = (self.table.len(), self.written);
        let place = Place { table: self.number, row: first as u32 };
        // SAFETY: the table has room for the rows, of which all components were
        // written; the sparse ones are held.
        unsafe {
            self.entities.create_rows(place, count, self.table.next_ids());
            self.table.added(count);
            self.table.mark(self.sparse, first, count, true);
        }
        if self.tracked != 0 {
            self.table.stamp_added(self.tracked, first, count, self.ticks);
        }
        self.counts.spawned += count as u64;
    }
}

/// Fails to compile where a spawn can't be right.
pub(crate) const fn assert_declared<W: WorldConfig, B: Bundle<W::Schema>>() {
    assert_once::<W::Schema>(B::TWICE);
    assert_admitted::<W>(B::MASK);
}

const fn assert_admitted<W: WorldConfig>(mask: Mask) {
    crate::relation::assert_not_kept::<W::Schema>(mask);
    assert!(
        admits::<W>(mask),
        "this world's archetypes are closed, and this bundle is none of them: declare it in `archetypes(...)`"
    );
}
