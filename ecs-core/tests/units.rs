//! Trees as units outside of a coordinator: blocks behind each other, moved in together
//! or not at all, and dropped once.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::block::{Block, block_bytes};
use ecs_core::entity::Entity;
use ecs_core::error::Refusal;
use ecs_core::relation::{ChildOf, Children};
use ecs_core::transfer::TransferFlags;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics};

#[derive(Component, Clone, Copy)]
#[component(crate = ecs_core)]
struct Tag;

#[world_config(crate = ecs_core, components(Owned, Tag, ChildOf, Children))]
struct Base;

#[world_config(crate = ecs_core, base = Base, max_entities = 8)]
struct Small;

#[world_config(crate = ecs_core, base = Base, archetypes(only(Owned), closed))]
struct Closed;

const HOW: (u16, TransferFlags) =
    (0, TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true });

/// A root with eight others below it, of two tables, and one beside it.
fn planted(ledger: &Ledger) -> (World<Base>, Entity) {
    let mut world = World::<Base>::with_origin(1);
    world.spawn(ledger.owned(99)).unwrap();
    let root = world.spawn(ledger.owned(0)).unwrap();
    let mut parent = root;
    for n in 1..9 {
        let child = match n % 2 {
            0 => world.spawn_child(parent, ledger.owned(n)).unwrap(),
            _ => world.spawn_child(parent, (ledger.owned(n), Tag)).unwrap(),
        };
        parent = if n % 3 == 0 { child } else { parent };
    }
    (world, root)
}

fn values<W: ecs_core::config::WorldConfig<Schema = Base>>(
    world: &World<W>,
    root: Entity,
) -> Vec<u32> {
    let all = [root].into_iter().chain(world.descendants(root));
    all.map(|entity| world.get::<Owned>(entity).unwrap().value).collect()
}

fn taken(world: &mut World<Base>, root: Entity, most: usize) -> Block<Base> {
    let members = world.tree(root).unwrap();
    let block = || Block::new(block_bytes::<Base>(4));
    world.depart_unit(&members, 1, HOW, most, block).unwrap()
}

#[test]
fn a_unit_is_taken_in_whole() {
    let ledger = Ledger::default();
    for most in [1, 3, 100] {
        let (mut world, root) = planted(&ledger);
        let before = values(&world, root);
        let mut unit = taken(&mut world, root, most);
        assert!(unit.is_unit());
        assert_eq!((unit.total(), world.len()), (9, 1));
        let blocks = std::iter::successors(Some(&unit), |block| block.next());
        assert!(blocks.clone().count() > 2 && blocks.clone().all(|block| block.len() <= most));

        let mut small = World::<Small>::with_origin(2);
        assert_eq!(small.arrive_unit(&mut unit, 100), Ok(0), "eight have room");
        let mut closed = World::<Closed>::with_origin(3);
        assert_eq!(closed.arrive_unit(&mut unit, 100), Err(Refusal::ClosedArchetype));
        let mut other = World::<Base>::with_origin(4);
        assert_eq!(other.arrive_unit(&mut unit, 8), Ok(0), "the limit is below it");
        assert_eq!((small.len(), closed.len(), other.len(), unit.total()), (0, 0, 0, 9));
        assert_eq!(other.arrive_unit(&mut unit, 9), Ok(9));
        assert_eq!(values(&other, root), before);
        assert_eq!(unit.total(), 0);
        assert_eq!(other.counts().live(), 9);
        // Empty blocks are used again, each by itself.
        let mut left = unit.take_next();
        while let Some(mut block) = left {
            assert!(block.is_empty());
            left = block.take_next();
        }
        unit.begin(0, 0, HOW.1);
        assert!(!unit.is_unit() && unit.next().is_none());
    }
    ledger.check_empty();
}

#[test]
fn a_unit_is_dropped_once() {
    let ledger = Ledger::default();
    let (mut world, root) = planted(&ledger);
    drop(taken(&mut world, root, 2));
    let (mut other, root) = planted(&ledger);
    taken(&mut other, root, 2).clear();
    assert_eq!(ledger.live(), 2);
    drop((world, other));
    ledger.check_empty();
}

#[test]
fn a_drop_that_panics_leaves_nothing_of_a_unit() {
    let ledger = Ledger::default();
    let (mut world, root) = planted(&ledger);
    let mined = world.spawn_child(root, (ledger.bomb(7), Tag)).unwrap();
    assert!(world.contains(mined));
    let unit = taken(&mut world, root, 2);
    panics(|| drop(unit));
    assert_eq!(ledger.live(), 1);
    drop(world);
    ledger.check_empty();
}

/// One that comes alone out of a unit is related as one that left alone.
#[test]
fn a_unit_can_be_taken_apart() {
    let ledger = Ledger::default();
    let (mut world, root) = planted(&ledger);
    let mut before = values(&world, root);
    let mut other = World::<Base>::with_origin(2);
    let mut next = Some(taken(&mut world, root, 3));
    while let Some(mut block) = next {
        while let Some(transfer) = block.pop(1) {
            other.insert_transfer(transfer).unwrap();
        }
        next = block.take_next();
    }
    let mut after = values(&other, root);
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!(after, before);
    drop((world, other));
    ledger.check_empty();
}
