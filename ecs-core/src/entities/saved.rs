//! The ids of a world as they are saved, so that none is ever given twice.

use super::{AWAY, Entities, FREE, Place, Slot, VACANT};
use crate::entity::{Entity, MAX_GENERATION};

/// What became of a slot whose entity is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// This entity is in another world, or on its way.
    Away(Entity),
    /// All ids of this slot are used up.
    Retired(u32),
}

/// What is wrong with ids that are to be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrongId {
    /// The slot of this entity was named before.
    Twice(Entity),
    /// A slot has a number above that of the last.
    Beyond(u32),
    /// Nothing is said of a slot.
    Unnamed,
}

impl Entities {
    /// The ids that are given next, the last one first.
    pub(crate) fn free(&self) -> impl ExactSizeIterator<Item = Entity> + '_ {
        let id = |&index: &u32| self.id(self.natives[index as usize].generation(), index);
        self.free.iter().map(id)
    }

    /// The slots of this world that are neither here nor free.
    pub(crate) fn gone(&self) -> impl Iterator<Item = Gone> + '_ {
        (0..).zip(self.natives.iter()).filter_map(|(index, slot)| match slot.table() {
            AWAY => Some(Gone::Away(self.id(slot.generation(), index))),
            FREE if slot.generation() == 0 => Some(Gone::Retired(index)),
            _ => None,
        })
    }

    /// For so many slots of this world, of each of which is to be said what it is.
    pub(crate) fn to_restore(origin: u16, slots: usize) -> Self {
        let mut entities = Self::new(origin);
        entities.natives.reserve(slots);
        for _ in 0..slots {
            entities.natives.push(VACANT);
        }
        entities
    }

    /// The entity is here, at this place.
    pub(crate) fn restore(&mut self, entity: Entity, place: Place) -> Result<(), WrongId> {
        let Place { table, row } = place;
        let slot = Slot::new(entity.generation(), table, row);
        if entity.origin() == self.origin {
            self.put(entity, slot)?;
        } else {
            let (page, index) = self.guest_page(entity);
            if page.slots[index] != VACANT {
                return Err(WrongId::Twice(entity));
            }
            page.slots[index] = slot;
            page.used += 1;
        }
        self.live += 1;
        Ok(())
    }

    /// The id is given next; after those of which this is said later.
    pub(crate) fn restore_free(&mut self, entity: Entity) -> Result<(), WrongId> {
        self.put(entity, Slot::new(entity.generation(), FREE, 0))?;
        self.free.push(entity.index());
        Ok(())
    }

    pub(crate) fn restore_gone(&mut self, gone: Gone) -> Result<(), WrongId> {
        match gone {
            Gone::Away(entity) => self.put(entity, Slot::new(entity.generation(), AWAY, 0)),
            Gone::Retired(index) => {
                let last = self.id(MAX_GENERATION, index);
                self.put(last, Slot::new(0, FREE, 0))
            }
        }
    }

    /// Whether something was said of each slot.
    pub(crate) fn check_restored(&self) -> Result<(), WrongId> {
        if self.natives.contains(&VACANT) { Err(WrongId::Unnamed) } else { Ok(()) }
    }

    fn put(&mut self, entity: Entity, new: Slot) -> Result<(), WrongId> {
        let index = entity.index();
        let slot = self.natives.get_mut(index as usize).ok_or(WrongId::Beyond(index))?;
        if *slot != VACANT {
            return Err(WrongId::Twice(entity));
        }
        *slot = new;
        Ok(())
    }
}
