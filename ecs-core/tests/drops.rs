//! Panics from drops, clones, iterators and hooks: nothing is dropped twice or
//! leaked, and the world goes on. (Under Miri a leak fails the test by itself.)
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ecs_core::block::{Block, block_bytes};
use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::transfer::{EntityTransfer, TransferFlags};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics, scaled};

#[derive(Component, Clone, Debug)]
#[component(crate = ecs_core)]
struct First(Owned);
#[derive(Component, Clone, Debug)]
#[component(crate = ecs_core)]
struct Last(Owned);
#[derive(Component, Clone, Copy)]
#[component(crate = ecs_core)]
struct Tag;

/// Looks at its own address when it is dropped.
#[derive(Component)]
#[component(crate = ecs_core)]
#[repr(align(128))]
struct Far(#[allow(dead_code)] Owned);
impl Drop for Far {
    fn drop(&mut self) {
        assert_eq!(std::ptr::from_ref(self).addr() % 128, 0);
    }
}

#[world_config(crate = ecs_core, components(First, Owned, Tag, Last, Far), max_entities = 16)]
struct Base;

const FLAGS: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };

/// Three entities, of which the second's middle component is a bomb.
fn mined(ledger: &Ledger) -> (World<Base>, Vec<Entity>) {
    let mut world = World::<Base>::with_origin(1);
    let entities = (0..3).map(|value| {
        let middle = if value == 1 { ledger.bomb(value) } else { ledger.owned(value) };
        world.spawn((First(ledger.owned(value)), middle, Last(ledger.owned(value)))).unwrap()
    });
    let entities = entities.collect();
    (world, entities)
}

/// That the world works: counts, ids and rows agree, and entities come and go.
fn check(world: &mut World<Base>, ledger: &Ledger) {
    ledger.check();
    assert_eq!(world.len(), world.entities().count());
    assert_eq!(world.counts().live(), world.len() as u64);
    for entity in world.entities().collect::<Vec<_>>() {
        assert!(world.contains(entity));
    }
    let before = ledger.live();
    let entity = world.spawn((First(ledger.owned(9)), Last(ledger.owned(9)))).unwrap();
    assert_eq!(world.get::<Last>(entity).unwrap().0.value, 9);
    world.insert(entity, ledger.owned(9)).unwrap();
    assert_eq!(ledger.live(), before + 3);
    world.despawn(entity).unwrap();
    assert_eq!(ledger.live(), before);
}

#[test]
fn despawn() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    panics(|| world.despawn(entities[1]));
    assert!(!world.contains(entities[1]));
    assert_eq!(ledger.live(), 6);
    check(&mut world, &ledger);
    drop(world);
    ledger.check_empty();
}

#[test]
fn despawn_of_a_guest_is_told_to_its_origin() {
    let ledger = Ledger::default();
    let (mut home, entities) = mined(&ledger);
    let mut host = World::<Base>::with_origin(2);
    host.insert_transfer(home.take(entities[1]).unwrap()).unwrap();
    panics(|| host.despawn(entities[1]));
    let mut returns = Vec::new();
    host.drain_returns(&mut returns);
    assert_eq!(returns, [entities[1]]);
    check(&mut host, &ledger);
}

#[test]
fn shed() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    panics(|| world.shed(entities[1], 0));
    check(&mut world, &ledger);
    assert_eq!((world.len(), world.counts().departed), (2, 1));
}

#[test]
fn clear_stops_at_the_bomb_and_can_be_called_again() {
    let ledger = Ledger::default();
    let (mut world, _) = mined(&ledger);
    panics(|| world.clear());
    check(&mut world, &ledger);
    world.clear();
    assert!(world.is_empty());
    ledger.check_empty();
}

#[test]
fn replaced_by_an_insert() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    // All components are there already.
    panics(|| world.insert(entities[1], (ledger.owned(10), First(ledger.owned(10)))));
    assert_eq!(world.get::<Owned>(entities[1]).unwrap().value, 10);
    assert_eq!(world.get::<First>(entities[1]).unwrap().0.value, 10);
    assert_eq!(ledger.live(), 9);
    check(&mut world, &ledger);

    // The entity moves to another table.
    let (mut world, entities) = mined(&ledger);
    panics(|| world.insert(entities[1], (Last(ledger.owned(11)), ledger.owned(11), Tag)));
    assert!(world.has::<Tag>(entities[1]));
    assert_eq!(world.get::<Owned>(entities[1]).unwrap().value, 11);
    assert_eq!(world.get::<Last>(entities[1]).unwrap().0.value, 11);
    check(&mut world, &ledger);
    drop(world);
    ledger.check();
}

#[test]
fn removed() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    panics(|| drop(world.remove::<(First, Owned)>(entities[1]).unwrap()));
    assert!(world.contains(entities[1]) && !world.has::<Owned>(entities[1]));
    assert_eq!(ledger.live(), 7);
    check(&mut world, &ledger);
}

#[test]
fn a_world_is_dropped() {
    let ledger = Ledger::default();
    let (mut world, _) = mined(&ledger);
    // Another table, dropped after the one with the bomb.
    world.spawn(Last(ledger.owned(5))).unwrap();
    panics(|| drop(world));
    ledger.check_empty();
}

#[test]
fn a_refused_bundle_is_handed_back() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    world.spawn_batch((0..16).map(|value| ledger.owned(value))).unwrap();
    let refused = world.spawn(ledger.bomb(1)).unwrap_err();
    assert_eq!(ledger.live(), 17);
    panics(|| drop(refused.into_inner()));
    let refused = world.spawn_batch((0..3).map(|value| ledger.owned(value))).unwrap_err();
    assert_eq!(refused.into_inner().len(), 3);
    assert_eq!((ledger.live(), world.len()), (16, 16));
}

#[test]
fn an_iterator_panics_half_way() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    panics(|| {
        world
            .spawn_batch((0..5).map(|value| {
                let owned = ledger.owned(value);
                assert!(value < 3, "half way");
                (owned, Tag)
            }))
            .map(|_| ())
    });
    assert_eq!((world.len(), ledger.live()), (3, 3));
    check(&mut world, &ledger);
}

/// An iterator that lies about its length.
struct Liar(usize, usize);
impl Iterator for Liar {
    type Item = Tag;
    fn next(&mut self) -> Option<Tag> {
        self.1 = self.1.checked_sub(1)?;
        Some(Tag)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0, Some(self.0))
    }
}
impl ExactSizeIterator for Liar {}

#[test]
fn an_iterator_lies_about_its_length() {
    let mut world = World::<Base>::new();
    assert_eq!(world.spawn_batch(Liar(3, 5)).unwrap().len(), 3);
    assert_eq!(world.spawn_batch(Liar(5, 3)).unwrap().len(), 3);
    check(&mut world, &Ledger::default());
}

#[test]
fn a_clone_panics() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    panics(|| world.copy(entities[1]));
    assert_eq!(ledger.live(), 9);
    check(&mut world, &ledger);
    assert!(world.copy(entities[0]).is_ok());
    assert_eq!(ledger.live(), 9);
    let mut calm = world.take(entities[1]).unwrap();
    panics(|| drop(calm.unpack::<Owned>()));
}

#[test]
fn transfers() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    let transfer = world.take(entities[1]).unwrap();
    panics(|| drop(transfer));
    assert_eq!(ledger.live(), 6);

    let mut transfer = EntityTransfer::<Base>::new(1, 2);
    transfer.pack(First(ledger.owned(0))).unwrap();
    transfer.pack_bundle((ledger.bomb(1), Last(ledger.owned(2)))).unwrap();
    let back = transfer.pack(First(ledger.owned(3))).unwrap_err().into_inner();
    assert_eq!(back.0.value, 3);
    let doubled = transfer.pack_bundle((Tag, Last(ledger.owned(4)))).unwrap_err();
    assert_eq!(doubled.into_inner().1.0.value, 4);
    panics(|| transfer.reset());
    assert_eq!((transfer.mask(), transfer.source(), transfer.target()), (0, 1, 2));
    transfer.pack(ledger.owned(5)).unwrap();
    assert_eq!(transfer.get::<Owned>().unwrap().value, 5);
    drop(transfer);
    drop(back);
    check(&mut world, &ledger);
}

/// The mined entities in a block.
fn mined_block(ledger: &Ledger) -> Block<Base> {
    let (mut world, entities) = mined(ledger);
    let mut block = Block::new(block_bytes::<Base>(16));
    block.begin(world.select(entities[0]).unwrap().mask, 0, FLAGS);
    while !world.is_empty() && block.len() < 3 {
        let transfer = world.take(entities[block.len()]).unwrap();
        block.push(transfer);
    }
    block
}

#[test]
fn blocks() {
    let ledger = Ledger::default();
    let mut block = mined_block(&ledger);
    panics(|| block.clear());
    assert!(block.is_empty());
    ledger.check_empty();
    block.begin(0, 0, FLAGS);

    let block = mined_block(&ledger);
    panics(|| drop(block));
    ledger.check_empty();

    // Half of it popped, the rest dropped.
    let mut block = mined_block(&ledger);
    drop(block.pop(1));
    assert_eq!((block.len(), ledger.live()), (2, 6));
    panics(|| drop(block.pop(1)));
    assert_eq!((block.len(), ledger.live()), (1, 3));
    drop(block);
    ledger.check_empty();

    // Half of it arrived, the rest dropped.
    let mut block = mined_block(&ledger);
    let mut world = World::<Base>::new();
    assert_eq!(world.arrive(&mut block, 2), Ok(2));
    drop(block);
    assert_eq!(ledger.live(), 6);
    panics(|| drop(world));
    ledger.check_empty();
}

#[test]
fn values_are_aligned_wherever_they_are_dropped() {
    let ledger = Ledger::default();
    for batch in 1..scaled(40, 8) {
        let mut block = Block::<Base>::new(block_bytes::<Base>(batch));
        let mut world = World::<Base>::new();
        let entity = world.spawn((ledger.owned(0), Far(ledger.owned(1)))).map_err(drop).unwrap();
        block.begin(world.select(entity).unwrap().mask, 0, FLAGS);
        assert_eq!(world.depart(&[entity], &mut block, 0), 1);
        world.spawn((First(ledger.owned(2)), Far(ledger.owned(3)))).map_err(drop).unwrap();
        let mut transfer = EntityTransfer::<Base>::new(0, 0);
        transfer.pack(Far(ledger.owned(4))).map_err(drop).unwrap();
        let mut commands = Commands::<Base>::with_capacity(2);
        commands.complete(entity).unwrap();
        commands.spawn((Tag, Far(ledger.owned(5)))).map_err(drop).unwrap();
        drop((block, world, transfer, commands));
        ledger.check_empty();
    }
}

#[test]
fn commands() {
    let ledger = Ledger::default();
    let fill = |commands: &mut Commands<Base>| {
        commands.spawn(First(ledger.owned(0))).unwrap();
        commands.spawn(ledger.bomb(1)).unwrap();
        let owned = ledger.owned(2);
        commands.run(move |_| drop(owned)).unwrap();
        commands.spawn((Last(ledger.owned(3)), Tag)).unwrap();
    };
    let mut commands = Commands::<Base>::with_capacity(5);
    fill(&mut commands);
    panics(|| drop(commands));
    ledger.check_empty();

    let mut commands = Commands::<Base>::with_capacity(5);
    fill(&mut commands);
    panics(|| commands.clear());
    assert_eq!(commands.len(), 2);
    assert!(commands.skip());
    assert_eq!(ledger.live(), 1);
    commands.clear();
    assert!(!commands.skip());
    ledger.check_empty();

    // While it applies: what panicked is gone, the rest waits.
    let mut world = World::<Base>::new();
    let owned = ledger.owned(0);
    let run = move |_: &mut World<Base>| {
        let owned = owned;
        panic!("with {}", owned.value)
    };
    commands.run(run).unwrap();
    commands.spawn(ledger.owned(1)).unwrap();
    panics(|| commands.apply(&mut world));
    assert_eq!((commands.len(), ledger.live()), (1, 1));
    commands.spawn(ledger.owned(2)).unwrap();
    assert_eq!(commands.apply(&mut world).unwrap().made, 2);
    assert_eq!(world.len(), 2);
    let full = Commands::<Base>::with_capacity(0).spawn(ledger.owned(7)).unwrap_err();
    assert_eq!(full.into_inner().value, 7);
    drop(world);
    ledger.check_empty();
}

/// Two spawns step aside, since the world is full, before a command panics with others behind it.
#[test]
fn commands_keep_their_memory_where_one_panics() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::with_origin(1);
    world.spawn_batch((0..16).map(|value| Last(ledger.owned(value)))).unwrap();
    let mut commands = Commands::with_capacity(100);
    // For the memory in which commands of one entity are found.
    (0..46).for_each(|_| commands.run(|_| ()).unwrap());
    commands.apply(&mut world).unwrap();

    commands.spawn(Last(ledger.owned(16))).unwrap();
    commands.run(|_| ()).unwrap();
    commands.spawn(Last(ledger.owned(17))).unwrap();
    commands.run(|_| panic!("a command")).unwrap();
    for value in 18..60 {
        commands.spawn(Last(ledger.owned(value))).unwrap();
    }
    let bytes = commands.bytes();
    panics(|| commands.apply(&mut world));
    assert_eq!((commands.len(), commands.bytes()), (44, bytes));
    assert_eq!(commands.apply(&mut world).unwrap_err().waiting, 44);
    assert_eq!(commands.bytes(), bytes);

    // In their order, as many as there is room for.
    for expected in [16..32, 32..48, 48..60] {
        world.clear();
        _ = commands.apply(&mut world);
        let values: Vec<_> = world.view::<&Last>().map(|last| last.0.value).collect();
        assert_eq!(values, expected.collect::<Vec<_>>());
        ledger.check();
    }
    assert!(commands.is_empty());
}

#[test]
fn a_command_that_holds_commands() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    let mut inner = Commands::<Base>::with_capacity(2);
    inner.spawn(ledger.owned(1)).unwrap();
    inner.spawn(ledger.owned(2)).unwrap();
    let mut outer = Commands::<Base>::with_capacity(2);
    outer.run(move |world| assert_eq!(inner.apply(world).unwrap().made, 2)).unwrap();
    let mut never = Commands::<Base>::with_capacity(1);
    never.spawn(ledger.owned(3)).unwrap();
    outer.run(move |_| drop(never)).unwrap();
    outer.apply(&mut world).unwrap();
    assert_eq!((world.len(), ledger.live()), (2, 2));
}

#[test]
fn a_hook_that_panics_is_kept() {
    let ledger = Ledger::default();
    let (mut world, entities) = mined(&ledger);
    let calls = Arc::new(AtomicUsize::new(0));
    let (departs, arrives) = (calls.clone(), calls.clone());
    world.on_depart(move |world, entity, _| {
        assert!(world.contains(entity));
        assert!(departs.fetch_add(1, Ordering::Relaxed) > 0, "the first time");
    });
    let mut block = Block::new(block_bytes::<Base>(16));
    let mask = world.select(entities[0]).unwrap().mask;
    block.begin(mask, 0, FLAGS);
    panics(|| world.depart(&entities, &mut block, 1));
    assert!(world.len() == 3 && block.is_empty());
    // The third has other components: it stays, and the hook is not told of it.
    world.insert(entities[2], Tag).unwrap();
    assert_eq!(world.depart(&entities, &mut block, 1), 2);
    assert_eq!(calls.swap(0, Ordering::Relaxed), 3);

    world.on_arrive(move |world, entity| {
        assert!(world.contains(entity));
        assert!(arrives.fetch_add(1, Ordering::Relaxed) > 0, "the first time");
    });
    panics(|| world.arrive(&mut block, 1));
    assert_eq!((world.len(), block.len()), (2, 1));
    assert_eq!(world.arrive(&mut block, 1), Ok(1));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    check(&mut world, &ledger);
    panics(|| drop(world));
    ledger.check_empty();
}

#[test]
fn a_hook_may_do_anything_to_its_world() {
    let ledger = Ledger::default();
    let mut home = World::<Base>::with_origin(1);
    let entities: Vec<_> = (0..3).map(|value| home.spawn(ledger.owned(value)).unwrap()).collect();
    let mut host = World::<Base>::with_origin(2);
    let inner = ledger.clone();
    host.on_arrive(move |world, entity| {
        // Ends all others, brings one in while it runs, and is replaced.
        for other in world.entities().collect::<Vec<_>>() {
            if other != entity {
                world.despawn(other).unwrap();
            }
        }
        let mut transfer = EntityTransfer::new(0, 0);
        transfer.pack(inner.owned(7)).unwrap();
        world.insert_transfer(transfer).unwrap();
        world.on_arrive(|_, _| {});
    });
    let mut block = Block::new(block_bytes::<Base>(16));
    block.begin(home.select(entities[0]).unwrap().mask, 0, FLAGS);
    assert_eq!(home.depart(&entities, &mut block, 2), 3);
    assert_eq!(host.arrive(&mut block, 3), Ok(3));
    check(&mut host, &ledger);
    host.clear();
    ledger.check_empty();
}
