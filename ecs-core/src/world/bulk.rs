//! Changes to all entities that a filter matches, whole tables at once.

use alloc::vec::Vec;

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
    /// Should `make` panic, the entities that it was not called for are as before.
    ///
    /// # Errors
    /// If the world is closed to an archetype that this would make, or has none left.
    /// Nothing has changed then.
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
        const { assert_distinct::<W::Schema, B>() };
        let whole = whole::<W, F, B>();
        // Rows that move leave tables with none of the components for tables with
        // all: no table is both, so none is visited twice.
        let moves = |table: &Table| whole && table.mask() & B::MASK == 0;
        let single = self.matching::<F>(|table| !moves(table));
        let tables = 0..self.tables.all().len() as u32;
        let changes = |mask| mask | tabled::<W>(B::MASK);
        for number in tables.clone() {
            let table = self.tables.get(number);
            if moves(table) && matches::<W, F>(table) {
                self.check_change(number, changes)?;
            }
        }
        self.check_changes(&single, changes)?;

        let mut changed = single.len();
        for &entity in &single {
            let inserted = self.insert(entity, make(entity));
            debug_assert!(inserted.is_ok(), "every change was checked");
        }
        self.scratch.ids = single;
        for number in tables {
            let table = self.tables.get(number);
            if moves(table) && matches::<W, F>(table) {
                changed += table.len();
                let target = self.tables.neighbour(number, B::MASK)?;
                self.move_table(number, target, |cells, entity| {
                    let bundle = make(entity);
                    // SAFETY: the cells are those of a new row, of the components that
                    // the bundle has.
                    unsafe { bundle.write(cells) }
                });
            }
        }
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
        const { assert_distinct::<W::Schema, B>() };
        let whole = whole::<W, F, B>();
        let has = |table: &Table| table.can_have(B::MASK);
        let single = self.matching::<F>(|table| !whole && has(table));
        let tables = 0..self.tables.all().len() as u32;
        let changes = |mask| mask & !tabled::<W>(B::MASK);
        for number in tables.clone() {
            let table = self.tables.get(number);
            if whole && has(table) && matches::<W, F>(table) {
                self.check_change(number, changes)?;
            }
        }
        self.check_changes(&single, changes)?;

        let mut changed = 0;
        for &entity in &single {
            changed += usize::from(self.remove::<B>(entity).is_ok());
        }
        self.scratch.ids = single;
        for number in tables {
            let table = self.tables.get(number);
            if whole && has(table) && matches::<W, F>(table) {
                changed += table.len();
                let target = self.tables.neighbour(number, B::MASK)?;
                self.move_table(number, target, |_, _| {});
            }
        }
        Ok(changed)
    }

    /// Ends each entity that matches `F` and drops its components. Answers how many
    /// these were.
    pub fn despawn_where<F: Filter<W::Schema>>(&mut self) -> usize {
        if F::ROWS {
            let single = self.matching::<F>(|_| true);
            for &entity in &single {
                let despawned = self.despawn(entity);
                debug_assert!(despawned.is_ok(), "it was here just now");
            }
            let count = single.len();
            self.scratch.ids = single;
            return count;
        }
        let mut count = 0;
        for number in 0..self.tables.all().len() as u32 {
            let table = self.tables.get(number);
            if matches::<W, F>(table) {
                count += table.len();
                self.clear_table(number);
            }
        }
        count
    }

    /// The entities that match, of tables of which `of` is true. The list is for
    /// `scratch.ids`, whose memory it has.
    fn matching<F: Filter<W::Schema>>(&mut self, of: impl Fn(&Table) -> bool) -> Vec<Entity> {
        let mut ids = core::mem::take(&mut self.scratch.ids);
        ids.clear();
        if F::ROWS {
            let all = self.view_filtered::<Entity, F>();
            ids.extend(all.filter(|&entity| {
                let place = self.entities.find(entity);
                place.is_ok_and(|place| of(self.tables.get(place.table)))
            }));
        } else {
            let tables = self.tables.all().iter().filter(|table| matches::<W, F>(table));
            tables.filter(|table| of(table)).for_each(|table| ids.extend(table.entities()));
        }
        ids
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
        for (row, &entity) in (first as u32..).zip(&target.entities()[first..]) {
            self.entities.set_place(entity, Place { table: target_number, row });
        }
        // SAFETY: these columns still hold the values of the rows that moved. Last,
        // since a drop may panic.
        unsafe { source.drop_values(source.mask() & !target.mask(), 0, count) };
    }
}

/// Whether rows of a table change alike, and go to another.
const fn whole<W: WorldConfig, F: Filter<W::Schema>, B: Bundle<W::Schema>>() -> bool {
    !F::ROWS && !B::MARKER && sparse::<W>(B::MASK) == 0 && B::MASK != 0
}

/// Whether entities of the table can match.
#[inline(always)]
fn matches<W: WorldConfig, F: Filter<W::Schema>>(table: &Table) -> bool {
    F::table(table) && !table.is_empty()
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
