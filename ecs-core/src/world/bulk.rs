//! Changes to all entities that a filter matches, whole tables at once.

use alloc::vec::Vec;

use super::access::{Sound, assert_sound};
use super::observe::Operation;
use super::{RowCells, World, admits, sparse, tabled};
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::query::Filter;
use crate::schema::Mask;
use crate::table::Table;

impl<W: WorldConfig> World<W> {
    /// Gives each entity that matches `F` the components that `make` answers for it;
    /// values that it has already are replaced and dropped. Answers how many entities
    /// these were.
    ///
    /// Where a table's entities have none of these components yet, all its rows move
    /// at once, and where the table that they move to is empty, its columns are handed
    /// over and not copied. Other entities change one by one.
    ///
    /// # Errors
    /// If the world is closed to an archetype that this would make, or has none left.
    /// No entity has changed then.
    ///
    /// # Panics
    /// If `make` does: the entities that it was not called for are as before. If the
    /// rows of a table don't fit into the address space.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Health(i32);
    /// # #[derive(Component)] struct Shield(i32);
    /// # #[world_config(components(Health, Shield))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// # world.spawn_batch((0..100).map(Health))?;
    /// assert_eq!(world.insert_where::<With<Health>, _>(|_| Shield(5))?, 100);
    /// assert_eq!(world.remove_where::<With<Health>, Shield>()?, 100);
    /// assert_eq!(world.despawn_where::<Without<Shield>>(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert_where<F: Filter<W::Schema>, B: Bundle<W::Schema>>(
        &mut self,
        mut make: impl FnMut(Entity) -> B,
    ) -> Result<usize, Refusal> {
        let sound = const { assert_sound::<W::Schema, Entity, F>() };
        const { assert_distinct::<W::Schema, B>() };
        let whole = whole::<W, F, B>();
        // Rows that move leave tables with none of the components for tables with
        // all: no table is both, so none is visited twice.
        let moves = |table: &Table| whole && table.mask() & B::MASK == 0;
        let (tables, single) = self.chosen(sound, moves, |_| true, 0);
        let changes = |mask| mask | tabled::<W>(B::MASK);
        tables.iter().try_for_each(|&table| self.check_change(table, changes))?;
        self.check_changes(&single, changes)?;

        let mut changed = single.len();
        let mut world = Operation::begin(self);
        for &entity in &single {
            let inserted = world.insert(entity, make(entity));
            debug_assert!(inserted.is_ok(), "every change was checked");
        }
        for &number in &tables {
            changed += world.tables.get(number).len();
            let target = world.tables.neighbour(number, B::MASK)?;
            let first = world.tables.get(target).len();
            world.move_table(number, target, |cells, entity| {
                let bundle = make(entity);
                // SAFETY: the cells are those of a new row, of the components that the
                // bundle has.
                unsafe { bundle.write(cells) }
            });
            let count = world.tables.get(target).len() - first;
            world.stamp_added(target, B::MASK, first, count);
            world.after_insert_rows(target, first, B::MASK);
        }
        world.scratch.give_back(tables, single);
        drop(world);
        self.settle(B::MASK);
        Ok(changed)
    }

    /// Takes the components of `B` away from each entity that matches `F` and has all
    /// of them, and drops them. Answers how many entities these were. Rows move as by
    /// [`insert_where`](Self::insert_where).
    ///
    /// # Errors
    /// As [`insert_where`](Self::insert_where).
    pub fn remove_where<F: Filter<W::Schema>, B: Bundle<W::Schema>>(
        &mut self,
    ) -> Result<usize, Refusal> {
        let sound = const { assert_sound::<W::Schema, Entity, F>() };
        const { assert_distinct::<W::Schema, B>() };
        let whole = whole::<W, F, B>();
        let has = |table: &Table| table.can_have(B::MASK);
        let (tables, single) = self.chosen(sound, |_| whole, has, B::MASK);
        let changes = |mask| mask & !tabled::<W>(B::MASK);
        tables.iter().try_for_each(|&table| self.check_change(table, changes))?;
        self.check_changes(&single, changes)?;

        let mut changed = 0;
        let mut world = Operation::begin(self);
        for &entity in &single {
            changed += usize::from(world.remove::<B>(entity).is_ok());
        }
        for &number in &tables {
            changed += world.tables.get(number).len();
            let target = world.tables.neighbour(number, B::MASK)?;
            world.before_remove_rows(number, B::MASK);
            world.log_removed_rows(number, B::MASK);
            world.move_table(number, target, |_, _| {});
        }
        world.scratch.give_back(tables, single);
        drop(world);
        self.settle(B::MASK);
        Ok(changed)
    }

    /// Ends each entity that matches `F` and drops its components. Answers how many
    /// these were.
    pub fn despawn_where<F: Filter<W::Schema>>(&mut self) -> usize {
        let sound = const { assert_sound::<W::Schema, Entity, F>() };
        let (tables, single) = self.chosen(sound, |_| !F::ROWS, |_| true, 0);
        let mut world = Operation::begin(self);
        let mut despawned = world.despawn_batch(&single);
        for &table in &tables {
            despawned += world.tables.get(table).len();
            world.clear_table(table);
        }
        world.end_sources();
        world.scratch.give_back(tables, single);
        drop(world);
        self.settle(Self::WATCHED);
        despawned
    }

    /// Of the tables of which `of` is true, those that match and of which `whole` is
    /// true, and the entities that match of the others and have all of `mask`. Both
    /// lists are for `scratch`, whose memory they have.
    ///
    /// A filter is asked here, once, since it need not answer the same again.
    pub(super) fn chosen<F: Filter<W::Schema>>(
        &mut self,
        sound: Sound<W::Schema, Entity, F>,
        whole: impl Fn(&Table) -> bool,
        of: impl Fn(&Table) -> bool,
        mask: Mask,
    ) -> (Vec<u32>, Vec<Entity>) {
        let (mut tables, mut single) = self.scratch.lists();
        if F::ROWS {
            let matching = self.sound_view(sound);
            single.extend(matching.filter(|&entity| {
                let place = self.entities.find(entity);
                place.is_ok_and(|place| {
                    of(self.tables.get(place.table)) && self.row_mask(place, mask) & mask == mask
                })
            }));
            return (tables, single);
        }
        for (number, table) in (0..).zip(self.tables.all()) {
            if table.is_empty() || !of(table) || !F::table(table) {
                continue;
            }
            if whole(table) {
                tables.push(number);
                continue;
            }
            let has_all = |&(row, _): &(u32, _)| {
                let place = Place { table: number, row };
                self.row_mask(place, mask) & mask == mask
            };
            let rows = (0..).zip(table.entities().iter().copied());
            single.extend(rows.filter(has_all).map(|(_, entity)| entity));
        }
        (tables, single)
    }

    /// Whether entities of this table can become what `changes` says.
    fn check_change(&mut self, table: u32, changes: impl Fn(Mask) -> Mask) -> Result<(), Refusal> {
        let mask = changes(self.tables.get(table).mask());
        if !admits::<W>(mask) {
            self.counts.refused += 1;
            return Err(Refusal::ClosedArchetype);
        }
        self.tables.of(mask).map(|_| ())
    }

    fn check_changes(
        &mut self,
        entities: &[Entity],
        changes: impl Fn(Mask) -> Mask + Copy,
    ) -> Result<(), Refusal> {
        let mut last = None;
        for &entity in entities {
            let table = self.entities.find(entity).map_err(Refusal::Entity)?.table;
            if last != Some(table) {
                self.check_change(table, changes)?;
                last = Some(table);
            }
        }
        Ok(())
    }

    /// Moves all rows of a table to the end of another. `write` writes the components
    /// of a new row that only the target has; those that only the source has are
    /// dropped.
    fn move_table(
        &mut self,
        number: u32,
        target_number: u32,
        mut write: impl FnMut(&mut RowCells<'_>, Entity),
    ) {
        let (source, target) = self.tables.pair_mut(number, target_number);
        let (count, first) = (source.len(), target.len());
        target.make_room_for_all_of(source);
        // First, behind the target's last row, since `write` may panic.
        let mut fresh = Fresh { source, target, written: 0 };
        while fresh.written < count {
            let entity = fresh.source.entities()[fresh.written];
            write(&mut RowCells::new(fresh.target, first + fresh.written), entity);
            fresh.written += 1;
        }
        core::mem::forget(fresh);
        // SAFETY: the target has room, and what it alone has was written just now; what
        // the source alone has is dropped below.
        unsafe { source.give_all(target) };
        self.entities.set_rows(&target.entities()[first..], target_number, first as u32);
        // SAFETY: these columns still hold the values of the rows that moved. Last,
        // since a drop may panic.
        unsafe { source.drop_values(source.mask() & !target.mask(), 0, count) };
    }
}

/// Whether rows of a table change alike, and go to another.
const fn whole<W: WorldConfig, F: Filter<W::Schema>, B: Bundle<W::Schema>>() -> bool {
    !F::ROWS && !B::MARKER && sparse::<W>(B::MASK) == 0 && B::MASK != 0
}

/// Rows that are being written behind the last of `target`. Dropped, as by a panic,
/// it drops what was written of them.
struct Fresh<'t> {
    source: &'t Table,
    target: &'t Table,
    written: usize,
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        let first = self.target.len();
        let fresh = self.target.mask() & !self.source.mask();
        // SAFETY: these columns hold values in the rows that were written, which are
        // not the target's yet.
        unsafe { self.target.drop_values(fresh, first, first + self.written) };
    }
}
