//! What a world shows of its entities to be saved, and how it gets those that are
//! loaded.

use super::{World, admits, sparse};
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::memory::{bits, move_value};
use crate::schema::{Mask, Schema};
use crate::transfer::Row;

impl<W: WorldConfig> World<W> {
    /// The components of an entity; none of one that is not here.
    pub(crate) fn components_of(&self, entity: Entity) -> Mask {
        self.entities.find(entity).map_or(0, |place| self.row_mask(place, Mask::MAX))
    }

    /// Where the value of a component is, if the entity is here and has it.
    pub(crate) fn cell_of(&self, entity: Entity, index: usize) -> Option<*const u8> {
        let place = self.entities.find(entity).ok()?;
        if self.row_mask(place, Mask::MAX) >> index & 1 == 0 {
            return None;
        }
        // SAFETY: the row is in the table, and has the component.
        Some(unsafe { self.tables.get(place.table).cell(index, place.row as usize) })
    }

    /// Puts components into a table of a world that is being loaded, which has so many
    /// rows by now and no entities. The row has no id until all were placed, and
    /// [`replace_entities`](Self::replace_entities) is told where they are.
    pub(crate) fn place_row(
        &mut self,
        entity: Entity,
        mut components: Row<W::Schema>,
        count: usize,
    ) -> Result<Place, Refusal> {
        debug_assert!(self.entities.live() == 0);
        let mask = components.mask();
        if !admits::<W>(mask) {
            return Err(Refusal::ClosedArchetype);
        }
        if count >= W::DESC.max_entities as usize {
            return Err(Refusal::WorldFull { limit: W::DESC.max_entities });
        }
        let number = self.table_for(mask, 1)?;
        let table = self.tables.get_mut(number);
        // SAFETY: there is room, and the row is written right away. The values are moved
        // out of `components`, which has them no more, to cells that hold nothing yet, the
        // sparse ones to columns that are held.
        unsafe {
            let row = table.push(entity);
            for index in bits(mask) {
                let size = W::Schema::COMPONENTS[index].size;
                move_value(components.place(index), table.cell(index, row), size);
            }
            components.set_mask(0);
            table.mark(sparse::<W>(mask), row, 1, true);
            Ok(Place { table: number, row: row as u32 })
        }
    }

    /// Takes the entities of a world that was loaded in place of those that are here.
    pub(crate) fn replace(&mut self, loaded: Self) {
        self.end_all();
        let Self { tables, entities, .. } = loaded;
        self.tables = tables;
        self.replace_entities(entities);
    }
}
