//! Components beside the tables: more rows than a word of a bitmap has, moves
//! between tables and worlds, memory, and closed worlds.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::block::{Block, block_bytes};
use ecs_core::component::Storage;
use ecs_core::entity::Entity;
use ecs_core::query::{Or, With, Without};
use ecs_core::schema::Schema;
use ecs_core::transfer::TransferFlags;
use ecs_core::world::World;
use ecs_macros::{Component, Query, world_config};

use common::{Ledger, Owned, panics, scaled};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Id(u32);

#[derive(Component, Clone, Copy)]
#[component(crate = ecs_core)]
struct Other;

#[derive(Component, Clone, Debug)]
#[component(crate = ecs_core, storage = "sparse")]
struct Spark(Owned);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, storage = "sparse")]
#[repr(align(128))]
struct Wide(u32);

#[derive(Component, Clone, Copy)]
#[component(crate = ecs_core, storage = "sparse")]
struct Flag;

#[world_config(crate = ecs_core, components(Id, Other, Spark, Wide, Flag))]
struct Base;

#[world_config(crate = ecs_core, base = Base, archetypes(only(Id, Flag), closed))]
struct Closed;

const ROWS: u32 = 300;

fn every(n: u32, step: u32) -> bool {
    n.is_multiple_of(step)
}

/// Rows of one table, of which every third has a spark, every fifth is wide and
/// every seventh has a flag.
fn filled(ledger: &Ledger) -> (World<Base>, Vec<Entity>) {
    let mut world = World::<Base>::with_origin(1);
    let entities = world.spawn_batch((0..ROWS).map(Id)).unwrap().to_vec();
    for (n, &entity) in (0..).zip(&entities) {
        if every(n, 3) {
            world.insert(entity, Spark(ledger.owned(n))).unwrap();
        }
        if every(n, 5) {
            world.insert(entity, Wide(n)).unwrap();
        }
        if every(n, 7) {
            world.insert(entity, Flag).unwrap();
        }
    }
    (world, entities)
}

#[test]
fn masks_are_told() {
    assert_eq!(Base::SPARSE, 0b11100);
    assert_eq!(Base::COMPONENTS[0].storage, Storage::Table);
    let ledger = Ledger::default();
    let (world, _) = filled(&ledger);
    let table = world.tables().iter().find(|table| !table.is_empty()).unwrap();
    assert_eq!((table.mask(), table.possible()), (0b1, 0b11101));
    assert_eq!(table.row_mask(15), 0b1101);
    assert_eq!(table.row_mask(1), 0b1);
    assert_eq!(world.tables().len(), 2, "nothing has moved");
    assert!(format!("{table:?}").contains("sparse: {\"Spark\", \"Wide\", \"Flag\"}"));
}

#[test]
fn queries_find_exactly_those_that_have_them() {
    let ledger = Ledger::default();
    let (mut world, _) = filled(&ledger);
    let ids = |step: u32| (0..ROWS).filter(move |&n| every(n, step));
    assert!(
        world
            .view::<(&Id, &Spark)>()
            .map(|(id, spark)| {
                assert_eq!(id.0, spark.0.value);
                id.0
            })
            .eq(ids(3))
    );
    let both = world.query::<(&Wide, &mut Spark)>().map(|(wide, _)| wide.0);
    assert!(both.eq(ids(15)));
    let neither = world.view_filtered::<&Id, (Without<Spark>, Without<Flag>)>();
    assert!(neither.map(|id| id.0).eq((0..ROWS).filter(|&n| !every(n, 3) && !every(n, 7))));
    let either = world.view_filtered::<&Id, Or<(With<Wide>, With<Flag>)>>().map(|id| id.0);
    assert!(either.eq((0..ROWS).filter(|&n| every(n, 5) || every(n, 7))));
    for (id, wide) in world.view::<(&Id, Option<&Wide>)>() {
        assert_eq!(wide.map(|wide| wide.0), every(id.0, 5).then_some(id.0));
        assert!(wide.is_none_or(|wide| std::ptr::from_ref(wide).addr().is_multiple_of(128)));
    }
    #[derive(Query)]
    #[query(crate = ecs_core)]
    struct Named<'w> {
        id: &'w Id,
        wide: &'w mut Wide,
        flag: Option<&'w Flag>,
    }
    let mut count = 0;
    world.query::<Named<'_>>().for_each(|Named { id, wide, flag }| {
        assert_eq!((wide.0, flag.is_some()), (id.0, every(id.0, 7)));
        count += 1;
    });
    assert_eq!(count, ids(5).count());
    // Chunks don't share a word.
    let chunks: Vec<_> = world.view::<(&Id, &Wide)>().chunks(1).collect();
    assert_eq!(chunks.len(), ROWS.div_ceil(64) as usize);
    let found = chunks.into_iter().rev().flat_map(|chunk| chunk.map(|(id, _)| id.0));
    assert_eq!(found.collect::<std::collections::BTreeSet<_>>(), ids(5).collect());
    assert_eq!(world.view::<(&Id, &Wide)>().chunks(usize::MAX).take(10).count(), 1);
    let mut chunks = world.view::<(&Id, &Wide)>().chunks(1);
    while chunks.next().is_some() {
        assert_eq!(chunks.rows_given() + chunks.rows_left(), ROWS as usize);
    }
    assert_eq!((chunks.rows_given(), chunks.rows_left()), (ROWS as usize, 0));
}

#[test]
fn they_come_along_when_rows_move() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    // To another table, one by one and from the middle; then all back at once.
    for &entity in entities.iter().skip(1).step_by(2) {
        world.insert(entity, Other).unwrap();
    }
    check(&world, &entities);
    assert_eq!(world.remove_where::<(), Other>(), Ok(ROWS as usize / 2));
    check(&world, &entities);
    assert_eq!(world.insert_where::<With<Id>, _>(|_| Other), Ok(ROWS as usize));
    check(&world, &entities);
    for &entity in &entities[..100] {
        world.despawn(entity).unwrap();
    }
    check(&world, &entities[100..]);
    assert_eq!(world.despawn_where::<With<Wide>>(), 40);
    let left = |&entity: &Entity| !every(entity.index(), 5);
    check(&world, &entities[100..].iter().copied().filter(left).collect::<Vec<_>>());
    ledger.check();
    drop(world);
    ledger.check_empty();
}

/// Everyone has what they were given.
fn check(world: &World<Base>, entities: &[Entity]) {
    assert_eq!(world.len(), entities.len());
    for &entity in entities {
        let n = entity.index();
        assert_eq!(world.get::<Id>(entity), Ok(&Id(n)));
        let spark = world.get::<Spark>(entity).ok().map(|spark| spark.0.value);
        assert_eq!(spark, every(n, 3).then_some(n));
        assert_eq!(world.get::<Wide>(entity).ok(), every(n, 5).then_some(&Wide(n)));
        assert_eq!(world.has::<Flag>(entity), every(n, 7));
    }
}

#[test]
fn they_travel_in_blocks_of_one_mask() {
    let ledger = Ledger::default();
    let (mut home, entities) = filled(&ledger);
    let mut abroad = World::<Base>::with_origin(2);
    let mut block = Block::new(block_bytes::<Base>(64));
    let flags = TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };
    let mut left = entities.clone();
    // Those of one mask go together, and others stop the batch.
    left.sort_by_key(|&entity| home.select(entity).unwrap().group);
    while !left.is_empty() {
        let selection = home.select(left[0]).unwrap();
        block.begin(selection.mask, 0, flags);
        let gone = home.depart(&left, &mut block, 1);
        assert!(gone > 0 && block.len() == gone);
        left.drain(..gone);
        while !block.is_empty() {
            assert!(abroad.arrive(&mut block, 7).unwrap() > 0);
        }
        check(&home, &left);
    }
    assert_eq!(home.len(), 0);
    check(&abroad, &entities);
    // One by one, back home.
    for &entity in &entities {
        let transfer = abroad.take(entity).unwrap();
        assert_eq!(transfer.has::<Flag>(), every(entity.index(), 7));
        home.insert_transfer(transfer).unwrap();
    }
    check(&home, &entities);
    let copy = home.copy(entities[21]).unwrap();
    assert_eq!(copy.get::<Spark>().map(|spark| spark.0.value), Some(21));
    assert!(copy.has::<Flag>() && !copy.has::<Wide>());
    drop((home, abroad, copy));
    ledger.check_empty();
}

#[test]
fn a_column_that_nobody_needs_is_given_back() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    world.shrink();
    let with = world.bytes();
    assert_eq!(world.remove_where::<(), Wide>(), Ok(ROWS as usize / 5));
    world.shrink();
    let wide = ROWS as usize * size_of::<Wide>();
    assert!(world.bytes() <= with - wide, "{} after {with}", world.bytes());
    assert_eq!(world.view::<&Wide>().count(), 0);
    world.insert(entities[9], Wide(1)).unwrap();
    assert_eq!(world.get::<Wide>(entities[9]), Ok(&Wide(1)));
    world.clear();
    assert_eq!(ledger.live(), 0);
    let again = world.spawn((Id(1), Other)).unwrap();
    assert!(!world.has::<Spark>(again) && !world.has::<Wide>(again));
}

#[test]
fn rows_that_come_after_others_went_have_nothing() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    for &entity in entities.iter().rev().take(200) {
        world.despawn(entity).unwrap();
    }
    let fresh = world.spawn_batch((0..200).map(Id)).unwrap().to_vec();
    for entity in fresh {
        assert!(!world.has::<Spark>(entity) && !world.has::<Wide>(entity));
        assert!(!world.has::<Flag>(entity));
    }
    check_live(&world, &ledger);
}

fn check_live(world: &World<Base>, ledger: &Ledger) {
    ledger.check();
    assert_eq!(world.view::<&Spark>().count(), ledger.live());
}

#[test]
fn drops_that_panic_leave_the_world_whole() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    for n in 0..scaled(100, 70) {
        let spark = if n == 66 { ledger.bomb(n) } else { ledger.owned(n) };
        world.spawn((Id(n), Spark(spark))).unwrap();
    }
    panics(|| world.clear());
    check_live(&world, &ledger);
    assert_eq!(world.len(), 0);
    let bomb = world.spawn((Id(1), Spark(ledger.bomb(1)))).unwrap();
    panics(|| world.insert(bomb, Spark(ledger.owned(2))));
    assert_eq!(world.get::<Spark>(bomb).unwrap().0.value, 2);
    world.insert(bomb, Spark(ledger.bomb(3))).unwrap();
    panics(|| world.remove_where::<With<Id>, Spark>());
    assert!(!world.has::<Spark>(bomb) && world.contains(bomb));
    check_live(&world, &ledger);
}

/// They are no part of an archetype, so a closed world takes them.
#[test]
fn a_closed_world_takes_them() {
    let mut world = World::<Closed>::new();
    let one = world.spawn(Id(1)).unwrap();
    let two = world.spawn((Id(2), Flag)).unwrap();
    world.insert(one, Wide(1)).unwrap();
    assert!(world.has::<Wide>(one) && world.has::<Flag>(two));
    assert!(world.insert(one, Other).is_err());
    assert!(world.remove::<Flag>(two).is_ok());
    assert_eq!(world.tables().len(), 2);
}
