//! What ids take, what is given back of it, and the same again.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Entities, Guests, NONE, PAGE, Page};

impl Entities {
    /// The same ids at the same places, with nothing in the outbox.
    #[inline]
    pub(crate) fn duplicate(&self) -> Self {
        let page = |page: &Option<Box<Page>>| {
            let mut page = page.clone()?;
            page.outbox = [NONE; PAGE];
            Some(page)
        };
        let guests = self.guests.iter();
        let guests = guests.map(|guests| Guests { pages: guests.pages.iter().map(page).collect() });
        Self {
            origin: self.origin,
            first: self.first,
            natives: self.natives.clone(),
            outbox: Vec::new(),
            free: self.free.clone(),
            guests: guests.collect(),
            pool: Vec::new(),
            live: self.live,
        }
    }

    /// Gives back memory that no entity needs.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        self.natives.shrink();
        self.free.shrink();
        let used = self.outbox.iter().rposition(|&place| place != NONE);
        self.outbox.truncate(used.map_or(0, |last| last + 1));
        self.outbox.shrink_to_fit();
        self.pool = Vec::new();
        for guests in &mut self.guests {
            let used = guests.pages.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            guests.pages.truncate(used);
            guests.pages.shrink_to_fit();
        }
    }

    /// The bytes allocated.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        let pages: usize = self.guests.iter().map(|guests| guests.pages.capacity()).sum();
        let used: usize = self.guests.iter().flat_map(|guests| &guests.pages).flatten().count();
        self.natives.bytes()
            + self.free.bytes()
            + self.outbox.capacity() * size_of::<u32>()
            + pages * size_of::<usize>()
            + (used + self.pool.len()) * size_of::<Page>()
    }
}
