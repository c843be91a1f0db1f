//! Where each entity is: a dense array for those born here, pages for guests.

mod memory;
mod moving;
#[cfg(any(feature = "serde", feature = "snapshot"))]
pub(crate) mod saved;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::column::Array;
use crate::entity::{Entity, GENERATION_BITS, MAX_GENERATION};
use crate::error::EntityError;

/// No outbox entry, and no row.
pub(crate) const NONE: u32 = u32::MAX;

const ROW_BITS: u32 = 28;
const TABLE_BITS: u32 = 16;
/// The most rows in one table.
pub(crate) const MAX_ROWS: u32 = 1 << ROW_BITS;
/// The most tables: what is above stands for slots that are in none.
pub(crate) const MAX_TABLES: u32 = FREE;
/// The table of a slot without an entity.
const FREE: u32 = AWAY - 1;
/// The table of a slot whose entity is in another world, or on its way.
const AWAY: u32 = (1 << TABLE_BITS) - 1;

const PAGE: usize = 256;

/// Where an entity is in its world: its generation (20 bits), table (16) and row
/// (28). A free slot holds the next entity's generation. Generation 0 is
/// nobody's: of a guest's slot that is vacant, or a native's that is used up.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot(u64);

const VACANT: Slot = Slot(0);
const _: () = assert!(size_of::<Slot>() == 8);

impl Slot {
    #[inline(always)]
    const fn new(generation: u32, table: u32, row: u32) -> Self {
        debug_assert!(generation <= MAX_GENERATION && table <= AWAY && row < MAX_ROWS);
        let high = (generation as u64) << (TABLE_BITS + ROW_BITS);
        Self(high | (table as u64) << ROW_BITS | row as u64)
    }

    #[inline(always)]
    const fn generation(self) -> u32 {
        (self.0 >> (TABLE_BITS + ROW_BITS)) as u32
    }

    #[inline(always)]
    const fn table(self) -> u32 {
        (self.0 >> ROW_BITS) as u32 & AWAY
    }

    #[inline(always)]
    const fn row(self) -> u32 {
        self.0 as u32 & (MAX_ROWS - 1)
    }

    /// Whether it is this entity's and in this state.
    #[inline(always)]
    const fn is_away(self, entity: Entity) -> bool {
        self.generation() == entity.generation() && self.table() == AWAY
    }

    #[inline(always)]
    const fn at(self, place: Place) -> Self {
        Self::new(self.generation(), place.table, place.row)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{} in {} at {}", self.generation(), self.table(), self.row())
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) table: u32,
    pub(crate) row: u32,
}

/// Guests of one origin. A page without guests goes back to the pool.
#[derive(Debug, Default)]
struct Guests {
    pages: Vec<Option<Box<Page>>>,
}

#[derive(Clone, Debug)]
struct Page {
    slots: [Slot; PAGE],
    outbox: [u32; PAGE],
    used: usize,
}

#[derive(Debug)]
pub(crate) struct Entities {
    origin: u16,
    /// What an id of this origin has before its index, less the generation.
    first: u32,
    natives: Array<Slot>,
    /// The place of each native in the outbox, or [`NONE`]; as long as it has
    /// been needed.
    outbox: Vec<u32>,
    /// The free slots. A list through the slots would take no memory, but each id
    /// from it would wait for the slot before.
    free: Array<u32>,
    /// By origin.
    guests: Vec<Guests>,
    /// Empty pages for the next guests.
    #[expect(clippy::vec_box, reason = "pages go from here to their places as they are")]
    pool: Vec<Box<Page>>,
    live: usize,
}

/// The bytes that an entity takes in the world that it was born in, beside its
/// components and the id beside them: its slot.
pub(crate) const SLOT_BYTES: usize = size_of::<Slot>();

impl Entities {
    pub(crate) fn new(origin: u16) -> Self {
        Self {
            origin,
            first: u32::from(origin) << GENERATION_BITS,
            natives: Array::new(),
            outbox: Vec::new(),
            free: Array::new(),
            guests: Vec::new(),
            pool: Vec::new(),
            live: 0,
        }
    }

    /// A world on its own to which these entities, of whatever origins, have come.
    pub(crate) fn adopted(entities: impl Iterator<Item = (Entity, Place)>) -> Self {
        let mut adopted = Self::new(0);
        for (entity, place) in entities {
            if entity.origin() != adopted.origin {
                adopted.arrive_guest(entity, place);
                continue;
            }
            let index = entity.index() as usize;
            while adopted.natives.len() <= index {
                adopted.natives.push(Slot::new(1, FREE, 0));
            }
            adopted.natives[index] = Slot::new(entity.generation(), place.table, place.row);
            adopted.live += 1;
        }
        let slots = (0..).zip(adopted.natives.iter());
        for (index, _) in slots.filter(|(_, slot)| slot.table() == FREE) {
            adopted.free.push(index);
        }
        adopted
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
    pub(crate) fn create(&mut self) -> Entity {
        let entity = self.create_in(AWAY, 0);
        self.live -= 1;
        entity
    }

    /// A fresh id of this world, here at this place.
    ///
    /// # Panics
    /// As [`create`](Self::create).
    #[inline]
    pub(crate) fn create_at(&mut self, place: Place) -> Entity {
        self.create_in(place.table, place.row)
    }

    #[inline(always)]
    fn create_in(&mut self, table: u32, row: u32) -> Entity {
        let Some(index) = self.free.pop() else {
            if self.natives.is_full() {
                self.grow();
            }
            let index = self.natives.len() as u32;
            self.natives.push(Slot::new(1, table, row));
            self.live += 1;
            return self.id(1, index);
        };
        let slot = &mut self.natives[index as usize];
        debug_assert_eq!(slot.table(), FREE);
        let generation = slot.generation();
        *slot = Slot::new(generation, table, row);
        self.live += 1;
        self.id(generation, index)
    }

    /// The id of this world with this generation, at least 1, and index.
    #[inline(always)]
    fn id(&self, generation: u32, index: u32) -> Entity {
        Entity::of(self.first | generation, index)
    }

    /// Makes room for more slots, also for as many ids as there can be.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.check_ids(1);
        self.natives.grow(1);
    }

    /// The index of the first of `count` new slots.
    ///
    /// # Panics
    /// If there are not that many ids left.
    #[inline(always)]
    pub(crate) fn check_ids(&self, count: usize) -> u32 {
        let first = self.natives.len();
        assert!(count <= NONE as usize - first, "fewer than 2^32 ids");
        first as u32
    }

    /// Gets ready for `count` more ids of this world.
    ///
    /// # Panics
    /// As [`create`](Self::create), or if there is no memory for so many.
    pub(crate) fn make_room(&mut self, count: usize) {
        self.check_ids(count);
        self.natives.make_room(count);
    }

    /// Fresh ids for `count` rows of a table from `place` on, written to `ids`. Does
    /// not panic where [`make_room`](Self::make_room) got ready for them.
    ///
    /// # Safety
    /// `ids` has room for `count`.
    pub(crate) unsafe fn create_rows(&mut self, place: Place, count: usize, ids: *mut Entity) {
        let Place { table, mut row } = place;
        let end = row + count as u32;
        let mut ids = ids;
        while row < end && !self.free.is_empty() {
            let entity = self.create_in(table, row);
            // SAFETY: fewer than `count` were written.
            ids = unsafe {
                ids.write(entity);
                ids.add(1)
            };
            row += 1;
        }
        let rest = end - row;
        let first = self.check_ids(rest as usize);
        // SAFETY: all slots are written at once, and `ids` has room for the rest.
        unsafe {
            let slots = self.natives.extend(rest as usize);
            for n in 0..rest {
                slots.add(n as usize).write(Slot::new(1, table, row + n));
                ids.add(n as usize).write(self.id(1, first + n));
            }
        }
        self.live += rest as usize;
    }

    /// Room for `additional` more ids of this world.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.natives.reserve(additional);
    }

    /// An entity has come to this place: one of ours is back, or a guest. One
    /// without an id, or with an id that is in use here (it is from another
    /// coordinator), gets a fresh one. Answers its id.
    ///
    /// # Panics
    /// As [`create`](Self::create): nothing has changed then.
    #[inline]
    pub(crate) fn arrive(&mut self, entity: Option<Entity>, place: Place) -> Entity {
        let Some(entity) = entity else { return self.create_at(place) };
        if entity.origin() != self.origin {
            return self.arrive_guest(entity, place);
        }
        match self.natives.get_mut(entity.index() as usize) {
            Some(slot) if slot.is_away(entity) => {
                self.live += 1;
                *slot = slot.at(place);
                entity
            }
            _ => self.create_at(place),
        }
    }

    fn arrive_guest(&mut self, entity: Entity, place: Place) -> Entity {
        let (page, index) = self.guest_page(entity);
        if page.slots[index] != VACANT {
            return self.create_at(place);
        }
        page.used += 1;
        page.slots[index] = Slot::new(entity.generation(), place.table, place.row);
        self.live += 1;
        entity
    }

    /// The page of a guest's slot, made if there is none, and its place there.
    fn guest_page(&mut self, entity: Entity) -> (&mut Page, usize) {
        let (origin, page, index) = guest_place(entity);
        if self.guests.len() <= origin {
            self.guests.resize_with(origin + 1, Guests::default);
        }
        let pages = &mut self.guests[origin].pages;
        if pages.len() <= page {
            pages.resize_with(page + 1, || None);
        }
        let page = pages[page].get_or_insert_with(|| {
            self.pool.pop().unwrap_or_else(|| {
                Box::new(Page { slots: [VACANT; PAGE], outbox: [NONE; PAGE], used: 0 })
            })
        });
        (page, index)
    }

    /// Where the entity is, if it is here. The table of one that is not may be
    /// answered as [`MAX_TABLES`] or above, for those who check it anyway.
    #[inline(always)]
    pub(crate) fn seek(&self, entity: Entity) -> Option<Place> {
        // Of another origin, this is no generation.
        let generation = entity.origin_and_generation().wrapping_sub(self.first);
        let slot = match self.natives.get(entity.index() as usize) {
            Some(slot) if slot.generation() == generation => *slot,
            _ => guest(self.pages(entity.origin()), entity)?,
        };
        Some(Place { table: slot.table(), row: slot.row() })
    }

    /// The rows of entities that are in this table, which is below [`MAX_TABLES`];
    /// [`NONE`] for others.
    #[inline(always)]
    pub(crate) fn seek_rows(&self, entities: &[Entity], table: u32, rows: &mut [u32]) {
        debug_assert!(table < MAX_TABLES);
        let slots: &[Slot] = &self.natives;
        // What a slot must have before its row, less what the id has before its index.
        // Of another origin, the sum has more bits than a slot has there.
        let add = u64::from(table).wrapping_sub(u64::from(self.first) << TABLE_BITS);
        // The pages of the last guest's origin.
        let (mut origin, mut pages): (_, &[_]) = (self.origin, &[]);
        for (row, &entity) in rows.iter_mut().zip(entities) {
            let before = u64::from(entity.origin_and_generation()) << TABLE_BITS;
            let wanted = before.wrapping_add(add);
            *row = match slots.get(entity.index() as usize) {
                Some(slot) if slot.0 >> ROW_BITS == wanted => slot.row(),
                _ => {
                    if entity.origin() != origin {
                        origin = entity.origin();
                        pages = self.pages(origin);
                    }
                    match guest(pages, entity) {
                        Some(slot) if slot.table() == table => slot.row(),
                        _ => NONE,
                    }
                }
            };
        }
    }

    /// Where the entity is.
    ///
    /// # Errors
    /// If it is not here.
    #[inline(always)]
    pub(crate) fn find(&self, entity: Entity) -> Result<Place, EntityError> {
        match self.seek(entity) {
            Some(place) if place.table < MAX_TABLES => Ok(place),
            _ => Err(self.absent(entity)),
        }
    }

    /// The pages of guests of an origin.
    #[inline]
    fn pages(&self, origin: u16) -> &[Option<Box<Page>>] {
        self.guests.get(origin as usize).map_or(&[], |guests| &guests.pages)
    }

    /// Why the entity is not here.
    #[cold]
    #[inline(never)]
    pub(crate) fn absent(&self, entity: Entity) -> EntityError {
        if entity.origin() != self.origin {
            return EntityError::NotHere(entity);
        }
        match self.natives.get(entity.index() as usize) {
            Some(slot) if slot.is_away(entity) => EntityError::NotHere(entity),
            _ => EntityError::Dead(entity),
        }
    }

    /// The page of a guest that is here, and its place there.
    ///
    /// # Panics
    /// If it is not.
    fn page(&mut self, entity: Entity) -> (&mut Page, usize) {
        let (origin, page, index) = guest_place(entity);
        (self.guests[origin].pages[page].as_mut().expect("a guest has a page"), index)
    }

    /// The entity, which is here, has moved.
    ///
    /// # Panics
    /// If it is not here.
    #[inline(always)]
    pub(crate) fn set_place(&mut self, entity: Entity, place: Place) {
        let slot = if entity.origin() == self.origin {
            &mut self.natives[entity.index() as usize]
        } else {
            let (page, index) = self.page(entity);
            &mut page.slots[index]
        };
        debug_assert!(slot.generation() == entity.generation() && slot.table() < FREE);
        // The generation is the id's: the slot need not be read.
        *slot = Slot::new(entity.generation(), place.table, place.row);
    }

    /// Entities, which are here, have moved to consecutive rows of a table.
    ///
    /// # Panics
    /// If one is not here.
    pub(crate) fn set_rows(&mut self, entities: &[Entity], table: u32, first: u32) {
        let slots: &mut [Slot] = &mut self.natives;
        let mut guests = 0;
        for (row, &entity) in (first..).zip(entities) {
            if entity.origin() != self.origin {
                guests += 1;
                continue;
            }
            let slot = &mut slots[entity.index() as usize];
            debug_assert!(slot.generation() == entity.generation() && slot.table() < FREE);
            *slot = Slot::new(entity.generation(), table, row);
        }
        // Apart, so that the loop over natives has nothing else to do.
        if guests > 0 {
            for (row, &entity) in (first..).zip(entities) {
                if entity.origin() != self.origin {
                    self.set_place(entity, Place { table, row });
                }
            }
        }
    }

    /// The place in the outbox of an entity that is here, or [`NONE`].
    #[inline]
    pub(crate) fn outbox(&self, entity: Entity) -> u32 {
        if entity.origin() == self.origin {
            return self.outbox.get(entity.index() as usize).copied().unwrap_or(NONE);
        }
        let (origin, page, index) = guest_place(entity);
        let page = self.guests[origin].pages[page].as_ref();
        page.expect("a guest has a page").outbox[index]
    }

    /// Changes the place in the outbox of an entity that is here.
    #[inline]
    pub(crate) fn set_outbox(&mut self, entity: Entity, place: u32) {
        if entity.origin() != self.origin {
            let (page, index) = self.page(entity);
            page.outbox[index] = place;
            return;
        }
        let index = entity.index() as usize;
        if index >= self.outbox.len() {
            if place == NONE {
                return;
            }
            self.outbox.resize(self.natives.len(), NONE);
        }
        self.outbox[index] = place;
    }

    /// The entity, which was here and is not in the outbox, has left.
    #[inline]
    pub(crate) fn depart(&mut self, entity: Entity) {
        self.live -= 1;
        if entity.origin() == self.origin {
            let slot = &mut self.natives[entity.index() as usize];
            debug_assert!(slot.generation() == entity.generation() && slot.table() < FREE);
            *slot = Slot::new(entity.generation(), AWAY, 0);
        } else {
            self.vacate(entity);
        }
    }

    /// The entity, which was here and is not in the outbox, is no more. `true` if
    /// its slot is another world's to reuse.
    #[inline]
    pub(crate) fn remove(&mut self, entity: Entity) -> bool {
        self.live -= 1;
        if entity.origin() == self.origin {
            self.release(entity);
            false
        } else {
            self.vacate(entity);
            true
        }
    }

    /// An entity of this world died abroad. An id that is not away is ignored.
    pub(crate) fn reclaim(&mut self, entity: Entity) {
        let slot = self.natives.get(entity.index() as usize);
        if entity.origin() == self.origin && slot.is_some_and(|slot| slot.is_away(entity)) {
            self.release(entity);
        }
    }

    #[inline]
    fn release(&mut self, entity: Entity) {
        let (index, generation) = (entity.index(), entity.generation());
        let slot = &mut self.natives[index as usize];
        if generation == MAX_GENERATION {
            // Used up: retired, so that no id ever comes twice.
            *slot = Slot::new(0, FREE, 0);
            return;
        }
        *slot = Slot::new(generation + 1, FREE, 0);
        self.free.push(index);
    }

    fn vacate(&mut self, entity: Entity) {
        let (origin, page, index) = guest_place(entity);
        let home = &mut self.guests[origin].pages[page];
        let page = home.as_mut().expect("a guest has a page");
        debug_assert_eq!(page.slots[index].generation(), entity.generation());
        page.slots[index] = VACANT;
        page.used -= 1;
        if page.used == 0 {
            self.pool.extend(home.take());
        }
    }
}

/// The slot of a guest, given the pages of its origin.
#[inline(always)]
fn guest(pages: &[Option<Box<Page>>], entity: Entity) -> Option<Slot> {
    let (_, page, index) = guest_place(entity);
    let slot = pages.get(page)?.as_ref()?.slots[index];
    (slot.generation() == entity.generation()).then_some(slot)
}

#[inline]
fn guest_place(entity: Entity) -> (usize, usize, usize) {
    let index = entity.index() as usize;
    (entity.origin() as usize, index / PAGE, index % PAGE)
}
