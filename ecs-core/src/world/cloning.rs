//! Entities and whole worlds are cloned.

use alloc::vec::Vec;

use super::copying::not_clone;
use super::{Counts, World, sparse};
use crate::config::WorldConfig;
use crate::entities::{Entities, Place};
use crate::entity::Entity;
use crate::memory::{DropRows, bits, move_value};
use crate::schema::{AllClone, Mask, Schema};
use crate::tables::Tables;
use crate::tick::{Clock, Ticks};
use crate::world::CopyError;

impl<W: WorldConfig> World<W> {
    /// Makes an entity that has clones of all components that another has. Answers
    /// its id.
    ///
    /// A request to leave is not cloned. The clone is related to whom the entity is
    /// related to, as its last source; nobody is related to the clone.
    ///
    /// # Errors
    /// If the entity is not here, one of its components is not `Clone`, or the world is
    /// full. Nothing has changed then.
    ///
    /// # Panics
    /// If a clone does. Nothing has changed then.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// #[derive(Component, Clone)]
    /// struct Name(String);
    /// # #[world_config(components(Name))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let first = world.spawn(Name("ant".to_owned()))?;
    /// let second = world.clone_entity(first)?;
    /// assert_ne!(first, second);
    /// assert_eq!(world.get::<Name>(second)?.0, "ant");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clone_entity(&mut self, entity: Entity) -> Result<Entity, CopyError> {
        let place = self.entities.find(entity)?;
        let mask = self.row_mask(place, Mask::MAX) & !W::Schema::LINKED;
        if bits(mask).any(|index| W::Schema::COMPONENTS[index].clone.is_none()) {
            return Err(not_clone(W::Schema::COMPONENTS, mask));
        }
        self.check_room(1)?;
        self.tables.get_mut(place.table).make_room(1);
        self.entities.make_room(1);
        let mut clones = Clones::<W>::new(&mut self.tables);
        // SAFETY: there is room in the table, which holds what the row has.
        unsafe { clones.begin(place.table, 1) };
        for index in bits(mask) {
            let table = clones.tables.get(place.table);
            // SAFETY: the row holds a value of the component, which is `Clone`.
            unsafe { clones.fill(index, table.cell(index, place.row as usize)) };
        }
        // SAFETY: each component of the table was filled.
        unsafe { clones.commit(&mut self.entities, &mut self.counts, self.clock.ticks()) };
        let table = self.tables.get(place.table);
        let clone = table.entities()[table.len() - 1];
        for index in bits(W::Schema::RELATIONS) {
            if let Some(target) = self.target_at(place, index) {
                self.relate_checked(clone, target, index, None);
            }
        }
        self.after_insert(clone, mask, 0);
        self.settle(mask | W::Schema::RELATIONS);
        Ok(clone)
    }
}

/// A world on its own with clones of all entities.
///
/// There where all components of the schema are `Clone`. The entities keep their ids,
/// so that what refers to one of them refers to its clone; they keep their requests to
/// leave and the world its counts. As any world on its own, the clone has origin 0 and
/// can't join a coordinator: entities that it makes never have the ids of those of a
/// coordinator's world. It has no resources and no hooks, which are not `Clone` in
/// general.
///
/// A clone that panics leaves nothing behind.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component, Clone)] struct Score(u32);
/// # #[world_config(components(Score))] struct Base;
/// let mut world = World::<Base>::new();
/// let player = world.spawn(Score(1))?;
/// let saved = world.clone();
/// world.get_mut::<Score>(player)?.0 = 7;
/// assert_eq!(saved.get::<Score>(player)?.0, 1);
/// world = saved;
/// assert_eq!(world.get::<Score>(player)?.0, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<W: WorldConfig> Clone for World<W>
where
    <W::Schema as Schema>::Types: AllClone,
{
    fn clone(&self) -> Self {
        let mut clone = Self::with_origin(0);
        // SAFETY: the bound says that each component is `Clone`.
        clone.tables = unsafe { self.tables.duplicate() };
        clone.entities = if self.origin() == 0 {
            self.entities.duplicate()
        } else {
            let tables = (0..).zip(self.tables.all());
            let rows = tables.flat_map(|(table, rows)| {
                let rows = (0..).zip(rows.entities());
                rows.map(move |(row, &entity)| (entity, Place { table, row }))
            });
            Entities::adopted(rows)
        };
        for &parcel in self.outbox.iter() {
            clone.outbox.put(&mut clone.entities, parcel);
        }
        self.outbox.swept().iter().for_each(|&(table, request)| clone.outbox.sweep(table, request));
        clone.waiting.clone_from(&self.waiting);
        clone.counts = self.counts;
        clone.clock = Clock::at(self.tick().0);
        clone
    }
}

/// Clones of values in rows behind the last of tables. Dropped, as by a panic, it drops
/// them; [`commit`](Self::commit) makes entities of them.
pub(super) struct Clones<'w, W: WorldConfig> {
    pub(super) tables: &'w mut Tables,
    runs: Vec<Run>,
    world: core::marker::PhantomData<W>,
}

/// Rows one after the other. The columns of `mask` are filled, and one in part.
struct Run {
    table: u32,
    first: usize,
    count: usize,
    mask: Mask,
    part: (usize, usize),
}

impl<'w, W: WorldConfig> Clones<'w, W> {
    pub(super) fn new(tables: &'w mut Tables) -> Self {
        Self { tables, runs: Vec::new(), world: core::marker::PhantomData }
    }

    /// Begins with `count` rows of a table, behind those begun before. Answers the
    /// first.
    ///
    /// # Safety
    /// The table has room for all rows that are begun, and its columns don't move until
    /// this ends.
    pub(super) unsafe fn begin(&mut self, table: u32, count: usize) -> usize {
        let before = self.runs.iter().rfind(|run| run.table == table);
        let first = match before {
            Some(run) => run.first + run.count,
            None => self.tables.get(table).len(),
        };
        debug_assert!(first + count <= self.tables.get(table).capacity());
        self.runs.push(Run { table, first, count, mask: 0, part: (0, 0) });
        first
    }

    /// Fills the column of a component, in the rows begun last, with clones of a value.
    ///
    /// # Safety
    /// Rows were begun, and the component was not filled yet; the table holds it. The
    /// value is a valid one of the component, which is `Clone`.
    pub(super) unsafe fn fill(&mut self, index: usize, value: *const u8) {
        let info = &W::Schema::COMPONENTS[index];
        let run = self.runs.last_mut().expect("rows were begun");
        debug_assert!(run.mask >> index & 1 == 0);
        let table = self.tables.get(run.table);
        let clone = info.clone.expect("the caller looked");
        run.part = (index, 0);
        for row in run.first..run.first + run.count {
            // SAFETY: there is room for the row, whose cell holds nothing yet; of what is
            // `Copy` the bytes are a clone.
            unsafe {
                let cell = table.cell(index, row);
                if info.copy { move_value(value, cell, info.size) } else { clone(value, cell) }
            }
            run.part.1 += 1;
        }
        run.mask |= 1 << index;
        run.part = (0, 0);
    }

    /// Moves a value to the row begun last.
    ///
    /// # Safety
    /// As [`fill`](Self::fill), but that the component need not be `Clone`. One row was
    /// begun. The value is not used again.
    pub(super) unsafe fn put(&mut self, index: usize, value: *const u8) {
        let run = self.runs.last_mut().expect("a row was begun");
        debug_assert!(run.mask >> index & 1 == 0 && run.count == 1);
        let size = W::Schema::COMPONENTS[index].size;
        // SAFETY: there is room for the row, whose cell holds nothing yet.
        unsafe { move_value(value, self.tables.get(run.table).cell(index, run.first), size) };
        run.mask |= 1 << index;
    }

    /// Makes the rows entities, in the order in which they were begun.
    ///
    /// # Safety
    /// Each component of a row's table was filled. `entities` got ready for as many ids.
    pub(super) unsafe fn commit(
        mut self,
        entities: &mut Entities,
        counts: &mut Counts,
        ticks: Ticks,
    ) {
        for run in core::mem::take(&mut self.runs) {
            let Run { table: number, first, count, mask, .. } = run;
            let table = self.tables.get_mut(number);
            debug_assert!(table.len() == first && table.mask() & !mask == 0);
            let place = Place { table: number, row: first as u32 };
            // SAFETY: the table has room for the rows, which are whole; what is sparse is
            // held, since it was filled.
            unsafe {
                entities.create_rows(place, count, table.next_ids());
                table.added(count);
                table.mark(sparse::<W>(mask), first, count, true);
            }
            if mask & W::Schema::TRACKED != 0 {
                table.stamp_added(mask & W::Schema::TRACKED, first, count, ticks);
            }
            counts.spawned += count as u64;
        }
    }
}

impl<W: WorldConfig> Drop for Clones<'_, W> {
    fn drop(&mut self) {
        for run in &self.runs {
            let table = self.tables.get(run.table);
            let (part, written) = run.part;
            let drop = |mask: Mask, count: usize| {
                // SAFETY: these columns hold values in these rows, which are not the
                // table's.
                unsafe {
                    DropRows::run(
                        W::Schema::COMPONENTS,
                        mask & W::Schema::NEEDS_DROP,
                        run.first,
                        run.first + count,
                        |index, row| table.cell(index, row),
                    );
                }
            };
            drop(run.mask, run.count);
            drop(1 << part, written);
        }
    }
}
