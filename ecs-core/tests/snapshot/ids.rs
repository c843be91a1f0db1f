//! No id is given twice, whatever is restored.

use ecs_core::entity::Entity;
use ecs_core::snapshot::RestoreError;
use ecs_core::world::World;

use super::{Base, Small, Tag};

/// What the world gives next is new to all of `given`.
fn check_new(world: &mut World<Base>, given: &[Entity], count: u8) {
    for n in 0..count {
        let new = world.spawn(Small(n)).unwrap();
        assert!(!given.contains(&new), "{new} was given before");
    }
}

#[test]
fn an_id_that_ended_stays_ended() {
    let mut world = World::<Base>::new();
    let mut given: Vec<_> = world.spawn_batch((0..10).map(Small)).unwrap().to_vec();
    for _ in 0..3 {
        world.despawn(given[given.len() - 1]).unwrap();
        world.despawn(given[2]).ok();
        given.push(world.spawn(Tag).unwrap());
    }
    let bytes = world.snapshot().unwrap().to_vec();
    let mut fresh = World::<Base>::new();
    fresh.restore(&bytes).unwrap();
    for &entity in &given {
        assert_eq!(fresh.check(entity), world.check(entity));
    }
    check_new(&mut fresh, &given, 20);
}

#[test]
fn guests_and_those_away_keep_their_ids() {
    let (mut home, mut abroad) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    let ids = home.spawn_batch((0..6).map(Small)).unwrap().to_vec();
    let native = abroad.spawn(Small(9)).unwrap();
    for &entity in &ids[1..5] {
        let transfer = home.take(entity).unwrap();
        abroad.insert_transfer(transfer).unwrap();
    }
    // One that died abroad, of which its home does not know yet, and one that it does.
    abroad.despawn(ids[3]).unwrap();
    abroad.despawn(ids[4]).unwrap();
    home.reclaim(ids[4]);
    let saved = [home.snapshot().unwrap().to_vec(), abroad.snapshot().unwrap().to_vec()];

    let (mut home, mut abroad) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    home.restore(&saved[0]).unwrap();
    abroad.restore(&saved[1]).unwrap();
    assert!(abroad.contains(native) && abroad.contains(ids[1]) && !abroad.contains(ids[3]));
    let back = abroad.take(ids[1]).unwrap();
    assert_eq!(home.insert_transfer(back).unwrap(), ids[1], "it comes home under its id");
    check_new(&mut home, &ids, 10);
    assert_eq!(abroad.get::<Small>(ids[2]).unwrap().0, 2);

    // A guest that is here again has not died, whatever happened in between.
    abroad.despawn(ids[2]).unwrap();
    abroad.restore(&saved[1]).unwrap();
    let mut returns = Vec::new();
    abroad.drain_returns(&mut returns);
    assert!(abroad.contains(ids[2]) && !returns.contains(&ids[2]), "{returns:?}");
    // One that is gone has.
    let guest = home.take(ids[0]).unwrap();
    abroad.insert_transfer(guest).unwrap();
    abroad.restore(&saved[1]).unwrap();
    abroad.drain_returns(&mut returns);
    assert!(!abroad.contains(ids[0]) && returns.contains(&ids[0]), "{returns:?}");

    let alone = World::<Base>::new().restore(&saved[0]).unwrap_err();
    assert_eq!(alone, RestoreError::OtherOrigin { found: 1, here: 0 });
}

#[test]
fn a_slot_that_is_used_up_stays_so() {
    let mut world = World::<Base>::new();
    // As many lives as a slot has.
    let lives = (1 << 20) - 1;
    if cfg!(miri) {
        return;
    }
    let mut last = world.spawn(Tag).unwrap();
    for _ in 1..lives {
        world.despawn(last).unwrap();
        last = world.spawn(Tag).unwrap();
    }
    assert_eq!((last.index(), last.generation()), (0, lives));
    world.despawn(last).unwrap();
    let bytes = world.snapshot().unwrap().to_vec();
    let mut fresh = World::<Base>::new();
    fresh.restore(&bytes).unwrap();
    let next = fresh.spawn(Tag).unwrap();
    assert_eq!((next.index(), next.generation()), (1, 1));
    assert_eq!(world.spawn(Tag).unwrap(), next);
}

#[test]
fn who_wanted_to_leave_stays() {
    let mut world = World::<Base>::new();
    let entity = world.spawn(Small(1)).unwrap();
    let bytes = world.snapshot().unwrap().to_vec();
    world.complete(entity).unwrap();
    assert_eq!(world.outbox_len(), 1);
    world.restore(&bytes).unwrap();
    assert_eq!(world.outbox_len(), 0);
    world.complete(entity).unwrap();
    assert_eq!(world.outbox_len(), 1);
}
