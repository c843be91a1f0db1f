//! Entities that leave in several batches, in lists of any order or as whole tables, and
//! come to another world: who is where, with what, is as in a plain model.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecs_core::block::{Block, block_bytes};
use ecs_core::entity::Entity;
use ecs_core::error::Refusal;
use ecs_core::outbox::{Request, TransferMarker};
use ecs_core::query::{With, Without};
use ecs_core::schema::Schema;
use ecs_core::table::Table;
use ecs_core::transfer::TransferFlags;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use proptest::collection::vec;
use proptest::prelude::*;

use common::{Ledger, Owned, property, scaled};

const FLAGS: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Number(u32);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, track)]
struct Tracked(u32);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, storage = "sparse")]
struct Mood(u32);

#[world_config(crate = ecs_core, components(Number, Owned, Tracked, Mood), max_entities = 256)]
struct Base;

/// What of `Owned`, `Tracked` and `Mood` an entity has beside its number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kind(u8);

#[derive(Clone, Debug)]
enum Step {
    Spawn(usize, Kind, usize),
    Despawn(usize, usize),
    Insert(usize, usize),
    /// Sends those at these places of the list, in batches of so many.
    List(usize, Vec<usize>, usize),
    /// Sends a whole table, or so many of its entities, in batches.
    Table(usize, usize, usize, usize),
    /// Hands a table over by pointer.
    HandOver(usize, usize),
    /// Takes up to so many in.
    Arrive(usize),
    Pop(usize),
    Drop,
    Take(usize, usize),
    Move(usize, usize),
    /// All, those with `Owned`, or those whose mood changed just now (a filter of rows).
    MoveQuery(usize, u8),
    Clone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let world = || 0..2usize;
    let step = prop_oneof![
        4 => (world(), (0..8u8).prop_map(Kind), 1..20usize)
            .prop_map(|(world, kind, count)| Step::Spawn(world, kind, count)),
        2 => (world(), 0..64usize).prop_map(|(world, at)| Step::Despawn(world, at)),
        2 => (world(), 0..64usize).prop_map(|(world, at)| Step::Insert(world, at)),
        4 => (world(), vec(0..64usize, 1..40), 1..12usize)
            .prop_map(|(world, list, batch)| Step::List(world, list, batch)),
        4 => (world(), 0..8usize, 1..12usize, 0..40usize)
            .prop_map(|(world, table, batch, most)| Step::Table(world, table, batch, most)),
        4 => (world(), 0..8usize).prop_map(|(world, table)| Step::HandOver(world, table)),
        8 => (0..40usize).prop_map(Step::Arrive),
        2 => (1..4usize).prop_map(Step::Pop),
        1 => Just(Step::Drop),
        2 => (world(), 0..64usize).prop_map(|(world, at)| Step::Take(world, at)),
        2 => (world(), 0..64usize).prop_map(|(world, at)| Step::Move(world, at)),
        2 => (world(), 0..3u8).prop_map(|(world, which)| Step::MoveQuery(world, which)),
        1 => Just(Step::Clone),
    ];
    vec(step, 0..scaled(60, 12) as usize)
}

struct Model {
    ledger: Ledger,
    worlds: [World<Base>; 2],
    alive: [BTreeMap<Entity, (Kind, u32)>; 2],
    /// On their way to the world with this number, oldest first; each block with what is
    /// in it.
    way: Vec<(usize, Block<Base>, Vec<Entity>)>,
    flying: BTreeMap<Entity, (Kind, u32)>,
    spare: Vec<Block<Base>>,
    next: u32,
}

impl Model {
    fn new() -> Self {
        Self {
            ledger: Ledger::default(),
            worlds: [World::with_origin(1), World::with_origin(2)],
            alive: Default::default(),
            way: Vec::new(),
            flying: BTreeMap::new(),
            spare: Vec::new(),
            next: 0,
        }
    }

    fn give(&mut self, world: usize, entity: Entity, Kind(kind): Kind, number: u32) {
        let (world, owned) = (&mut self.worlds[world], self.ledger.owned(number));
        if kind & 1 != 0 {
            world.insert(entity, owned).unwrap();
        }
        if kind & 2 != 0 {
            world.insert(entity, Tracked(number)).unwrap();
        }
        if kind & 4 != 0 {
            world.insert(entity, Mood(number)).unwrap();
        }
    }

    fn at(&self, world: usize, at: usize) -> Option<Entity> {
        let all: Vec<Entity> = self.worlds[world].entities().collect();
        (!all.is_empty()).then(|| all[at % all.len()])
    }

    fn block(&mut self) -> Block<Base> {
        self.spare.pop().unwrap_or_else(|| Block::new(block_bytes::<Base>(16)))
    }

    fn moved(&mut self, world: usize, entity: Entity, same: Entity) {
        assert_eq!(same, entity);
        let data = self.alive[world].remove(&entity).unwrap();
        self.alive[1 - world].insert(entity, data);
    }

    /// These left a world in this block.
    fn left(&mut self, world: usize, block: Block<Base>, gone: &[Entity]) {
        assert!(block.ids().iter().copied().eq(gone.iter().copied().map(Some)));
        for entity in gone {
            let data = self.alive[world].remove(entity).expect("who left was there");
            self.flying.insert(*entity, data);
        }
        match gone {
            [] => self.spare.push(block),
            _ => self.way.push((1 - world, block, gone.to_vec())),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Spawn(world, kind, count) => {
                for _ in 0..count.min(self.worlds[world].room()) {
                    self.next += 1;
                    let entity = self.worlds[world].spawn(Number(self.next)).unwrap();
                    self.give(world, entity, kind, self.next);
                    self.alive[world].insert(entity, (kind, self.next));
                }
            }
            Step::Despawn(world, at) => {
                if let Some(entity) = self.at(world, at) {
                    self.worlds[world].despawn(entity).unwrap();
                    self.alive[world].remove(&entity);
                }
            }
            Step::Insert(world, at) => {
                if let Some(entity) = self.at(world, at) {
                    let data = self.alive[world].get_mut(&entity).unwrap();
                    data.0 = Kind(data.0.0 | 4);
                    let number = data.1;
                    self.worlds[world].insert(entity, Mood(number)).unwrap();
                }
            }
            Step::List(world, list, batch) => self.list(world, &list, batch),
            Step::Table(world, table, batch, most) => self.table(world, table, batch, most),
            Step::HandOver(world, table) => {
                let table = self.number_of(world, table);
                let all: Vec<Entity> = self.table_of(world, table);
                let mut block = self.block();
                let plain = self.worlds[world].can_sweep(table);
                let stamped =
                    all.first().is_some_and(|entity| self.alive[world][entity].0.0 & 2 != 0);
                if !all.is_empty() {
                    let count = self.worlds[world].hand_over(table, &mut block, 7, FLAGS);
                    assert_eq!(count, if plain && !stamped { all.len() } else { 0 });
                    self.left(world, block, &all[..count]);
                }
            }
            Step::Arrive(limit) => {
                if self.way.is_empty() {
                    return;
                }
                let (world, mut block, mut ids) = self.way.remove(0);
                let room = self.worlds[world].room();
                let came = self.worlds[world].arrive(&mut block, limit).unwrap();
                assert_eq!(came, limit.min(ids.len()).min(room));
                for entity in ids.drain(..came) {
                    self.alive[world].insert(entity, self.flying[&entity]);
                    self.flying.remove(&entity);
                }
                match ids.is_empty() {
                    true => self.spare.push(block),
                    false => self.way.insert(0, (world, block, ids)),
                }
            }
            Step::Pop(count) => {
                for _ in 0..count {
                    let Some((world, block, ids)) = self.way.first_mut() else { return };
                    let transfer = block.pop(1).expect("as many as are in the model");
                    let entity = ids.remove(0);
                    assert_eq!(transfer.entity(), Some(entity));
                    let (kind, number) = self.flying.remove(&entity).unwrap();
                    assert_eq!(transfer.get::<Number>(), Some(&Number(number)));
                    let owned = transfer.get::<Owned>().map(|owned| owned.value);
                    assert_eq!(owned, (kind.0 & 1 != 0).then_some(number));
                    self.worlds[*world].end_transfer(transfer);
                    self.bring_home();
                    if self.way[0].2.is_empty() {
                        let (_, block, _) = self.way.remove(0);
                        self.spare.push(block);
                    }
                }
            }
            Step::Drop => {
                if let Some((_, block, ids)) = self.way.pop() {
                    drop(block);
                    for entity in &ids {
                        self.flying.remove(entity);
                    }
                }
            }
            Step::Take(world, at) => {
                if let Some(entity) = self.at(world, at) {
                    let transfer = self.worlds[world].take(entity).unwrap();
                    match self.worlds[1 - world].insert_transfer(transfer) {
                        Ok(same) => self.moved(world, entity, same),
                        Err(refused) => {
                            let back = self.worlds[world].insert_transfer(refused.into_inner());
                            assert_eq!(back.unwrap(), entity);
                        }
                    }
                }
            }
            Step::Move(world, at) => {
                let Some(entity) = self.at(world, at) else { return };
                let [left, right] = &mut self.worlds;
                let (from, to) = if world == 0 { (left, right) } else { (right, left) };
                let room = to.room();
                match from.move_to(entity, to) {
                    Ok(same) => self.moved(world, entity, same),
                    Err(error) => {
                        assert_eq!((error, room), (Refusal::WorldFull { limit: 256 }.into(), 0));
                    }
                }
            }
            Step::MoveQuery(world, which) => {
                let [left, right] = &mut self.worlds;
                let (from, to) = if world == 0 { (left, right) } else { (right, left) };
                let has = |&(_, &(Kind(kind), _)): &(&Entity, &(Kind, u32))| match which {
                    0 => true,
                    1 => kind & 1 != 0,
                    _ => kind & 4 != 0,
                };
                let leaving: Vec<Entity> =
                    self.alive[world].iter().filter(has).map(|(&entity, _)| entity).collect();
                let room = to.room();
                let moved = match which {
                    0 => from.move_query_to::<(), _>(to),
                    1 => from.move_query_to::<With<Owned>, _>(to),
                    _ => from.move_query_to::<With<Mood>, _>(to),
                };
                if leaving.len() > room {
                    assert_eq!(moved, Err(Refusal::WorldFull { limit: 256 }.into()));
                    return;
                }
                assert_eq!(moved, Ok(leaving.len()));
                for entity in leaving {
                    self.moved(world, entity, entity);
                }
            }
            Step::Clone => {
                let clone = self.worlds[0].clone();
                assert_eq!(clone.len(), self.alive[0].len());
            }
        }
    }

    fn list(&mut self, world: usize, list: &[usize], batch: usize) {
        let all: Vec<Entity> = self.worlds[world].entities().collect();
        if all.is_empty() {
            return;
        }
        // Each once, of one mask; the last named again, which ends the list.
        let mut chosen: Vec<Entity> = Vec::new();
        for &at in list {
            let entity = all[at % all.len()];
            if !chosen.contains(&entity) {
                chosen.push(entity);
            }
        }
        let mask = self.worlds[world].select(chosen[0]).unwrap().mask;
        chosen.retain(|&entity| self.worlds[world].select(entity).unwrap().mask == mask);
        let count = chosen.len();
        chosen.push(chosen[0]);
        let holds = |table: &Table| table.entities().contains(&chosen[0]);
        let number = self.worlds[world].tables().iter().position(holds).unwrap() as u32;
        let mut blocks = Vec::new();
        let mut rest = self.block();
        let mut fresh: Vec<Block<Base>> = (0..=count).map(|_| self.block()).collect();
        self.worlds[world].leave(|leaving| {
            let mut gone = 0;
            loop {
                let mut block = fresh.pop().unwrap();
                let fits = block.begin(mask, 3, FLAGS).min(batch);
                let end = chosen.len().min(gone + fits);
                let went = leaving.fill(&chosen[gone..end], &mut block, 9);
                blocks.push((block, gone, went));
                gone += went;
                if went == 0 || gone == count {
                    break;
                }
            }
            assert_eq!(gone, count);
            // And some of those who are left of the table.
            rest.begin(mask, 3, FLAGS);
            leaving.fill_from(number, batch, &mut rest);
        });
        self.spare.append(&mut fresh);
        for (block, first, went) in blocks {
            self.left(world, block, &chosen[first..first + went]);
        }
        let ids: Vec<Entity> = rest.ids().iter().copied().flatten().collect();
        self.left(world, rest, &ids);
    }

    fn number_of(&self, world: usize, at: usize) -> u32 {
        let tables = self.worlds[world].tables().len();
        (at % tables) as u32
    }

    fn table_of(&self, world: usize, number: u32) -> Vec<Entity> {
        self.worlds[world].tables()[number as usize].entities().to_vec()
    }

    fn table(&mut self, world: usize, at: usize, batch: usize, most: usize) {
        let number = self.number_of(world, at);
        let all = self.table_of(world, number);
        let Some((mask, count)) = self.worlds[world].whole_table(number) else { return };
        assert_eq!(count, all.len());
        let plain = self.worlds[world].can_sweep(number);
        let mut blocks = Vec::new();
        let mut fresh: Vec<Block<Base>> = (0..=count).map(|_| self.block()).collect();
        self.worlds[world].leave(|leaving| {
            let mut gone = 0;
            while gone < most {
                let mut block = fresh.pop().unwrap();
                block.begin(mask, 3, FLAGS);
                let went = leaving.fill_from(number, batch.min(most - gone), &mut block);
                gone += went;
                let left = leaving.whole_table(number).map_or(0, |(_, left)| left);
                assert_eq!(left, count - gone);
                blocks.push((block, went));
                if went == 0 || left == 0 {
                    break;
                }
            }
            assert_eq!(gone, if plain { most.min(count) } else { 0 });
        });
        self.spare.append(&mut fresh);
        let mut first = 0;
        for (block, went) in blocks {
            self.left(world, block, &all[first..first + went]);
            first += went;
        }
    }

    /// Ids of guests that died go to the world that they are of.
    fn bring_home(&mut self) {
        let mut dead = Vec::new();
        self.worlds.iter_mut().for_each(|world| world.drain_returns(&mut dead));
        for entity in dead {
            self.worlds[usize::from(entity.origin()) - 1].reclaim(entity);
        }
    }

    fn check(&mut self) {
        self.bring_home();
        for (world, alive) in self.worlds.iter().zip(&self.alive) {
            assert_eq!(world.len(), alive.len());
            assert!(world.entities().count() == alive.len());
            for (&entity, &(Kind(kind), number)) in alive {
                assert_eq!(world.get::<Number>(entity), Ok(&Number(number)));
                let owned = world.get::<Owned>(entity).ok().map(|owned| owned.value);
                assert_eq!(owned, (kind & 1 != 0).then_some(number));
                let tracked = world.get::<Tracked>(entity).ok().copied();
                assert_eq!(tracked, (kind & 2 != 0).then_some(Tracked(number)));
                let mood = world.get::<Mood>(entity).ok().copied();
                assert_eq!(mood, (kind & 4 != 0).then_some(Mood(number)));
            }
            assert_eq!(world.counts().live() as usize, world.len());
        }
        let owns = |data: &&(Kind, u32)| data.0.0 & 1 != 0;
        let all = self.alive.iter().flat_map(BTreeMap::values).chain(self.flying.values());
        assert_eq!(self.ledger.live(), all.filter(owns).count());
        self.ledger.check();
    }
}

proptest! {
    #![proptest_config(property(600, 4))]

    #[test]
    fn who_leaves_in_batches_comes_as_in_a_model(steps in steps()) {
        let mut model = Model::new();
        for step in steps {
            model.step(step);
            model.check();
        }
        let ledger = model.ledger.clone();
        drop(model);
        ledger.check_empty();
    }
}

#[test]
fn a_filter_of_tables_marks_nobody() {
    let mut world = World::<Base>::new();
    let plain: Vec<_> = (0..3).map(|n| world.spawn(Number(n)).unwrap()).collect();
    let tracked = world.spawn((Number(3), Tracked(3))).unwrap();
    assert_eq!(world.transfer_query::<With<Tracked>>(4), 1);
    assert_eq!(world.outbox_len(), 1);
    assert_eq!(world.outbox().count(), 0);
    assert_eq!(world.transfer_query::<()>(TransferMarker { priority: true, ..4.into() }), 4);
    assert_eq!(world.outbox_len(), 4);
    let mut swept: Vec<_> = std::iter::from_fn(|| world.pop_swept()).collect();
    swept.sort_by_key(|&(table, _)| table);
    assert_eq!(swept.len(), 2, "each table once");
    let by_marker = |request| matches!(request, Request::Marked(marker) if marker.priority);
    assert!(swept.iter().all(|&(_, request)| by_marker(request)), "and by the last marker");
    for &(table, request) in &swept {
        world.put_back_swept(table, request);
    }
    world.despawn(tracked).unwrap();
    assert_eq!(world.outbox_len(), plain.len());
}

#[test]
fn a_filter_of_rows_marks_each() {
    let mut world = World::<Base>::new();
    let moody = world.spawn((Number(0), Mood(1))).unwrap();
    let plain = world.spawn(Number(1)).unwrap();
    let tracked = world.spawn((Number(2), Tracked(2))).unwrap();
    assert_eq!(world.transfer_query::<With<Mood>>(4), 1);
    assert!(world.outbox().map(|parcel| parcel.entity).eq([moody]));
    // The table of both has a column of moods: its rows differ.
    assert_eq!(world.transfer_query::<Without<Tracked>>(4), 2);
    assert!(world.outbox().map(|parcel| parcel.entity).eq([moody, plain]));
    // A copy is made of each.
    let copy = TransferMarker { destroy_on_transfer: false, ..4.into() };
    assert_eq!(world.transfer_query::<With<Tracked>>(copy), 1);
    assert!(world.outbox().map(|parcel| parcel.entity).eq([moody, plain, tracked]));
}

#[test]
fn a_list_marks_those_who_are_here() {
    let mut world = World::<Base>::new();
    let [one, two] = [0, 1].map(|n| world.spawn(Number(n)).unwrap());
    world.despawn(one).unwrap();
    assert_eq!(world.transfer_list(&[one, two, two], 4), 2);
    assert!(world.outbox().map(|parcel| parcel.entity).eq([two]));
}

#[test]
fn a_table_is_handed_over_and_not_copied() {
    let mut worlds = [World::<Base>::with_origin(1), World::<Base>::with_origin(2)];
    for n in 0..100 {
        worlds[0].spawn(Number(n)).unwrap();
    }
    let number = |world: &World<Base>| {
        let holds = |table: &Table| !table.is_empty();
        world.tables().iter().position(holds).unwrap() as u32
    };
    let mut block = Block::new(block_bytes::<Base>(4));
    let mut places = Vec::new();
    for round in 0..6 {
        let from = &mut worlds[round % 2];
        let table = number(from);
        assert_eq!(from.hand_over(table, &mut block, 0, FLAGS), 100);
        let to = &mut worlds[1 - round % 2];
        assert_eq!(to.arrive(&mut block, 100), Ok(100));
        assert!(block.is_empty());
        let table = number(to);
        places.push(to.tables()[table as usize].column(0));
    }
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 1, "the same columns, there and back");
    // And for others it is a block again.
    assert!(block.begin(Base::ALL, 0, FLAGS) >= 1);
}

#[test]
fn a_query_moves_to_another_world_as_one_by_one_would() {
    #[world_config(crate = ecs_core, base = Base, archetypes(only(Number), closed))]
    struct Closed;

    let mut here = World::<Base>::with_origin(1);
    let mut there = World::<Base>::with_origin(2);
    let ledger = Ledger::default();
    let plain: Vec<Entity> = (0..100).map(|n| here.spawn(Number(n)).unwrap()).collect();
    let owned: Vec<Entity> =
        (0..9).map(|n| here.spawn((Number(n), ledger.owned(n))).unwrap()).collect();
    here.complete(plain[3]).unwrap();
    let told = Arc::new(AtomicU64::new(0));
    // By pointer, since nobody is there.
    let column = here.get::<Number>(plain[0]).unwrap() as *const Number;
    assert_eq!(here.move_query_to::<Without<Owned>, _>(&mut there).unwrap(), 100);
    assert_eq!(there.get::<Number>(plain[0]).unwrap() as *const Number, column);
    assert_eq!((here.len(), here.outbox_len(), there.len()), (9, 0, 100));
    // Behind those who are there.
    let other = there.spawn((Number(50), ledger.owned(50))).unwrap();
    assert_eq!(here.move_query_to::<(), _>(&mut there).unwrap(), 9);
    assert_eq!(there.get::<Number>(owned[8]).unwrap().0, 8);
    assert_eq!(there.get::<Number>(other).unwrap().0, 50);
    assert_eq!(here.move_query_to::<(), _>(&mut there).unwrap(), 0);
    // Home again, with a hook there.
    let count = told.clone();
    here.on_arrive(move |world, entity| {
        assert!(world.contains(entity));
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(there.move_query_to::<With<Owned>, _>(&mut here).unwrap(), 10);
    let told = told.load(Ordering::Relaxed);
    assert_eq!((told, here.len(), here.counts().arrived), (10, 10, 10));
    // A world that is closed to some of them takes none.
    let mut closed = World::<Closed>::with_origin(3);
    here.spawn(Number(1)).unwrap();
    let refused = here.move_query_to::<(), _>(&mut closed);
    assert_eq!(refused, Err(Refusal::ClosedArchetype.into()));
    assert_eq!((here.len(), closed.len(), closed.counts().refused), (11, 0, 1));
    assert_eq!(here.move_query_to::<Without<Owned>, _>(&mut closed), Ok(1));
    // Ids that are in use there.
    let mut twin = World::<Base>::with_origin(2);
    let used = twin.spawn(Number(7)).unwrap();
    let same = there.spawn(Number(8)).unwrap();
    assert!(there.contains(same));
    let before: usize = twin.len() + there.len();
    there.move_query_to::<(), _>(&mut twin).unwrap();
    assert_eq!((twin.len(), there.len(), twin.get::<Number>(used).unwrap().0), (before, 0, 7));
    drop((here, twin));
    ledger.check_empty();
}

#[test]
fn hooks_on_arrival_run_when_all_have_moved() {
    #[world_config(crate = ecs_core, base = Base, max_entities = 12)]
    struct Small;

    let mut here = World::<Base>::with_origin(1);
    let ledger = Ledger::default();
    for n in 0..5 {
        here.spawn(Number(n)).unwrap();
        here.spawn((Number(n), ledger.owned(n))).unwrap();
    }
    here.spawn((Number(9), Mood(1))).unwrap();
    let mut there = World::<Small>::with_origin(2);
    there.on_arrive(|world, _| {
        assert!(world.len() >= 11, "all are here");
        let _ = world.spawn(Number(50));
    });
    assert_eq!(here.move_query_to::<(), _>(&mut there), Ok(11));
    assert_eq!((here.len(), there.len(), there.counts().live()), (0, 12, 12));
}

#[test]
fn what_was_reserved_is_not_taken_away() {
    let mut here = World::<Base>::with_origin(1);
    let mut there = World::<Base>::with_origin(2);
    there.reserve::<(Number,)>(200).unwrap();
    let room = |world: &World<Base>| world.tables().iter().map(Table::capacity).sum::<usize>();
    let reserved = room(&there);
    assert!(reserved >= 200);
    here.spawn(Number(1)).unwrap();
    here.move_query_to::<(), _>(&mut there).unwrap();
    assert_eq!(room(&there), reserved);
    // Nor does one entity take along what many had.
    there.move_query_to::<(), _>(&mut here).unwrap();
    assert_eq!((room(&there), here.len()), (reserved, 1));
}
