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
use crate::kept::kept;
use crate::memory::{bits, move_value};
use crate::outbox::Parcel;
use crate::schema::{Mask, Schema};
use crate::table::Table;
use crate::transfer::{EntityTransfer, Row, TransferFlags};
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

kept! {
    /// As a part of a world.
    pub(super) struct KeptScratch(Scratch);
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
    #[inline]
    pub fn take(&mut self, entity: Entity) -> Result<EntityTransfer<W::Schema>, EntityError> {
        // Made where it is returned: a copy would wait for its parts to be written.
        let mut transfer = EntityTransfer::new(self.id_or_0(), 0);
        self.take_to(entity, &mut transfer)?;
        Ok(transfer)
    }

    /// As [`take`](Self::take), to a transfer without components.
    #[inline(never)]
    fn take_to(
        &mut self,
        entity: Entity,
        transfer: &mut EntityTransfer<W::Schema>,
    ) -> Result<(), EntityError> {
        debug_assert_eq!(transfer.mask(), 0);
        let place = self.entities.find(entity)?;
        self.unlink_departing(entity, place);
        self.outbox.take(&mut self.entities, entity);
        let table = self.tables.get_mut(place.table);
        let row = transfer.row_mut();
        // SAFETY: the row is in the table; its values move to the transfer, which has none.
        let moved = unsafe {
            let (mask, moved) =
                table.take_row::<W::Schema>(place.row as usize, |index| row.place_mut(index));
            row.set_mask(mask);
            moved
        };
        if let Some(moved) = moved {
            self.entities.set_place(moved, place);
        }
        self.entities.depart(entity);
        self.counts.departed += 1;
        transfer.depart_as(entity, FULL);
        Ok(())
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
    #[inline]
    pub fn insert_transfer(
        &mut self,
        mut transfer: EntityTransfer<W::Schema>,
    ) -> Result<Entity, Refused<EntityTransfer<W::Schema>>> {
        match self.insert_from(&mut transfer) {
            Ok(entity) => Ok(entity),
            Err(why) => Err(Refused::new(transfer, why)),
        }
    }

    /// As [`insert_transfer`](Self::insert_transfer): the transfer has no components after
    /// it, unless it was refused.
    #[inline(never)]
    fn insert_from(&mut self, transfer: &mut EntityTransfer<W::Schema>) -> Result<Entity, Refusal> {
        let mask = transfer.mask();
        self.check_archetype(mask)?;
        self.check_room(1)?;
        let number = self.table_for(mask, 1)?;
        let table = self.tables.get_mut(number);
        let place = Place { table: number, row: table.len() as u32 };
        let entity = self.entities.arrive(transfer.entity(), place);
        // SAFETY: there is room, and the row is written right away: the transfer holds a
        // value of each component of the table, and of the sparse ones, whose columns are
        // held. It gives them up.
        let row = unsafe {
            let from = transfer.row_mut();
            let row = table.put_row::<W::Schema>(entity, |index| from.place(index));
            for index in bits(sparse::<W>(mask)) {
                let size = W::Schema::COMPONENTS[index].size;
                move_value(from.place(index), table.cell(index, row), size);
            }
            table.mark(sparse::<W>(mask), row, 1, true);
            from.set_mask(0);
            row
        };
        self.counts.arrived += 1;
        self.stamp_arrived(number, mask, row, 1);
        self.tell_put_in(entity);
        if self.may_link(mask) {
            self.link_arrived(number, row..row + 1);
        }
        self.tell_arrived(&[entity]);
        Ok(entity)
    }

    /// Moves an entity to another world on this thread, with all its components: what
    /// [`take`](Self::take) and [`insert_transfer`](Self::insert_transfer) do, without a
    /// transfer in between. It keeps its id if both worlds are of one coordinator; else it
    /// gets a fresh one. Answers its id there.
    ///
    /// # Errors
    /// If the entity is not here, or the other world is full, or closed to its archetype.
    /// Nothing has moved then.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component, Debug, PartialEq)] struct Name(String);
    /// # #[world_config(components(Name))] struct Base;
    /// let (mut here, mut there) = (World::<Base>::new(), World::<Base>::new());
    /// let entity = here.spawn(Name("Ada".to_owned()))?;
    /// let moved = here.move_to(entity, &mut there)?;
    /// assert_eq!(there.get::<Name>(moved)?.0, "Ada");
    /// assert!(!here.contains(entity));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn move_to<V: WorldConfig<Schema = W::Schema>>(
        &mut self,
        entity: Entity,
        world: &mut World<V>,
    ) -> Result<Entity, MoveError> {
        let moved = self.move_silently(entity, world)?;
        world.tell_arrived(&[moved]);
        Ok(moved)
    }

    /// As [`move_to`](Self::move_to), without a word to the other world's hook.
    #[inline(always)]
    pub(super) fn move_silently<V: WorldConfig<Schema = W::Schema>>(
        &mut self,
        entity: Entity,
        world: &mut World<V>,
    ) -> Result<Entity, MoveError> {
        let from = self.entities.find(entity)?;
        let mask = self.row_mask(from, Mask::MAX);
        world.check_archetype(mask)?;
        world.check_room(1)?;
        let number = world.table_for(mask, 1)?;
        let target = world.tables.get_mut(number);
        let to = Place { table: number, row: target.len() as u32 };
        self.unlink_departing(entity, from);
        let moved = world.entities.arrive(Some(entity), to);
        self.outbox.take(&mut self.entities, entity);
        // SAFETY: the target has room, and holds the sparse components; its new row is
        // written right away, with the values of the row that goes.
        let last = unsafe {
            let row = target.push(moved);
            let (_, last) = self
                .tables
                .get_mut(from.table)
                .take_row::<W::Schema>(from.row as usize, |index| target.cell(index, row));
            target.mark(sparse::<W>(mask), row, 1, true);
            last
        };
        if let Some(last) = last {
            self.entities.set_place(last, from);
        }
        self.entities.depart(entity);
        self.counts.departed += 1;
        world.counts.arrived += 1;
        world.stamp_arrived(number, mask, to.row as usize, 1);
        world.tell_put_in(moved);
        if world.may_link(mask) {
            world.link_arrived(number, to.row as usize..to.row as usize + 1);
        }
        Ok(moved)
    }

    /// Ends an entity that was on its way, as if it had come here and been
    /// despawned: its components are dropped, and its id goes home. A transfer
    /// that is merely dropped drops its components too, but its id stays taken
    /// at its origin.
    pub fn end_transfer(&mut self, mut transfer: EntityTransfer<W::Schema>) {
        self.counts.arrived += 1;
        self.counts.despawned += 1;
        if let Some(entity) = transfer.take_id() {
            let native = entity.origin() == self.origin();
            if native {
                self.entities.reclaim(entity);
            }
            if !native || self.tells_deaths() {
                self.returns.push(entity);
            }
        }
    }

    /// Tells the directory of an entity that did not come by an edge.
    #[inline]
    fn tell_put_in(&self, entity: Entity) {
        if let Some(directory) = &self.directory {
            directory.put_in(entity, self.id_or_0());
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
    pub(super) fn id_or_0(&self) -> u16 {
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

    /// Drops an entity that was to go to `target` and finds no room.
    ///
    /// # Errors
    /// If it is not here.
    pub fn shed(&mut self, entity: Entity, target: u16) -> Result<(), EntityError> {
        self.entities.find(entity)?;
        self.tell_departing(&[entity], Departure { target, kind: DepartureKind::Shed });
        if const { W::Schema::LINKED != 0 } {
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
    /// [`reclaim`](Self::reclaim) them. In a coordinator, also those of this world's own
    /// entities that died here, for its directory.
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

/// An entity can't be moved to another world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveError {
    /// The entity can't be reached.
    Entity(EntityError),
    /// The other world does not take it.
    Refused(Refusal),
}

impl From<EntityError> for MoveError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl From<Refusal> for MoveError {
    fn from(why: Refusal) -> Self {
        Self::Refused(why)
    }
}

impl fmt::Display for MoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::Refused(why) => why.fmt(f),
        }
    }
}
impl core::error::Error for MoveError {}
