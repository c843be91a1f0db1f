//! Entities come and go.

use super::{RowCells, World, admits};
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{EntityError, Refused};
use crate::outbox::{Parcel, Request, TransferMarker};

impl<W: WorldConfig> World<W> {
    /// Makes an entity with the components of `bundle`.
    ///
    /// # Errors
    /// If the world is full: the bundle is handed back, and the world is as it was.
    #[inline]
    pub fn spawn<B: Bundle<W::Schema>>(&mut self, bundle: B) -> Result<Entity, Refused<B>> {
        const { assert_declared::<W, B>() };
        if let Err(why) = self.check_room(1) {
            return Err(Refused::new(bundle, why));
        }
        let table = self.tables.of(B::MASK);
        self.tables.get_mut(table).reserve(1);
        Ok(self.spawn_at(table, bundle))
    }

    /// Makes an entity of each bundle that `bundles` yields, in one table.
    /// Answers their ids.
    ///
    /// # Errors
    /// If the world has not room for all: the bundles are handed back, and the
    /// world is as it was.
    pub fn spawn_batch<I>(&mut self, bundles: I) -> Result<&[Entity], Refused<I::IntoIter>>
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
        I::Item: Bundle<W::Schema>,
    {
        const { assert_declared::<W, I::Item>() };
        let bundles = bundles.into_iter();
        let count = bundles.len();
        if let Err(why) = self.check_room(count) {
            return Err(Refused::new(bundles, why));
        }
        let table = self.tables.of(<I::Item as Bundle<W::Schema>>::MASK);
        self.tables.get_mut(table).reserve(count);
        self.entities.reserve(count);
        let first = self.tables.get(table).len();
        // `take`: room was made for this many, whatever the iterator does.
        for bundle in bundles.take(count) {
            self.spawn_at(table, bundle);
        }
        Ok(&self.tables.get(table).entities()[first..])
    }

    /// The table is the bundle's and has room.
    #[inline(always)]
    fn spawn_at<B: Bundle<W::Schema>>(&mut self, table: u32, bundle: B) -> Entity {
        let rows = self.tables.get_mut(table);
        debug_assert!(rows.mask() == B::MASK && rows.len() < rows.capacity());
        let entity = self.entities.create_at(table, rows.len() as u32);
        // SAFETY: there is room, and the row is written right away.
        let row = unsafe { rows.push(entity) };
        let mut cells = RowCells::new(rows, row);
        // SAFETY: the row's cells are the bundle's, valid, and hold nothing yet.
        unsafe { bundle.write(&mut cells) };
        self.counts.spawned += 1;
        if B::MARKER
            && let Some(marker) = cells.marker
        {
            self.mark(entity, marker);
        }
        entity
    }

    /// Puts an entity that is here into the outbox.
    pub(super) fn mark(&mut self, entity: Entity, marker: TransferMarker) {
        let request = Request::Marked(marker);
        self.outbox.put(&mut self.entities, Parcel { entity, request });
    }

    /// Ends an entity and drops its components.
    ///
    /// # Errors
    /// If the entity is not here.
    pub fn despawn(&mut self, entity: Entity) -> Result<(), EntityError> {
        let row = self.detach(entity, 0)?;
        self.counts.despawned += 1;
        self.retire(entity);
        drop(row);
        Ok(())
    }

    /// Ends every entity and drops its components.
    pub fn clear(&mut self) {
        let Self { tables, entities, outbox, returns, counts, .. } = self;
        for table in tables.iter_mut() {
            for &entity in table.entities() {
                outbox.take(entities.slot_mut(entity).outbox);
                if entities.remove(entity) {
                    returns.push(entity);
                }
            }
            counts.despawned += table.len() as u64;
            // Last, since a drop may panic; the tables after it then stay.
            table.clear();
        }
    }

    /// The id of an entity whose components are gone ends here.
    pub(super) fn retire(&mut self, entity: Entity) {
        if self.entities.remove(entity) {
            self.returns.push(entity);
        }
    }
}

/// Fails to compile where a spawn can't be right.
pub(crate) const fn assert_declared<W: WorldConfig, B: Bundle<W::Schema>>() {
    assert_distinct::<W::Schema, B>();
    assert!(
        admits::<W>(B::MASK),
        "this world's archetypes are closed, and this bundle is none of them: declare it in `archetypes(...)`"
    );
}
