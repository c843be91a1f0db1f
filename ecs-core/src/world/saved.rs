//! What both forms of saving a world need of it.

use super::World;
use crate::config::WorldConfig;
use crate::entities::Entities;
use crate::outbox::Outbox;
use crate::schema::Schema;
use crate::table::Table;
use crate::tables::Tables;

impl<W: WorldConfig> World<W> {
    pub(crate) fn state(&self) -> (&Tables, &Entities) {
        (&self.tables, &self.entities)
    }

    /// Takes over ids, of entities that are in the tables by now; those that were here
    /// are gone.
    pub(crate) fn replace_entities(&mut self, entities: Entities) {
        debug_assert!(self.is_empty());
        self.stamp_all_arrived();
        self.entities = entities;
        self.counts.spawned += self.entities.live() as u64;
        // Guests that are here again have not died.
        self.returns.retain(|&guest| self.entities.find(guest).is_err());
        self.relink();
    }

    /// Ends all entities. No observer is told.
    pub(super) fn end_all(&mut self) {
        let drops = |table: &Table| table.possible() & W::Schema::NEEDS_DROP != 0;
        for table in 0..self.tables.all().len() as u32 {
            if drops(self.tables.get(table)) {
                // A drop may panic: the tables after it then stay.
                self.end_table(table);
            }
        }
        // From here on nothing panics, so that slots need not be kept in order.
        let origin = self.origin();
        let left = self.tables.all().iter().flat_map(Table::entities);
        self.returns.extend(left.filter(|entity| entity.origin() != origin));
        self.counts.despawned += self.tables.all().iter().map(Table::len).sum::<usize>() as u64;
        self.tables.iter_mut().for_each(Table::clear);
        *self.outbox = Outbox::default();
        self.entities = Entities::new(origin);
        self.waiting.clear();
        self.ending.clear();
    }
}
