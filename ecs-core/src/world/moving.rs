//! Entities leave for other worlds and come from them, alone or in batches.

use alloc::vec::Vec;
use core::fmt;

use super::leaving::Runs;
use super::{Counts, World, admits, sparse, tabled};
use crate::block::Block;
use crate::bundle::Bundle;
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::{EntityError, Refusal, Refused};
use crate::memory::{bits, move_value};
use crate::outbox::Parcel;
use crate::schema::{ComponentInfo, Mask, Schema};
use crate::table::Table;
use crate::transfer::{EntityTransfer, Row, TransferFlags, clone_row};
use crate::world::structure::RemoveError;

/// How an entity leaves its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The id of the world it goes to.
    pub target: u16,
    /// What happens to it.
    pub kind: DepartureKind,
}

/// What happens to an entity that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepartureKind {
    /// It moves, with its id.
    Moved,
    /// A copy goes, and it stays.
    Copied,
    /// The queue is full, and its policy drops it.
    Shed,
}

/// Where an entity is, for those who choose what goes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Entities of one table and one mask can go in one block. Those of one group
    /// are of one table, and but for schemas with more than 32 sparse components
    /// of one mask.
    pub group: u64,
    /// Its components.
    pub mask: Mask,
}

/// The sparse components of the mask as a number: bit `n` for the `n`-th, around
/// after 32.
fn folded<W: WorldConfig>(mask: Mask) -> u32 {
    let all = bits(W::Schema::SPARSE).enumerate();
    let bit = |(n, index): (usize, usize)| ((mask >> index & 1) as u32) << (n % 32);
    all.map(bit).fold(0, |folded, bit| folded ^ bit)
}

/// Buffers that batches use again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) runs: Runs,
    ids: Vec<Entity>,
    tables: Vec<u32>,
}

impl Scratch {
    /// Two empty lists, to be given back.
    pub(super) fn lists(&mut self) -> (Vec<u32>, Vec<Entity>) {
        let (mut tables, mut ids) =
            (core::mem::take(&mut self.tables), core::mem::take(&mut self.ids));
        tables.clear();
        ids.clear();
        (tables, ids)
    }

    /// Answers the second of them.
    pub(super) fn give_back(&mut self, tables: Vec<u32>, ids: Vec<Entity>) -> &[Entity] {
        (self.tables, self.ids) = (tables, ids);
        &self.ids
    }
}

const FULL: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };

/// One entity at a time.
impl<W: WorldConfig> World<W> {
    /// Takes an entity out, with all its components and its id. `on_depart` is not
    /// told: it is for entities that a dispatch sends.
    ///
    /// End a transfer that goes nowhere with [`end_transfer`](Self::end_transfer):
    /// dropped, it drops the components, but the id's slot is never used again.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn take(&mut self, entity: Entity) -> Result<EntityTransfer<W::Schema>, EntityError> {
        let place = self.entities.find(entity)?;
        self.unlink_departing(entity, place);
        let row = self.detach(entity, Mask::MAX)?;
        self.entities.depart(entity);
        self.counts.departed += 1;
        Ok(EntityTransfer::from_row(row, Some(entity), FULL).between(self.id_or_0(), 0))
    }

    /// Copies an entity; the copy has an id of its own, made here, and no relations.
    ///
    /// # Errors
    /// If the entity is not here, or one of its components is not `Clone`.
    pub fn copy(&mut self, entity: Entity) -> Result<EntityTransfer<W::Schema>, CopyError> {
        let place = self.entities.find(entity)?;
        let mask = self.row_mask(place, Mask::MAX) & !W::Schema::LINKED;
        let table = self.tables.get(place.table);
        // SAFETY: the row holds a value of each component of its mask.
        let row =
            unsafe { clone_row::<W::Schema>(mask, |index| table.cell(index, place.row as usize)) };
        let Some(row) = row else { return Err(not_clone(W::Schema::COMPONENTS, mask)) };
        let copy = self.entities.create();
        self.counts.spawned += 1;
        self.counts.departed += 1;
        let flags = TransferFlags { destroy_on_arrive: false, ..FULL };
        Ok(EntityTransfer::from_row(row, Some(copy), flags).between(self.id_or_0(), 0))
    }

    /// Takes only the components of `B` out, to go as a new entity; the entity
    /// stays with the rest. Their observers are not told, since this is a move.
    ///
    /// # Errors
    /// As [`remove`](Self::remove).
    pub fn split<B: Bundle<W::Schema>>(
        &mut self,
        entity: Entity,
    ) -> Result<EntityTransfer<W::Schema>, RemoveError> {
        let bundle = self.take_out::<B, false>(entity)?;
        let mut transfer = EntityTransfer::new(self.id_or_0(), 0);
        let Ok(()) = transfer.pack_bundle(bundle) else {
            unreachable!("a new transfer is empty");
        };
        Ok(transfer)
    }

    /// Takes in an entity that was on its way. It keeps its id; one that has
    /// none, or whose id is in use here because it comes from another
    /// coordinator, gets a fresh one.
    ///
    /// # Errors
    /// If the world is full, or closed to this archetype: the transfer is handed
    /// back.
    pub fn insert_transfer(
        &mut self,
        mut transfer: EntityTransfer<W::Schema>,
    ) -> Result<Entity, Refused<EntityTransfer<W::Schema>>> {
        let mask = transfer.mask();
        let room = self.check_archetype(mask).and_then(|()| {
            self.check_room(1)?;
            self.table_for(mask, 1)
        });
        let number = match room {
            Ok(number) => number,
            Err(why) => return Err(Refused::new(transfer, why)),
        };
        let table = self.tables.get_mut(number);
        let place = Place { table: number, row: table.len() as u32 };
        let entity = self.entities.arrive(transfer.entity(), place);
        // SAFETY: there is room, and the row is written right away.
        let row = unsafe { table.push(entity) };
        for index in bits(mask) {
            let size = W::Schema::COMPONENTS[index].size;
            // SAFETY: the transfer holds a value of each component, given up
            // below; the new row's cells hold nothing yet.
            unsafe {
                move_value(transfer.row().place(index), table.cell(index, row), size);
            }
        }
        // SAFETY: all values were moved out just now, the sparse ones to columns
        // that are held.
        unsafe {
            table.mark(sparse::<W>(mask), row, 1, true);
            transfer.row_mut().set_mask(0);
        }
        self.counts.arrived += 1;
        self.stamp_arrived(number, mask, row, 1);
        if self.may_link(mask) {
            self.link_arrived(number, row..row + 1);
        }
        self.tell_arrived(&[entity]);
        Ok(entity)
    }

    /// Ends an entity that was on its way, as if it had come here and been
    /// despawned: its components are dropped, and its id goes home. A transfer
    /// that is merely dropped drops its components too, but its id stays taken
    /// at its origin.
    pub fn end_transfer(&mut self, mut transfer: EntityTransfer<W::Schema>) {
        self.counts.arrived += 1;
        self.counts.despawned += 1;
        if let Some(entity) = transfer.take_id() {
            if entity.origin() == self.origin() {
                self.entities.reclaim(entity);
            } else {
                self.returns.push(entity);
            }
        }
    }

    fn check_archetype(&mut self, mask: Mask) -> Result<(), Refusal> {
        if admits::<W>(mask) {
            return Ok(());
        }
        self.counts.refused += 1;
        Err(Refusal::ClosedArchetype)
    }

    /// What a transfer names as its source.
    fn id_or_0(&self) -> u16 {
        self.id().unwrap_or(0)
    }

    /// Moves the components of `mask` out of the entity's row, at least those
    /// that need dropping, and forgets the row. The entity's slot is stale until
    /// the caller mends it.
    #[inline(always)]
    pub(super) fn detach(
        &mut self,
        entity: Entity,
        mask: Mask,
    ) -> Result<Row<W::Schema>, EntityError> {
        let place = self.entities.find(entity)?;
        self.outbox.take(&mut self.entities, entity);
        let wanted = mask | W::Schema::NEEDS_DROP;
        let mask = if wanted == 0 { 0 } else { self.row_mask(place, wanted) & wanted };
        let table = self.tables.get_mut(place.table);
        let mut out = Row::new();
        for index in bits(mask) {
            // SAFETY: the row holds a value of each component in the mask, which
            // is forgotten below.
            unsafe { out.take(index, table.cell(index, place.row as usize)) };
        }
        // SAFETY: the values that need dropping were moved out.
        let moved = unsafe { table.forget_row(place.row as usize) };
        if let Some(moved) = moved {
            self.entities.set_place(moved, place);
        }
        Ok(out)
    }
}

/// Batches, for those who carry entities between worlds.
impl<W: WorldConfig> World<W> {
    /// Moves all parcels out of the outbox to `out`, in order.
    pub fn drain_outbox(&mut self, out: &mut Vec<Parcel>) {
        self.outbox.drain_into(&mut self.entities, out);
    }

    /// Puts a parcel back whose entity could not go. A parcel whose entity is
    /// not here is dropped.
    pub fn put_back(&mut self, parcel: Parcel) {
        if self.contains(parcel.entity) {
            self.outbox.put(&mut self.entities, parcel);
        }
    }

    /// Where an entity is.
    ///
    /// # Errors
    /// If it is not here.
    #[inline]
    pub fn select(&self, entity: Entity) -> Result<Selection, EntityError> {
        let place = self.entities.find(entity)?;
        let mask = self.row_mask(place, Mask::MAX);
        let group = u64::from(place.table) << 32 | u64::from(folded::<W>(mask));
        Ok(Selection { group, mask })
    }

    /// Moves up to `limit` entities in from the front of a block, as many as
    /// there is room for. Answers how many came.
    ///
    /// # Errors
    /// If the world is closed to the block's archetype, or has no archetype left.
    /// Nothing has moved then.
    pub fn arrive(&mut self, block: &mut Block<W::Schema>, limit: usize) -> Result<usize, Refusal> {
        self.check_archetype(block.mask())?;
        let count = block.len().min(limit).min(self.room());
        if count == 0 {
            return Ok(0);
        }
        let whole = count == block.len() && block.carries_table() && block.range().0 == 0;
        let first = match whole && self.can_take_over(block.mask())? {
            true => self.take_over(block),
            false => {
                let number = self.table_for(block.mask(), count)?;
                self.arrive_rows(block, number, count)
            }
        };
        let number = self.tables.of(tabled::<W>(block.mask()))?;
        if self.may_link(block.mask()) {
            self.link_arrived(number, first..first + count);
        }
        if self.has_arrive_hook() {
            let mut ids = core::mem::take(&mut self.scratch.ids);
            ids.clear();
            ids.extend_from_slice(&self.tables.get(number).entities()[first..]);
            self.tell_arrived(&ids);
            self.scratch.ids = ids;
        }
        Ok(count)
    }

    /// Whether a table with these components can be taken in by its columns.
    fn can_take_over(&mut self, mask: Mask) -> Result<bool, Refusal> {
        let number = self.tables.of(mask)?;
        let table = self.tables.get(number);
        Ok(table.is_empty() && table.is_plain() && !table.is_stamped())
    }

    /// Takes in the table that a block carries, all of it, in place of one that is empty.
    /// Answers the first row.
    fn take_over(&mut self, block: &mut Block<W::Schema>) -> usize {
        // First, since it may panic; then no fresh id does.
        self.entities.check_ids(block.len());
        let number = self.tables.of(block.mask()).expect("the table was found just now");
        let table = self.tables.get_mut(number);
        let count = block.exchange(table);
        // SAFETY: as many ids are behind the table's length, which is 0: an id and an
        // optional one are the same bits, and nobody else looks at them before the rows
        // are added.
        let ids = unsafe { core::slice::from_raw_parts_mut(table.next_ids().cast(), count) };
        self.entities.arrive_rows(ids, Place { table: number, row: 0 }, &mut 0);
        // SAFETY: the columns came with the rows, and the ids are those of who came.
        unsafe { table.added(count) };
        self.counts.arrived += count as u64;
        0
    }

    /// Moves `count` entities from the front of a block to the table with this number,
    /// which is that of its components and has room. Answers the first row.
    pub(super) fn arrive_rows(
        &mut self,
        block: &mut Block<W::Schema>,
        number: u32,
        count: usize,
    ) -> usize {
        let table = self.tables.get_mut(number);
        let (from, to) = (block.range().0, table.len());
        block.columns(|index, column| {
            let size = W::Schema::COMPONENTS[index].size;
            // SAFETY: `count` rows from `from` hold values, given up below; the
            // table has room for as many after its length.
            unsafe {
                let cells = table.cell(index, to);
                cells.copy_from_nonoverlapping(column.add(from * size), count * size);
            }
        });
        let ids = table.next_ids().cast::<Option<Entity>>();
        // SAFETY: the table has room for as many ids, apart from the block's; an id and an
        // optional one are the same bits. Nobody else looks at the rows after the table's
        // length before they are added.
        let ids = unsafe {
            ids.copy_from_nonoverlapping(block.ids().as_ptr(), count);
            core::slice::from_raw_parts_mut(ids, count)
        };
        let tracked = block.mask() & W::Schema::TRACKED;
        if tracked != 0 {
            table.stamp_arrived(tracked, to, count, self.clock.ticks());
        }
        let place = Place { table: number, row: to as u32 };
        let mut coming = Coming { table, block, arrived: &mut self.counts.arrived, done: 0 };
        self.entities.arrive_rows(ids, place, &mut coming.done);
        to
    }

    /// Copies an entity for a batch, as [`copy`](Self::copy), and tells the hook.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    pub fn depart_copy(
        &mut self,
        entity: Entity,
        target: u16,
    ) -> Result<EntityTransfer<W::Schema>, CopyError> {
        let copy = self.copy(entity)?;
        self.tell_departing(&[entity], Departure { target, kind: DepartureKind::Copied });
        Ok(copy)
    }

    /// Drops an entity that was to go to `target` and finds no room.
    ///
    /// # Errors
    /// If it is not here.
    pub fn shed(&mut self, entity: Entity, target: u16) -> Result<(), EntityError> {
        self.entities.find(entity)?;
        self.tell_departing(&[entity], Departure { target, kind: DepartureKind::Shed });
        if W::Schema::LINKED != 0 {
            self.unlink(&[entity], None);
        }
        let row = self.detach(entity, 0)?;
        self.retire(entity);
        self.counts.departed += 1;
        drop(row);
        self.end_sources();
        Ok(())
    }

    /// Moves to `out` the ids of guests that died here; their origins
    /// [`reclaim`](Self::reclaim) them.
    pub fn drain_returns(&mut self, out: &mut Vec<Entity>) {
        out.append(&mut self.returns);
    }

    /// Makes the slot of an entity of this world that died abroad usable again.
    /// Ids of which that can't be true are ignored.
    pub fn reclaim(&mut self, entity: Entity) {
        self.entities.reclaim(entity);
    }
}

/// Rows that were copied from the front of a block to the end of a table. Dropped, also
/// when a fresh id panics, it hands over those whose entities have come; what was copied
/// too far is nobody's.
struct Coming<'a, S: Schema> {
    table: &'a mut Table,
    block: &'a mut Block<S>,
    arrived: &'a mut u64,
    done: usize,
}

impl<S: Schema> Drop for Coming<'_, S> {
    fn drop(&mut self) {
        let Self { table, block, done, .. } = self;
        let first = table.len();
        // SAFETY: the rows have their ids and components, the sparse ones in columns that
        // are held, and there was room; the block gives them up.
        unsafe {
            table.added(*done);
            table.mark(block.mask() & S::SPARSE, first, *done, true);
            block.removed(*done);
        }
        *self.arrived += self.done as u64;
    }
}

impl Counts {
    /// How many of the entities counted are here: what [`World::len`] must be.
    pub fn live(&self) -> u64 {
        self.spawned + self.arrived - self.despawned - self.departed
    }
}

/// Names the first component of `mask` that is not `Clone`.
#[cold]
pub(super) fn not_clone(components: &[ComponentInfo], mask: Mask) -> CopyError {
    let mut infos = bits(mask).map(|index| &components[index]);
    CopyError::NotClone(infos.find(|info| info.clone.is_none()).map_or("", |info| info.name))
}

/// An entity can't be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyError {
    /// The entity can't be reached.
    Entity(EntityError),
    /// This component of it is not `Clone`.
    NotClone(&'static str),
    /// The world does not take the clone.
    Refused(Refusal),
}

impl From<Refusal> for CopyError {
    fn from(why: Refusal) -> Self {
        Self::Refused(why)
    }
}

impl From<EntityError> for CopyError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::Refused(why) => why.fmt(f),
            Self::NotClone(name) => {
                write!(
                    f,
                    "component `{name}` is not `Clone`, so its entity can't be copied: derive it, or move the entity"
                )
            }
        }
    }
}
impl core::error::Error for CopyError {}
