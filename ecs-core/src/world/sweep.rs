//! Many entities are sent to another world: those that match a filter, and those of a
//! list.

use super::World;
use super::access::{Sound, assert_sound};
use crate::block::Block;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::outbox::{Parcel, Request, TransferMarker};
use crate::query::Filter;
use crate::schema::Mask;
use crate::table::Table;
use crate::transfer::TransferFlags;

impl<W: WorldConfig> World<W> {
    /// Sends each entity that matches `F` to another world, at the end of the tick: as
    /// [`TransferMarker::to`] a world with this id, or as a marker says. Answers how many
    /// these are now.
    ///
    /// Where `F` asks only what tables answer, whole tables leave, and no entity is
    /// marked: one that comes into such a table before the tick ends goes along, one that
    /// leaves it stays, one that has a request of its own goes by that, and to
    /// `With<TransferMarker>` none of them is marked. Where `F` asks more (of sparse
    /// components, of changes, of markers), or entities of a table differ in sparse
    /// components, or go as copies, each is marked as if by hand.
    ///
    /// # Cost
    /// A whole table costs nothing until the tick ends. Then each entity costs two writes
    /// to the lists of who is where; the columns are copied into blocks and out of them,
    /// or, where there is room for the whole table in the queue and it does not fit one
    /// block, handed over by pointer: the target copies them where it has entities of this
    /// archetype, and else keeps them. Marking costs what [`insert`](Self::insert) of a
    /// marker does, for each entity.
    ///
    /// What finds no room stays, and is tried again in the next tick with the rest of its
    /// table.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Boid(f32);
    /// # #[derive(Component)] struct Far;
    /// # #[world_config(components(Boid, Far))] struct Base;
    /// #[world_config(base = Base, source, targets(Coarse))]
    /// struct Fine;
    /// #[world_config(base = Base)]
    /// struct Coarse;
    /// coordinator!(type Levels = (Fine, Coarse));
    ///
    /// let mut levels = Levels::new();
    /// levels.start()?;
    /// let coarse = Levels::id_of::<Coarse>();
    /// let fine = levels.world_mut::<Fine>();
    /// fine.spawn_batch((0..100).map(|n| Boid(n as f32)))?;
    /// fine.spawn_batch((0..50).map(|n| (Boid(n as f32), Far)))?;
    /// assert_eq!(fine.transfer_query::<With<Far>>(coarse), 50);
    /// levels.tick()?;
    /// assert_eq!(levels.world::<Fine>().len(), 100);
    /// assert_eq!(levels.world::<Coarse>().len(), 50);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transfer_query<F: Filter<W::Schema>>(&mut self, to: impl Into<TransferMarker>) -> usize {
        self.ask_query(const { assert_sound::<W::Schema, Entity, F>() }, Request::Marked(to.into()))
    }

    /// Completes each entity that matches `F`: routing decides at the end of the tick where it
    /// goes. Answers how many these are now.
    ///
    /// Whole tables leave where [`transfer_query`](Self::transfer_query) would have them leave,
    /// at the same cost, and the rest is [completed](Self::complete) one by one; a marker that
    /// an entity has stays in force.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Order(u32);
    /// # #[derive(Component)] struct Baked;
    /// # #[derive(Component)] struct Burnt;
    /// # #[world_config(components(Order, Baked, Burnt))] struct Base;
    /// #[world_config(base = Base, source, routing(default_target = Delivery, Burnt => Bin))]
    /// struct Kitchen;
    /// #[world_config(base = Base)]
    /// struct Delivery;
    /// #[world_config(base = Base)]
    /// struct Bin;
    /// coordinator!(type Pizzeria = (Kitchen, Delivery, Bin));
    ///
    /// let mut pizzeria = Pizzeria::new();
    /// pizzeria.start()?;
    /// let kitchen = pizzeria.world_mut::<Kitchen>();
    /// kitchen.spawn_batch((0..3).map(Order))?;
    /// kitchen.spawn_batch((0..40).map(|n| (Order(n), Baked)))?;
    /// kitchen.spawn_batch((0..5).map(|n| (Order(n), Baked, Burnt)))?;
    /// assert_eq!(kitchen.complete_query::<With<Baked>>(), 45);
    /// pizzeria.tick()?;
    /// assert_eq!(pizzeria.world::<Delivery>().len(), 40);
    /// assert_eq!(pizzeria.world::<Bin>().len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn complete_query<F: Filter<W::Schema>>(&mut self) -> usize {
        self.ask_query(const { assert_sound::<W::Schema, Entity, F>() }, Request::Completed)
    }

    fn ask_query<F: Filter<W::Schema>>(
        &mut self,
        sound: Sound<W::Schema, Entity, F>,
        request: Request,
    ) -> usize {
        let moves = request.moves();
        let plain = |table: &Table| moves && table.is_plain();
        let (tables, single) = self.chosen(sound, plain, |_| true, 0);
        let mut count = single.len();
        for &entity in &single {
            self.outbox.put(&mut self.entities, Parcel { entity, request });
        }
        for &table in &tables {
            count += self.tables.get(table).len();
            self.outbox.sweep(table, request);
        }
        self.scratch.give_back(tables, single);
        count
    }

    /// Sends each of these entities to another world, at the end of the tick, as
    /// [`transfer_query`](Self::transfer_query) does. Those that are not here are passed
    /// over; answers how many are.
    ///
    /// # Cost
    /// That of inserting a [`TransferMarker`], for each. Entities that leave in the order
    /// in which they stand in their table are copied in one piece.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Boid(f32);
    /// # #[world_config(components(Boid))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let pair = [world.spawn(Boid(1.0))?, world.spawn(Boid(2.0))?];
    /// world.despawn(pair[0])?;
    /// assert_eq!(world.transfer_list(&pair, 1), 1);
    /// assert_eq!(world.outbox_len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transfer_list(&mut self, entities: &[Entity], to: impl Into<TransferMarker>) -> usize {
        let marker = to.into();
        let here = entities.iter().filter(|&&entity| {
            let here = self.contains(entity);
            if here {
                self.mark(entity, marker);
            }
            here
        });
        here.count()
    }
}

/// Whole tables, for those who carry entities between worlds.
#[doc(hidden)]
impl<W: WorldConfig> World<W> {
    /// Takes out of the outbox the table that was last told to leave as a whole.
    pub fn pop_swept(&mut self) -> Option<(u32, Request)> {
        self.outbox.pop_swept()
    }

    /// Puts a table back of which some could not go.
    pub fn put_back_swept(&mut self, table: u32, request: Request) {
        self.outbox.sweep(table, request);
    }

    /// The components of a table, and how many entities it has; `None` if it has none.
    pub fn whole_table(&self, table: u32) -> Option<(Mask, usize)> {
        let table = self.tables.get(table);
        (!table.is_empty()).then(|| (table.mask(), table.len()))
    }

    /// Whether the rows of a table are alike and nobody is to be told of each.
    pub fn can_sweep(&self, table: u32) -> bool {
        self.tables.get(table).is_plain() && !self.has_depart_hook()
    }

    /// Hands all rows of a table that can be swept over to a block, by pointer. Answers how
    /// many: none, if the changes of some of its components are stamped.
    pub fn hand_over(
        &mut self,
        number: u32,
        block: &mut Block<W::Schema>,
        source: u16,
        flags: TransferFlags,
    ) -> usize {
        let table = self.tables.get_mut(number);
        let count = table.len();
        if !table.is_plain() || table.is_stamped() || count > u32::MAX as usize {
            return 0;
        }
        if self.outbox.len() > 0 {
            for &entity in table.entities() {
                self.outbox.take(&mut self.entities, entity);
            }
        }
        self.entities.depart_all(table.entities());
        self.counts.departed += count as u64;
        block.begin_with(table, source, flags);
        count
    }

    /// Asks by itself for each entity of a table that has no request of its own.
    pub fn ask_each(&mut self, table: u32, request: Request) {
        for row in 0..self.tables.get(table).len() {
            let entity = self.tables.get(table).entities()[row];
            if self.outbox.request(&self.entities, entity).is_none() {
                self.outbox.put(&mut self.entities, Parcel { entity, request });
            }
        }
    }
}
