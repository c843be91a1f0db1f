//! Many entities move to another world on the same thread, with nothing in between.

use alloc::vec::Vec;

use super::access::assert_sound;
use super::moving::MoveError;
use super::{World, admits, tabled};
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::memory::bits;
use crate::query::Filter;
use crate::schema::{Mask, Schema};
use crate::table::Table;

impl<W: WorldConfig> World<W> {
    /// Moves each entity that matches `F` to another world on this thread, as
    /// [`move_to`](Self::move_to) moves one. Answers how many these were.
    ///
    /// # Cost
    /// Where `F` asks only what tables answer, and the entities have no sparse components
    /// and no relations, a table moves as a whole: its columns are copied in one piece each
    /// to the end of the other world's, or, where that has no entity with these components,
    /// change hands by pointer. Each entity then costs a write to either world's list of who
    /// is where, and one to the coordinator's directory. All others move one by one.
    ///
    /// # Errors
    /// If the other world has no room for all of them, or is closed to the archetype of one.
    /// Nothing has moved then. Hooks on arrival run when all have moved.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Boid(f32);
    /// # #[derive(Component)] struct Far;
    /// # #[world_config(components(Boid, Far))] struct Base;
    /// let (mut fine, mut coarse) = (World::<Base>::new(), World::<Base>::new());
    /// fine.spawn_batch((0..100).map(|n| Boid(n as f32)))?;
    /// fine.spawn_batch((0..50).map(|n| (Boid(n as f32), Far)))?;
    /// assert_eq!(fine.move_query_to::<With<Far>, _>(&mut coarse)?, 50);
    /// assert_eq!((fine.len(), coarse.len()), (100, 50));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn move_query_to<F, V>(&mut self, world: &mut World<V>) -> Result<usize, MoveError>
    where
        F: Filter<W::Schema>,
        V: WorldConfig<Schema = W::Schema>,
    {
        let sound = const { assert_sound::<W::Schema, Entity, F>() };
        // Whose sources wait for it there is told one by one.
        let awaited = const { W::Schema::LINKED != 0 } && !world.waiting.is_empty();
        let plain =
            |table: &Table| table.is_plain() && table.mask() & W::Schema::LINKED == 0 && !awaited;
        let (tables, single) = self.chosen(sound, plain, |_| true, 0);
        let whole = tables.iter().map(|&table| self.tables.get(table).len()).sum::<usize>();
        let count = whole + single.len();
        let masks = tables.iter().map(|&table| self.tables.get(table).mask());
        let others = single.iter().filter_map(|&entity| self.entities.find(entity).ok());
        let masks = masks.chain(others.map(|place| self.row_mask(place, Mask::MAX)));
        let taken = world.check_room(count).and_then(|()| world.check_archetypes(masks));
        let mut arrived = Vec::new();
        if taken.is_ok() {
            tables.iter().for_each(|&table| self.move_table_to(table, world, &mut arrived));
            for &entity in &single {
                let moved = self.move_silently(entity, world);
                let moved = moved.expect("it is here, and there is room for all");
                if world.has_arrive_hook() {
                    arrived.push(moved);
                }
            }
        }
        self.scratch.give_back(tables, single);
        // Last, since it may change the other world.
        world.tell_arrived(&arrived);
        Ok(taken.map(|()| count)?)
    }

    /// Whether entities of all these archetypes can come in; makes their tables.
    fn check_archetypes(&mut self, masks: impl Iterator<Item = Mask>) -> Result<(), Refusal> {
        let mut last = None;
        for mask in masks {
            if last.replace(mask) == Some(mask) {
                continue;
            }
            if !admits::<W>(mask) {
                self.counts.refused += 1;
                return Err(Refusal::ClosedArchetype);
            }
            self.tables.of(tabled::<W>(mask))?;
        }
        Ok(())
    }

    /// Moves all rows of a table whose entities have neither sparse components nor
    /// relations, to a world that takes them.
    fn move_table_to<V: WorldConfig<Schema = W::Schema>>(
        &mut self,
        number: u32,
        world: &mut World<V>,
        arrived: &mut Vec<Entity>,
    ) {
        let source = self.tables.get_mut(number);
        let (mask, count) = (source.mask(), source.len());
        let to = world.tables.of(mask).expect("the table was found just now");
        let target = world.tables.get_mut(to);
        let first = target.len();
        // Neither takes what was reserved for others, nor gives it away.
        let filled = count >= source.capacity() / 2 && source.capacity() >= target.capacity();
        let plain = target.is_plain() && !target.is_stamped() && !source.is_stamped();
        let swap = first == 0 && filled && plain;
        // First what can panic.
        world.entities.check_ids(count);
        if !swap {
            target.make_room(count);
        }
        if self.outbox.len() > 0 {
            for &entity in source.entities() {
                self.outbox.take(&mut self.entities, entity);
            }
        }
        self.entities.depart_all(source.entities());
        self.counts.departed += count as u64;
        if swap {
            core::mem::swap(source, target);
            target.give_up_rows();
        } else {
            for index in bits(mask) {
                let size = W::Schema::COMPONENTS[index].size;
                // SAFETY: the source has `count` rows, given up below, and the target room
                // for as many after its length. They are columns of two worlds.
                unsafe {
                    let cells = target.cell(index, first);
                    cells.copy_from_nonoverlapping(source.cell(index, 0), count * size);
                }
            }
            let ids = target.next_ids();
            // SAFETY: as above, of the ids.
            unsafe { ids.copy_from_nonoverlapping(source.entities().as_ptr(), count) };
            source.give_up_rows();
        }
        // SAFETY: as many ids are behind the table's length: an id and an optional one are
        // the same bits, and nobody else looks at them before the rows are added.
        let ids = unsafe { core::slice::from_raw_parts_mut(target.next_ids().cast(), count) };
        let place = Place { table: to, row: first as u32 };
        world.entities.arrive_rows(ids, place, &mut 0);
        // SAFETY: the columns have been written, and the ids are those of who came.
        unsafe { target.added(count) };
        world.counts.arrived += count as u64;
        world.stamp_arrived(to, mask, first, count);
        if let Some(directory) = &world.directory {
            directory.put_all_in(&world.tables.get(to).entities()[first..], world.id_or_0());
        }
        if world.has_arrive_hook() {
            arrived.extend(&world.tables.get(to).entities()[first..]);
        }
    }
}
