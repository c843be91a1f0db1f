//! Many entities leave at once, or come to consecutive rows of a table.

use super::{AWAY, Entities, PAGE, Place, ROW_BITS, Slot, TABLE_BITS, VACANT, guest_place};
use crate::entity::Entity;

impl Entities {
    /// As [`arrive`](Self::arrive) for entities that come to the rows from `place` on.
    /// Those that get a fresh id get it in `ids`. Counts each in `done`.
    ///
    /// # Panics
    /// As [`create`](Self::create): those that are counted have come.
    pub(crate) fn arrive_rows(
        &mut self,
        ids: &mut [Option<Entity>],
        place: Place,
        done: &mut usize,
    ) {
        while let Some(&next) = ids.get(*done) {
            let place = Place { row: place.row + *done as u32, ..place };
            let came = match next {
                None => 0,
                Some(entity) if entity.origin() == self.origin => {
                    self.arrive_natives(&ids[*done..], place)
                }
                Some(guest) => self.arrive_guests(guest, &ids[*done..], place),
            };
            if came == 0 {
                ids[*done] = Some(self.create_at(place));
            }
            *done += came.max(1);
        }
    }

    /// Takes in those of `ids`, up to the first other, who are of this world and away.
    fn arrive_natives(&mut self, ids: &[Option<Entity>], place: Place) -> usize {
        let slots: &mut [Slot] = &mut self.natives;
        // What a slot has before its row, less what the id has before its index: of one
        // who is away, and of one who is here. Of another origin, the first sum has more
        // bits than a slot has there.
        let first = u64::from(self.first) << TABLE_BITS;
        let (away, here) =
            (u64::from(AWAY).wrapping_sub(first), u64::from(place.table).wrapping_sub(first));
        let mut came = 0;
        for &id in ids {
            let Some(entity) = id else { break };
            let before = u64::from(entity.origin_and_generation()) << TABLE_BITS;
            match slots.get_mut(entity.index() as usize) {
                Some(slot) if slot.0 >> ROW_BITS == before.wrapping_add(away) => {
                    let row = u64::from(place.row) + came as u64;
                    *slot = Slot(before.wrapping_add(here) << ROW_BITS | row);
                }
                _ => break,
            }
            came += 1;
        }
        self.live += came;
        came
    }

    /// Takes in those of `ids`, up to the first other, who have a vacant slot in the page
    /// of the first.
    fn arrive_guests(&mut self, first: Entity, ids: &[Option<Entity>], place: Place) -> usize {
        let (origin, number, _) = guest_place(first);
        let (page, _) = self.guest_page(first);
        let mut came = 0;
        for &id in ids {
            let Some(entity) = id else { break };
            let (of, page_number, index) = guest_place(entity);
            if (of, page_number) != (origin, number) || page.slots[index] != VACANT {
                break;
            }
            let row = place.row + came as u32;
            page.slots[index] = Slot::new(entity.generation(), place.table, row);
            came += 1;
        }
        page.used += came;
        self.live += came;
        came
    }

    /// As [`depart`](Self::depart) for many, each of them once.
    pub(crate) fn depart_all(&mut self, entities: &[Entity]) {
        self.live -= entities.len();
        let slots: &mut [Slot] = &mut self.natives;
        let mut guests = 0;
        for &entity in entities {
            if entity.origin() != self.origin {
                guests += 1;
                continue;
            }
            let slot = &mut slots[entity.index() as usize];
            debug_assert!(slot.generation() == entity.generation() && slot.table() < super::FREE);
            *slot = Slot::new(entity.generation(), AWAY, 0);
        }
        // Apart, so that the loop over natives has nothing else to do.
        if guests > 0 {
            let page_of = |entity: &Entity| (entity.origin(), entity.index() as usize / PAGE);
            for run in entities.chunk_by(|one, other| page_of(one) == page_of(other)) {
                if run[0].origin() != self.origin {
                    self.vacate_all(run);
                }
            }
        }
    }

    /// As [`vacate`](Self::vacate) for guests of one page, at least one.
    fn vacate_all(&mut self, run: &[Entity]) {
        let (origin, number, _) = guest_place(run[0]);
        let home = &mut self.guests[origin].pages[number];
        let page = home.as_mut().expect("a guest has a page");
        for &entity in run {
            let slot = &mut page.slots[entity.index() as usize % PAGE];
            debug_assert_eq!(slot.generation(), entity.generation());
            *slot = VACANT;
        }
        page.used -= run.len();
        if page.used == 0 {
            self.pool.extend(home.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn pages_of_guests_go_to_the_pool_when_all_have_left() {
        let mut home = Entities::new(1);
        let mut abroad = Entities::new(2);
        let place = Place { table: 0, row: 0 };
        let all: Vec<Entity> = (0..600).map(|_| home.create_at(place)).collect();
        home.depart_all(&all);
        let mut ids: Vec<Option<Entity>> = all.iter().copied().map(Some).collect();
        let mut came = 0;
        abroad.arrive_rows(&mut ids, place, &mut came);
        assert_eq!((came, abroad.live(), home.live()), (600, 600, 0));
        assert!(ids.iter().copied().eq(all.iter().copied().map(Some)), "they keep their ids");
        assert_eq!(abroad.find(all[599]).map(|place| place.row), Ok(599));
        abroad.depart_all(&all[..300]);
        assert_eq!((abroad.live(), abroad.pool.len()), (300, 1));
        abroad.depart_all(&all[300..]);
        assert_eq!((abroad.live(), abroad.pool.len()), (0, 3));
        home.arrive_rows(&mut ids, place, &mut 0);
        assert_eq!(home.find(all[7]).map(|place| place.row), Ok(7));
    }
}
