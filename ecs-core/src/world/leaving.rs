//! Entities on their way out of a table, batch by batch: the gaps that they leave are
//! closed when it pays, at last when all have gone.

use alloc::vec::Vec;
use core::fmt;

use super::{Departure, DepartureKind, Selection, World, tabled};
use crate::block::Block;
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::EntityError;
use crate::memory::move_value;
use crate::schema::{Mask, Schema};

/// Rows of a table, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    first: usize,
    count: usize,
}

/// Lists that are used again.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// Rows that have been moved out, and are still in the table.
    gone: Vec<Run>,
    /// Rows of the present batch.
    batch: Vec<Run>,
}

impl Runs {
    /// The first row of those behind a row that are gone.
    #[inline]
    fn first_behind(&self, row: usize) -> Option<usize> {
        let rows = self.gone.iter().chain(&self.batch).map(|run| run.first);
        rows.filter(|&first| first > row).min()
    }
}

/// How many entities the lists have in common at their start.
#[inline]
fn alike(one: &[Entity], other: &[Entity]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// So many runs wait at most before their gaps are closed: those who leave in the order
/// of their rows leave few.
const MOST_GAPS: usize = 8;

/// Moves entities out of a world into blocks; see [`World::leave`].
///
/// Where they leave in the order of their rows, no row takes the place of one that
/// leaves, only to leave next. Dropped, it closes the gaps.
pub struct Leaving<'w, W: WorldConfig> {
    world: &'w mut World<W>,
    /// The table of the rows in `runs.gone`.
    table: u32,
    runs: Runs,
    /// Whether relations end that lead to those who stay.
    alone: bool,
}

impl<W: WorldConfig> World<W> {
    /// Lets entities leave in batches, for those who carry them to other worlds.
    ///
    /// By a call, so that the gaps are sure to be closed in the end.
    pub fn leave<R>(&mut self, act: impl FnOnce(&mut Leaving<'_, W>) -> R) -> R {
        act(&mut Leaving::of(self, true))
    }

    /// As [`leave`](Self::leave), for one batch of entities that leave with all whom they
    /// are related to; no hook is told.
    pub(super) fn leave_together(
        &mut self,
        entities: &[Entity],
        block: &mut Block<W::Schema>,
        target: u16,
    ) -> usize {
        Leaving::of(self, false).fill(entities, block, target)
    }

    /// Moves entities into a block that was begun with their components, in
    /// order, until it is full or one is not here or of another archetype.
    /// Answers how many went.
    pub fn depart(
        &mut self,
        entities: &[Entity],
        block: &mut Block<W::Schema>,
        target: u16,
    ) -> usize {
        self.leave(|leaving| leaving.fill(entities, block, target))
    }
}

impl<'w, W: WorldConfig> Leaving<'w, W> {
    fn of(world: &'w mut World<W>, alone: bool) -> Self {
        let runs = core::mem::take(&mut world.scratch.runs);
        debug_assert!(runs.gone.is_empty() && runs.batch.is_empty());
        Self { world, table: 0, runs, alone }
    }

    /// As [`World::select`].
    ///
    /// # Errors
    /// If the entity is not here.
    #[inline]
    pub fn select(&self, entity: Entity) -> Result<Selection, EntityError> {
        self.world.select(entity)
    }

    /// As [`World::whole_table`], of those who have not left.
    #[doc(hidden)]
    pub fn whole_table(&self, table: u32) -> Option<(Mask, usize)> {
        let (mask, count) = self.world.whole_table(table)?;
        let gone = match table == self.table {
            true => self.runs.gone.iter().map(|run| run.count).sum(),
            false => 0,
        };
        (count > gone).then(|| (mask, count - gone))
    }

    /// The world, without gaps.
    fn world(&mut self) -> &mut World<W> {
        self.close_gaps();
        self.world
    }

    /// Moves entities into a block that was begun with their components, in
    /// order, until it is full or one is not here or of another archetype.
    /// Answers how many went.
    pub fn fill(
        &mut self,
        entities: &[Entity],
        block: &mut Block<W::Schema>,
        target: u16,
    ) -> usize {
        let entities = &entities[..entities.len().min(block.room())];
        if self.alone && self.world.has_depart_hook() {
            let mask = block.mask();
            let world = self.world();
            let goes = |&&entity: &&Entity| world.select(entity).is_ok_and(|at| at.mask == mask);
            let count = entities.iter().take_while(goes).count();
            let departure = Departure { target, kind: DepartureKind::Moved };
            world.tell_departing(&entities[..count], departure);
        }
        let mut gone = 0;
        while gone < entities.len() {
            let went = self.take_run(&entities[gone..], block.mask());
            if went == 0 {
                break;
            }
            gone += went;
        }
        self.move_out(block);
        gone
    }

    /// Moves the first entities of a table that have not left yet into a block that was
    /// begun with their components, at most `most` and until it is full. Answers how many
    /// went: none, if the rows of the table differ. No hook is told.
    #[doc(hidden)]
    pub fn fill_from(&mut self, number: u32, most: usize, block: &mut Block<W::Schema>) -> usize {
        if number != self.table || !matches!(self.runs.gone[..], [] | [Run { first: 0, .. }]) {
            self.close_gaps();
            self.table = number;
        }
        let world = &mut *self.world;
        let table = world.tables.get(number);
        let first = self.runs.gone.first().map_or(0, |run| run.count);
        let count = (table.len() - first).min(block.room()).min(most);
        if count == 0 || table.mask() != block.mask() || table.possible() != table.mask() {
            return 0;
        }
        let entities = &table.entities()[first..first + count];
        if world.outbox.len() > 0 {
            for &entity in entities {
                world.outbox.take(&mut world.entities, entity);
            }
        }
        world.entities.depart_all(entities);
        world.counts.departed += count as u64;
        self.runs.batch.push(Run { first, count });
        self.move_out(block);
        count
    }

    /// Lets the first of the entities go, and those after it that stand behind it in its
    /// table too, if they have the components of `mask`. Answers how many; their rows
    /// are put down.
    #[inline]
    fn take_run(&mut self, entities: &[Entity], mask: Mask) -> usize {
        let Ok(place) = self.world.entities.find(entities[0]) else { return 0 };
        if place.table != self.table {
            // A batch is of one mask, and so of one table.
            if !self.runs.batch.is_empty() {
                return 0;
            }
            self.close_gaps();
            self.table = place.table;
        }
        if self.world.tables.get(place.table).mask() != tabled::<W>(mask) {
            return 0;
        }
        let count = self.run_at(place, entities, mask);
        let (run, world) = (&entities[..count], &mut *self.world);
        if world.outbox.len() > 0 {
            for &entity in run {
                world.outbox.take(&mut world.entities, entity);
            }
        }
        if self.alone && count == 1 {
            world.unlink_departing(run[0], place);
        }
        world.entities.depart_all(run);
        world.counts.departed += count as u64;
        if count > 0 {
            add(&mut self.runs.batch, Run { first: place.row as usize, count });
        }
        count
    }

    /// How many of the entities stand in the table from `place` on, in their order, and
    /// can leave together.
    #[inline]
    fn run_at(&self, place: Place, entities: &[Entity], mask: Mask) -> usize {
        let row = place.row as usize;
        let table = self.world.tables.get(place.table);
        let sparse = const { W::Schema::SPARSE != 0 } && table.possible() != table.mask();
        if sparse {
            if self.world.row_mask(place, Mask::MAX) != mask {
                return 0;
            }
            // What one of them leaves behind depends on who has left before.
            if const { W::Schema::LINKED != 0 } && self.alone {
                return 1;
            }
        } else if tabled::<W>(mask) != mask {
            return 0;
        }
        // Rows that are gone are in the table still.
        let end = self.runs.first_behind(row).unwrap_or(table.len());
        let alike = alike(&table.entities()[row..end], entities);
        if !sparse {
            return alike;
        }
        let rows = (row as u32 + 1..row as u32 + alike as u32).map(|row| Place { row, ..place });
        1 + rows.take_while(|&place| self.world.row_mask(place, Mask::MAX) == mask).count()
    }

    /// Copies the rows of the batch into the block, which has room for them.
    fn move_out(&mut self, block: &mut Block<W::Schema>) {
        let table = self.world.tables.get(self.table);
        let (end, batch) = (block.range().1, &mut self.runs.batch);
        block.columns(|index, column| {
            let size = W::Schema::COMPONENTS[index].size;
            let mut to = end;
            for run in &*batch {
                // SAFETY: the rows are in the table, whose components are the block's, and
                // their entities are away; the block's rows from `end` have room for all.
                // The source is given up when the gaps are closed.
                unsafe {
                    let (from, cells) = (table.cell(index, run.first), column.add(to * size));
                    match run.count {
                        1 => move_value(from, cells, size),
                        count => cells.copy_from_nonoverlapping(from, count * size),
                    }
                }
                to += run.count;
            }
        });
        for run in &*batch {
            // SAFETY: the rows are in the table, and their ids have the same room in the
            // block; then the rows are whole. An id and an optional one are the same bits.
            unsafe {
                let from = table.entities_ptr().add(run.first).cast();
                block.next_ids().copy_from_nonoverlapping(from, run.count);
                block.added(run.count);
            }
        }
        batch.drain(..).for_each(|run| add(&mut self.runs.gone, run));
        if self.runs.gone.len() > MOST_GAPS {
            self.close_gaps();
        }
    }

    /// Moves the last rows to where others have left.
    fn close_gaps(&mut self) {
        let gone = &mut self.runs.gone;
        // From the last, so that the rows before keep their places.
        descend(gone);
        for run in gone.drain(..) {
            let table = self.world.tables.get_mut(self.table);
            // SAFETY: the rows are in the table, and were moved out.
            let moved = unsafe { table.forget_rows(run.first, run.count) };
            self.world.entities.set_rows(moved, self.table, run.first as u32);
        }
    }
}

/// Sorts runs from the last to the first. It names no world, so that all of a program share it.
#[inline]
fn descend(runs: &mut [Run]) {
    if !runs.is_sorted_by(|one, next| one > next) {
        runs.sort_unstable_by(|one, other| other.cmp(one));
    }
}

/// Adds rows to a list, to its last run if they stand behind it.
#[inline]
fn add(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if last.first + last.count == run.first => last.count += run.count,
        _ => runs.push(run),
    }
}

impl<W: WorldConfig> Drop for Leaving<'_, W> {
    fn drop(&mut self) {
        // Where a panic passed: who did not get into a block stays in the table.
        self.runs.batch.clear();
        self.close_gaps();
        self.world.scratch.runs = core::mem::take(&mut self.runs);
    }
}

impl<W: WorldConfig> fmt::Debug for Leaving<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaving").field("gone", &self.runs.gone).finish_non_exhaustive()
    }
}
