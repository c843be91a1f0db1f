//! What the worlds of a coordinator tell each other of their entities' moves.
//!
//! # Protocol
//!
//! For each id that ever left its origin there is a word: the generation that left last,
//! and where it was sent. Who has the entity in hand writes: its source before it pushes
//! it, and so before its target can send it on; the world in which it dies, before its id
//! goes home to be given again. So each word is written by one world after the other, each
//! of which has taken the entity, or its id, out of a queue that the one before pushed it
//! into, and what is in the word is never older than what its next writer has seen. A
//! reader looks at one word, and nothing else is read through it: it sees some value
//! between the last that it knows of and the last that was written.
//!
//! A target does not write that an entity has come: it knows, and to others it is all the
//! same. Only where members of an array share an inbox must the one say who took it.
//!
//! - **Memory**: 4 bytes for an id, in pages that are made when the first of their ids
//!   leaves, and stay. There are as many ids as the origin has ever had at once, since
//!   indices are given again.
//! - **In lock-step** worlds write in the second half of a tick, and systems read in the
//!   first, so that what they read depends on no thread.
// Public to the loom models only.
#![allow(unreachable_pub)]

use std::sync::{Arc, OnceLock};

use ecs_core::entity::Entity;
use ecs_core::location::Whereabouts;

use crate::sync::{AtomicU32, Ordering};

#[cfg(not(ecs_loom))]
const PAGE_BITS: u32 = 10;
#[cfg(ecs_loom)]
const PAGE_BITS: u32 = 1;
const PAGE: usize = 1 << PAGE_BITS;
/// Places of pages, in lists of 1, 2, 4, ... of them.
const LISTS: usize = (32 - PAGE_BITS) as usize + 1;

const PLACE_BITS: u32 = 12;
/// Kinds of places; the lowest 8 bits are a world's id.
const AT: u32 = 1 << 8;
const SENT: u32 = 2 << 8;
const SENT_TO_ARRAY: u32 = 3 << 8;
const DEAD: u32 = 4 << 8;

type Page = [AtomicU32; PAGE];
type List = Box<[OnceLock<Box<Page>>]>;

/// Where an entity is put down to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whither(u32);

impl Whither {
    /// It was sent to this world.
    pub const fn sent_to(world: u16) -> Self {
        Self(SENT | world as u32)
    }

    /// It was sent to the array whose first member this is.
    pub const fn sent_to_array(world: u16) -> Self {
        Self(SENT_TO_ARRAY | world as u32)
    }

    /// It is in this world.
    pub const fn at(world: u16) -> Self {
        Self(AT | world as u32)
    }

    fn word(self, entity: Entity) -> u32 {
        entity.generation() << PLACE_BITS | self.0
    }
}

/// The ids of one origin, by their indices.
#[derive(Default)]
struct Origin {
    lists: [OnceLock<List>; LISTS],
}

impl Origin {
    /// In which list the page with this number is, and where.
    fn place(number: u32) -> (usize, usize) {
        let list = (number + 1).ilog2();
        (list as usize, (number + 1 - (1 << list)) as usize)
    }

    fn page(&self, number: u32) -> Option<&Page> {
        let (list, place) = Self::place(number);
        self.lists[list].get()?[place].get().map(|page| &**page)
    }

    fn make_page(&self, number: u32) -> &Page {
        let (list, place) = Self::place(number);
        let list = self.lists[list]
            .get_or_init(|| (0..1_usize << list).map(|_| OnceLock::new()).collect());
        list[place].get_or_init(|| Box::new(std::array::from_fn(|_| AtomicU32::new(0))))
    }

    fn bytes(&self) -> usize {
        let lists = self.lists.iter().filter_map(OnceLock::get);
        lists.flat_map(|list| list.iter()).fold(0, |bytes, place| {
            let page = place.get().map_or(0, |_| size_of::<Page>());
            bytes + page + size_of::<OnceLock<Box<Page>>>()
        })
    }
}

/// Where the entities of a coordinator are.
pub struct Directory {
    /// By the origins' worlds.
    origins: Box<[Origin]>,
}

impl Directory {
    /// For so many worlds.
    pub fn new(worlds: usize) -> Self {
        Self { origins: (0..worlds).map(|_| Origin::default()).collect() }
    }

    /// Puts down where entities are, of whom the caller is the last to have had them in
    /// hand.
    #[inline]
    pub fn note(&self, entities: impl IntoIterator<Item = Entity>, place: Whither) {
        // The page of the last one.
        let (mut key, mut page) = (None, None::<&Page>);
        for entity in entities {
            let this = (entity.origin(), entity.index() >> PAGE_BITS);
            if key != Some(this) {
                (key, page) = (Some(this), self.page_of(entity));
            }
            if let Some(page) = page {
                // ORDERING: relaxed: nothing is read through it. The next to write it comes
                // after this, by the queue that the entity goes through.
                let word = &page[entity.index() as usize % PAGE];
                word.store(place.word(entity), Ordering::Relaxed);
            }
        }
    }

    #[inline(never)]
    fn page_of(&self, entity: Entity) -> Option<&Page> {
        let origin = self.origins.get((entity.origin() as usize).wrapping_sub(1))?;
        let number = entity.index() >> PAGE_BITS;
        Some(origin.page(number).unwrap_or_else(|| origin.make_page(number)))
    }

    /// The word of an id, if any of its page ever left.
    fn word(&self, entity: Entity) -> Option<&AtomicU32> {
        let origin = self.origins.get((entity.origin() as usize).wrapping_sub(1))?;
        let page = origin.page(entity.index() >> PAGE_BITS)?;
        Some(&page[entity.index() as usize % PAGE])
    }

    /// An entity has died, of which the caller was the last to have it in hand. Where it
    /// is not known, it never left its origin.
    pub fn note_dead(&self, entity: Entity) {
        let Some(word) = self.word(entity) else { return };
        // ORDERING: relaxed, both: as in `note`; nobody else writes now.
        if word.load(Ordering::Relaxed) >> PLACE_BITS == entity.generation() {
            word.store(Whither(DEAD).word(entity), Ordering::Relaxed);
        }
    }

    /// The one of an array that took an entity in, unless it was sent on since.
    pub(crate) fn note_taker(&self, entity: Entity, first: u16, member: u16) {
        let Some(word) = self.word(entity) else { return };
        // ORDERING: relaxed, both: as in `note_dead`.
        if word.load(Ordering::Relaxed) == Whither::sent_to_array(first).word(entity) {
            word.store(Whither::at(member).word(entity), Ordering::Relaxed);
        }
    }

    /// Where the entity was when it was last heard of.
    pub fn whereabouts(&self, entity: Entity) -> Whereabouts {
        let Some(home) = entity.origin().checked_sub(1) else { return Whereabouts::Unknown };
        if home as usize >= self.origins.len() {
            return Whereabouts::Unknown;
        }
        // ORDERING: relaxed: pairs with the stores in `note` and `note_dead`; the word is
        // all that is read.
        let word = self.word(entity).map_or(0, |word| word.load(Ordering::Relaxed));
        match (word >> PLACE_BITS).cmp(&entity.generation()) {
            std::cmp::Ordering::Less => return Whereabouts::AtHome(home),
            std::cmp::Ordering::Greater => return Whereabouts::Dead,
            std::cmp::Ordering::Equal => {}
        }
        let world = (word & 0xFF) as u16;
        match word & 0xF00 {
            AT => Whereabouts::At(world),
            SENT => Whereabouts::SentTo(world),
            SENT_TO_ARRAY => Whereabouts::SentToArray(world),
            _ => Whereabouts::Dead,
        }
    }

    /// The bytes of the pages, and of their places.
    pub fn bytes(&self) -> usize {
        self.origins.iter().map(Origin::bytes).sum()
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// What a world reads and writes of it by itself.
pub(crate) struct Shared(pub(crate) Arc<Directory>);

impl ecs_core::location::Directory for Shared {
    fn whereabouts(&self, entity: Entity) -> Whereabouts {
        self.0.whereabouts(entity)
    }

    fn put_in(&self, entity: Entity, world: u16) {
        // Mostly it was sent here, or is back where it was born.
        let known = match self.0.whereabouts(entity) {
            Whereabouts::At(at) | Whereabouts::SentTo(at) | Whereabouts::AtHome(at) => at == world,
            _ => false,
        };
        if !known {
            self.0.note([entity], Whither::at(world));
        }
    }

    fn put_all_in(&self, entities: &[Entity], world: u16) {
        self.0.note(entities.iter().copied(), Whither::at(world));
    }
}
