//! Ids: unique for good, known everywhere, and never another entity's.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::collections::BTreeSet;

use ecs_core::block::{Block, block_bytes};
use ecs_core::entity::Entity;
use ecs_core::error::{AccessError, EntityError};
use ecs_core::transfer::{EntityTransfer, TransferFlags};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::scaled;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Number(u32);

#[world_config(crate = ecs_core, components(Number), max_entities = 100_000)]
struct Base;

fn id(origin: u64, generation: u64, index: u64) -> Entity {
    Entity::from_bits(origin << 52 | generation << 32 | index).unwrap()
}

#[test]
fn bits_and_back() {
    for (origin, generation, index) in [(0, 1, 0), (4095, 0xF_FFFF, 0xFFFF_FFFF), (7, 3, 1 << 31)] {
        let entity = id(origin, generation, index);
        assert_eq!(u64::from(entity.origin()), origin);
        assert_eq!(u64::from(entity.generation()), generation);
        assert_eq!(u64::from(entity.index()), index);
        assert_eq!(Entity::from_bits(entity.to_bits()), Some(entity));
    }
    for no_id in [0, 5, 0xFFFF_FFFF, 0xFFF0_0000_0000_0000, 0xFFF0_0000_FFFF_FFFF] {
        assert_eq!(Entity::from_bits(no_id), None, "{no_id:x}");
    }
    assert_eq!(id(3, 2, 9).to_string(), "9v2@3");
}

#[test]
fn a_slot_is_used_again_under_another_id() {
    let mut world = World::<Base>::new();
    let first = world.spawn(Number(1)).unwrap();
    world.despawn(first).unwrap();
    let second = world.spawn(Number(2)).unwrap();
    assert_eq!((second.index(), second.generation()), (first.index(), first.generation() + 1));
    assert_eq!(world.check(first), Err(EntityError::Dead(first)));
    assert_eq!(world.get::<Number>(first), Err(AccessError::Entity(EntityError::Dead(first))));
    assert_eq!(world.despawn(first), Err(EntityError::Dead(first)));
    assert_eq!(world.get::<Number>(second), Ok(&Number(2)));
}

/// Too many steps for Miri.
#[test]
#[cfg(not(miri))]
fn a_slot_is_retired_when_its_generations_are_used_up() {
    const MAX_GENERATION: u32 = (1 << 20) - 1;
    let mut world = World::<Base>::new();
    let first = world.spawn(()).unwrap();
    let mut last = first;
    for generation in 2..=MAX_GENERATION {
        world.despawn(last).unwrap();
        last = world.spawn(()).unwrap();
        assert_eq!((last.index(), last.generation()), (first.index(), generation));
    }
    world.despawn(last).unwrap();
    let next = world.spawn(()).unwrap();
    assert_eq!((next.index(), next.generation()), (first.index() + 1, 1));
    for generation in [1, 2, MAX_GENERATION] {
        let old = id(0, u64::from(generation), u64::from(first.index()));
        assert_eq!(world.check(old), Err(EntityError::Dead(old)));
        // Nor does it come back by way of another world.
        world.reclaim(old);
    }
    world.despawn(next).unwrap();
    let after = world.spawn(()).unwrap();
    assert_eq!((after.index(), after.generation()), (next.index(), 2));
}

#[test]
fn who_never_was_is_dead_at_home_and_not_here_elsewhere() {
    let mut world = World::<Base>::with_origin(1);
    let known = world.spawn(Number(1)).unwrap();
    for never in [id(1, 2, 0), id(1, 1, 5), id(1, 0xF_FFFF, 0xFFFF_FFFF)] {
        assert_eq!(world.check(never), Err(EntityError::Dead(never)));
        assert_eq!(world.despawn(never), Err(EntityError::Dead(never)));
        assert!(world.take(never).is_err() && world.copy(never).is_err());
        assert!(world.complete(never).is_err() && world.recall(never).is_err());
        assert!(world.insert(never, Number(2)).is_err());
        assert!(world.remove::<Number>(never).is_err());
        assert!(world.query_one::<&mut Number>(never).is_err());
        assert!(world.shed(never, 0).is_err() && world.select(never).is_err());
        world.reclaim(never);
    }
    for foreign in [id(2, 1, 0), id(0, 1, 0), id(4095, 0xF_FFFF, 0xFFFF_FFFF)] {
        assert_eq!(world.check(foreign), Err(EntityError::NotHere(foreign)));
        assert_eq!(world.despawn(foreign), Err(EntityError::NotHere(foreign)));
        world.reclaim(foreign);
    }
    // A free slot's next id is not known before it is given out.
    world.despawn(known).unwrap();
    let next = id(1, 2, 0);
    assert_eq!(world.check(next), Err(EntityError::Dead(next)));
    world.reclaim(next);
    assert_eq!(world.spawn(()).unwrap(), next);
    assert_ne!(world.spawn(()).unwrap(), next);
}

#[test]
fn an_id_goes_with_its_entity() {
    let mut home = World::<Base>::with_origin(1);
    let mut away = World::<Base>::with_origin(2);
    let entity = home.spawn(Number(7)).unwrap();
    let transfer = home.take(entity).unwrap();
    assert_eq!(home.check(entity), Err(EntityError::NotHere(entity)));
    assert_eq!(away.check(entity), Err(EntityError::NotHere(entity)));
    assert_eq!(away.insert_transfer(transfer).unwrap(), entity);
    assert_eq!(away.get::<Number>(entity), Ok(&Number(7)));
    // It dies abroad; at home it is away until that is known.
    away.despawn(entity).unwrap();
    assert_eq!(away.check(entity), Err(EntityError::NotHere(entity)));
    assert_eq!(home.check(entity), Err(EntityError::NotHere(entity)));
    let mut returns = Vec::new();
    away.drain_returns(&mut returns);
    assert_eq!(returns, [entity]);
    home.reclaim(entity);
    assert_eq!(home.check(entity), Err(EntityError::Dead(entity)));
    let next = home.spawn(()).unwrap();
    assert_eq!((next.index(), next.generation()), (entity.index(), entity.generation() + 1));
    // Of one that is here, and of one that is dead, it can't be true.
    home.reclaim(next);
    home.reclaim(entity);
    assert!(home.contains(next));
    assert_ne!(home.spawn(()).unwrap().index(), next.index());
}

#[test]
fn an_id_in_use_is_not_taken_from_its_owner() {
    // Two coordinators, so that ids are equal.
    let mut one = World::<Base>::with_origin(1);
    let mut other = World::<Base>::with_origin(1);
    let mut host = World::<Base>::with_origin(2);
    let mine = one.spawn(Number(1)).unwrap();
    let theirs = other.spawn(Number(2)).unwrap();
    assert_eq!(mine, theirs);

    assert_eq!(host.insert_transfer(one.take(mine).unwrap()).unwrap(), mine);
    let renamed = host.insert_transfer(other.take(theirs).unwrap()).unwrap();
    assert_eq!(renamed.origin(), 2);
    assert_eq!(host.get::<Number>(mine), Ok(&Number(1)));
    assert_eq!(host.get::<Number>(renamed), Ok(&Number(2)));

    // Nor at home: the slot is in use, or was never given out, or is dead.
    let mut third = World::<Base>::with_origin(1);
    third.spawn(Number(0)).unwrap();
    let stranger = third.spawn(Number(3)).unwrap();
    let came = one.insert_transfer(third.take(stranger).unwrap()).unwrap();
    assert_ne!(came, mine);
    assert_eq!(one.get::<Number>(came), Ok(&Number(3)));
    assert!(one.get::<Number>(mine).is_err());
}

#[test]
fn one_block_can_bring_one_id_twice() {
    let flags = TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };
    let mut block = Block::<Base>::new(block_bytes::<Base>(8));
    for number in 0..2 {
        let mut world = World::<Base>::with_origin(1);
        let entity = world.spawn(Number(number)).unwrap();
        let transfer = world.take(entity).unwrap();
        if number == 0 {
            block.begin(transfer.mask(), 0, flags);
        }
        block.push(transfer);
    }
    assert_eq!(block.ids()[0], block.ids()[1]);
    let mut made_by_hand = EntityTransfer::new(0, 0);
    made_by_hand.pack(Number(2)).unwrap();
    block.push(made_by_hand);
    let mut host = World::<Base>::with_origin(5);
    assert_eq!(host.arrive(&mut block, 8), Ok(3));
    let ids: BTreeSet<_> = host.entities().collect();
    assert_eq!(ids.len(), 3);
    let numbers: Vec<_> = host.view::<&Number>().map(|number| number.0).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

#[test]
fn memory_for_guests_is_bounded_by_who_is_here() {
    let mut home = World::<Base>::with_origin(1);
    let mut host = World::<Base>::with_origin(2);
    let count = scaled(20_000, 270) as usize;
    let all = home.spawn_batch((0..count as u32).map(Number)).unwrap().to_vec();
    let mut bytes = Vec::new();
    for _ in 0..3 {
        let mut most = 0;
        // Few at a time, from all over the ids.
        for chunk in all.chunks(7) {
            for &entity in chunk {
                host.insert_transfer(home.take(entity).unwrap()).unwrap();
            }
            most = most.max(host.bytes());
            for &entity in chunk {
                home.insert_transfer(host.take(entity).unwrap()).unwrap();
            }
        }
        bytes.push(most);
    }
    assert_eq!(bytes[0], bytes[2]);
    // The directory of pages, two pages of 256 slots, and a few rows.
    let directory = 8 * count.div_ceil(256).next_power_of_two();
    assert!(bytes[0] <= directory + 2 * (256 * 16 + 8) + 8 * 16, "{bytes:?}");
    host.shrink();
    assert_eq!(host.bytes(), 0);

    // And all at once.
    for &entity in &all {
        host.insert_transfer(home.take(entity).unwrap()).unwrap();
    }
    assert!(host.bytes() < count * 64 + 2 * 4104);
    for &entity in &all {
        host.despawn(entity).unwrap();
    }
    host.shrink();
    assert_eq!(host.bytes(), 0);
}

#[test]
#[should_panic(expected = "12 bits")]
fn an_origin_has_twelve_bits() {
    let _ = World::<Base>::with_origin(4096);
}
