//! Where each entity is: a dense array for those born here, pages for guests.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::entity::{Entity, MAX_GENERATION};
use crate::error::EntityError;

/// No table, row or outbox entry.
pub(crate) const NONE: u32 = u32::MAX;
/// The table of a slot whose entity is in another world, or on its way.
const AWAY: u32 = NONE;
/// The table of a slot without an entity.
const FREE: u32 = NONE - 1;

const PAGE: usize = 256;

/// Where an entity is in its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Of the entity here, or of the next one if the slot is free.
    generation: u32,
    pub(crate) table: u32,
    /// The row; the next free slot if this one is free.
    pub(crate) row: u32,
    /// The entity's entry in the outbox, or [`NONE`].
    pub(crate) outbox: u32,
}

const VACANT: Slot = Slot { generation: 0, table: FREE, row: NONE, outbox: NONE };
const _: () = assert!(size_of::<Slot>() == 16);

/// Guests of one origin. A page without guests goes back to the pool.
#[derive(Debug, Default)]
struct Guests {
    pages: Vec<Option<Box<Page>>>,
}

#[derive(Debug)]
struct Page {
    used: usize,
    slots: [Slot; PAGE],
}

#[derive(Debug)]
pub(crate) struct Entities {
    origin: u16,
    natives: Vec<Slot>,
    /// The first free slot, or [`NONE`].
    free: u32,
    /// By origin.
    guests: Vec<Guests>,
    /// Empty pages for the next guests.
    pool: Vec<Box<Page>>,
    live: usize,
}

impl Entities {
    pub(crate) fn new(origin: u16) -> Self {
        Self {
            origin,
            natives: Vec::new(),
            free: NONE,
            guests: Vec::new(),
            pool: Vec::new(),
            live: 0,
        }
    }

    pub(crate) fn origin(&self) -> u16 {
        self.origin
    }

    /// How many entities are here.
    #[inline(always)]
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// A fresh id of this world, which is away until it arrives somewhere.
    ///
    /// # Panics
    /// If all ids are used up. Nothing has changed then.
    #[inline]
    pub(crate) fn create(&mut self) -> Entity {
        if self.free == NONE {
            let index = u32::try_from(self.natives.len()).ok().filter(|&index| index != NONE);
            let index = index.expect("fewer than 2^32 ids");
            self.natives.push(Slot { generation: 1, table: AWAY, row: NONE, outbox: NONE });
            return Entity::new(self.origin, 1, index);
        }
        let index = self.free;
        let slot = &mut self.natives[index as usize];
        debug_assert_eq!(slot.table, FREE);
        self.free = slot.row;
        slot.table = AWAY;
        Entity::new(self.origin, slot.generation, index)
    }

    /// Room for `additional` more ids of this world.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.natives.reserve(additional);
    }

    /// A fresh id of this world, here at this place.
    #[inline]
    pub(crate) fn create_at(&mut self, table: u32, row: u32) -> Entity {
        let entity = self.create();
        self.live += 1;
        let slot = &mut self.natives[entity.index() as usize];
        (slot.table, slot.row) = (table, row);
        entity
    }

    /// An entity has come to this place: one of ours is back, or a guest. One
    /// without an id, or with an id that is in use here (it is from another
    /// coordinator), gets a fresh one. Answers its id.
    ///
    /// # Panics
    /// As [`create`](Self::create): nothing has changed then.
    #[inline]
    pub(crate) fn arrive(&mut self, entity: Option<Entity>, table: u32, row: u32) -> Entity {
        let Some(entity) = entity else { return self.create_at(table, row) };
        if entity.origin() != self.origin {
            return self.arrive_guest(entity, table, row);
        }
        match self.natives.get_mut(entity.index() as usize) {
            Some(slot) if slot.generation == entity.generation() && slot.table == AWAY => {
                self.live += 1;
                (slot.table, slot.row) = (table, row);
                entity
            }
            _ => self.create_at(table, row),
        }
    }

    fn arrive_guest(&mut self, entity: Entity, table: u32, row: u32) -> Entity {
        let (origin, page, place) = guest_place(entity);
        if self.guests.len() <= origin {
            self.guests.resize_with(origin + 1, Guests::default);
        }
        let pages = &mut self.guests[origin].pages;
        if pages.len() <= page {
            pages.resize_with(page + 1, || None);
        }
        let page = pages[page].get_or_insert_with(|| {
            self.pool.pop().unwrap_or_else(|| Box::new(Page { used: 0, slots: [VACANT; PAGE] }))
        });
        if page.slots[place] != VACANT {
            return self.create_at(table, row);
        }
        self.live += 1;
        page.used += 1;
        page.slots[place] = Slot { generation: entity.generation(), table, row, outbox: NONE };
        entity
    }

    /// The entity's slot, if it is here.
    #[inline]
    pub(crate) fn find(&self, entity: Entity) -> Result<&Slot, EntityError> {
        if entity.origin() == self.origin {
            match self.natives.get(entity.index() as usize) {
                Some(slot) if slot.generation == entity.generation() && slot.table < FREE => {
                    Ok(slot)
                }
                _ => Err(self.absent(entity)),
            }
        } else {
            self.find_guest(entity).ok_or(EntityError::NotHere(entity))
        }
    }

    /// As [`find`](Self::find), to change.
    #[inline]
    pub(crate) fn find_mut(&mut self, entity: Entity) -> Result<&mut Slot, EntityError> {
        self.find(entity)?;
        Ok(self.slot_mut(entity))
    }

    fn find_guest(&self, entity: Entity) -> Option<&Slot> {
        let (origin, page, place) = guest_place(entity);
        let page = self.guests.get(origin)?.pages.get(page)?.as_ref()?;
        let slot = &page.slots[place];
        (slot.generation == entity.generation()).then_some(slot)
    }

    #[cold]
    fn absent(&self, entity: Entity) -> EntityError {
        match self.natives.get(entity.index() as usize) {
            Some(slot) if slot.generation == entity.generation() && slot.table == AWAY => {
                EntityError::NotHere(entity)
            }
            _ => EntityError::Dead(entity),
        }
    }

    /// The slot of an entity that is here.
    ///
    /// # Panics
    /// If it is not.
    #[inline]
    pub(crate) fn slot_mut(&mut self, entity: Entity) -> &mut Slot {
        if entity.origin() == self.origin {
            return &mut self.natives[entity.index() as usize];
        }
        let (origin, page, place) = guest_place(entity);
        let page = self.guests[origin].pages[page].as_mut().expect("a guest has a page");
        &mut page.slots[place]
    }

    /// The entity, which was here, has left.
    #[inline]
    pub(crate) fn depart(&mut self, entity: Entity) {
        self.live -= 1;
        if entity.origin() == self.origin {
            let slot = &mut self.natives[entity.index() as usize];
            debug_assert!(slot.generation == entity.generation() && slot.table < FREE);
            (slot.table, slot.row, slot.outbox) = (AWAY, NONE, NONE);
        } else {
            self.vacate(entity);
        }
    }

    /// The entity, which was here, is no more. `true` if its slot is another
    /// world's to reuse.
    #[inline]
    pub(crate) fn remove(&mut self, entity: Entity) -> bool {
        self.live -= 1;
        if entity.origin() == self.origin {
            self.release(entity.index());
            false
        } else {
            self.vacate(entity);
            true
        }
    }

    /// An entity of this world died abroad. An id that is not away is ignored.
    pub(crate) fn reclaim(&mut self, entity: Entity) {
        let away = self
            .natives
            .get(entity.index() as usize)
            .is_some_and(|slot| slot.generation == entity.generation() && slot.table == AWAY);
        if entity.origin() == self.origin && away {
            self.release(entity.index());
        }
    }

    fn release(&mut self, index: u32) {
        let slot = &mut self.natives[index as usize];
        slot.outbox = NONE;
        slot.table = FREE;
        if slot.generation == MAX_GENERATION {
            // Used up: retired, so that no id ever comes twice.
            slot.generation = 0;
            return;
        }
        slot.generation += 1;
        slot.row = self.free;
        self.free = index;
    }

    fn vacate(&mut self, entity: Entity) {
        let (origin, page, place) = guest_place(entity);
        let home = &mut self.guests[origin].pages[page];
        let page = home.as_mut().expect("a guest has a page");
        debug_assert_eq!(page.slots[place].generation, entity.generation());
        page.slots[place] = VACANT;
        page.used -= 1;
        if page.used == 0 {
            self.pool.extend(home.take());
        }
    }

    /// Gives back memory that no entity needs.
    pub(crate) fn shrink(&mut self) {
        self.pool = Vec::new();
        for guests in &mut self.guests {
            let used = guests.pages.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            guests.pages.truncate(used);
            guests.pages.shrink_to_fit();
        }
    }

    /// The bytes allocated.
    pub(crate) fn bytes(&self) -> usize {
        let pages: usize = self.guests.iter().map(|guests| guests.pages.capacity()).sum();
        let used: usize = self.guests.iter().flat_map(|guests| &guests.pages).flatten().count();
        self.natives.capacity() * size_of::<Slot>()
            + pages * size_of::<usize>()
            + (used + self.pool.len()) * size_of::<Page>()
    }
}

fn guest_place(entity: Entity) -> (usize, usize, usize) {
    let index = entity.index() as usize;
    (entity.origin() as usize, index / PAGE, index % PAGE)
}
