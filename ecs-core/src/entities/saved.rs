//! The ids of a world as they are saved, so that none is ever given twice.

use super::{AWAY, Entities, FREE, Slot, VACANT};
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
    /// An id that this world is to give, or has given, is of another.
    Foreign(Entity),
    /// A number is no id.
    None,
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

    /// For so many slots of this world, of each of which is to be said what it is: as
    /// none can be named twice, all are once so many were.
    pub(crate) fn to_restore(origin: u16, slots: usize) -> Self {
        let mut entities = Self::new(origin);
        entities.natives.reserve(slots);
        // SAFETY: the slots are written at once: a vacant one is all zero.
        unsafe { entities.natives.extend(slots).write_bytes(0, slots) };
        entities
    }

    /// These entities are here, in the rows of a table from `first` on.
    pub(crate) fn restore_rows(
        &mut self,
        ids: impl Iterator<Item = u64>,
        table: u32,
        first: u32,
    ) -> Result<(), WrongId> {
        let mut count = 0;
        for (row, bits) in (first..).zip(ids) {
            let Some(entity) = Entity::from_bits(bits) else { return Err(WrongId::None) };
            self.put(entity, Slot::new(entity.generation(), table, row))?;
            count += 1;
        }
        self.live += count;
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

    #[inline(always)]
    fn put(&mut self, entity: Entity, new: Slot) -> Result<(), WrongId> {
        if entity.origin() != self.origin {
            return self.put_guest(entity, new);
        }
        let index = entity.index();
        let slot = self.natives.get_mut(index as usize).ok_or(WrongId::Beyond(index))?;
        if *slot != VACANT {
            return Err(WrongId::Twice(entity));
        }
        *slot = new;
        Ok(())
    }

    #[cold]
    fn put_guest(&mut self, entity: Entity, new: Slot) -> Result<(), WrongId> {
        if matches!(new.table(), FREE | AWAY) {
            return Err(WrongId::Foreign(entity));
        }
        let (page, index) = self.guest_page(entity);
        if page.slots[index] != VACANT {
            return Err(WrongId::Twice(entity));
        }
        page.slots[index] = new;
        page.used += 1;
        Ok(())
    }
}
