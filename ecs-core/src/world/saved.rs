//! What both forms of saving a world need of it.

use super::World;
use crate::config::WorldConfig;
use crate::entities::Entities;
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
        for table in 0..self.tables.all().len() as u32 {
            // A drop may panic: the tables after it then stay.
            self.end_table(table);
        }
        self.waiting.clear();
        self.ending.clear();
    }
}
