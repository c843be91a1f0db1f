//! Many entities at once: whole columns, whole tables, and commands that are made
//! by one move. Panics half way lose nothing.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::error::{AccessError, EntityError, Refusal};
use ecs_core::outbox::TransferMarker;
use ecs_core::query::{With, Without};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct A(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct B(u64);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Tag;

#[world_config(crate = ecs_core, components(A, B, Owned, Tag), max_entities = 1_000)]
struct Base;

#[world_config(crate = ecs_core, base = Base, archetypes(a(A), ab(A, B), closed))]
struct Closed;

/// Entities with an `A`, half of them with a value that owns memory.
fn filled(ledger: &Ledger) -> (World<Base>, Vec<Entity>) {
    let mut world = World::<Base>::new();
    let mut entities = Vec::new();
    for n in 0..100 {
        entities.push(match n % 2 {
            0 => world.spawn(A(n)).unwrap(),
            _ => world.spawn((A(n), ledger.owned(n))).unwrap(),
        });
    }
    (world, entities)
}

#[test]
fn columns_of_each_kind_move_in() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    let owned: Vec<_> = (0..3).map(|n| ledger.owned(n)).collect();
    let a = [A(1), A(2), A(3)];
    let ids = world.spawn_columns((owned, &a[..], [B(1); 3])).unwrap().to_vec();
    let more: Box<[_]> = (0..2).map(|n| ledger.owned(n)).collect();
    assert_eq!(world.spawn_columns((more, vec![Tag; 2])).unwrap().len(), 2);
    for (n, &id) in (0..).zip(&ids) {
        let (owned, a, b) = world.query_one::<(&Owned, &A, &B)>(id).unwrap();
        assert_eq!((owned.value, *a, *b), (n, A(n + 1), B(1)));
    }
    assert_eq!(ledger.live(), 5);
    assert_eq!(world.spawn_columns((Vec::<A>::new(),)).unwrap(), []);
    let many = world.spawn_columns((vec![A(0); 996],)).unwrap_err();
    assert_eq!(many.why(), Refusal::WorldFull { limit: 1_000 });
    assert_eq!(many.into_inner().0.len(), 996);
    assert_eq!(world.counts().spawned, 5);
    // Ids of the dead are used first.
    for id in ids {
        world.despawn(id).unwrap();
    }
    let again = world.spawn_columns((vec![A(7); 5],)).unwrap().to_vec();
    assert_eq!(again.iter().filter(|id| id.generation() == 2).count(), 3);
    assert!(again.iter().all(|&id| world.get::<A>(id) == Ok(&A(7))));
    drop(world);
    ledger.check_empty();
}

#[test]
fn a_table_moves_at_once_and_its_columns_are_handed_over() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    let address = |world: &World<Base>| {
        let (a, _) = world.view::<(&A, &Owned)>().slices().next().unwrap();
        a.as_ptr()
    };
    let before = address(&world);
    assert_eq!(world.insert_where::<With<Owned>, _>(|id| B(id.to_bits())), Ok(50));
    assert_eq!(address(&world), before, "the column was not copied");
    for &entity in entities.iter().skip(1).step_by(2) {
        assert_eq!(world.get::<B>(entity), Ok(&B(entity.to_bits())));
        assert_eq!(world.get::<Owned>(entity).unwrap().value, entity.index());
    }
    // The rest joins them, behind those that are there.
    assert_eq!(world.insert_where::<Without<B>, _>(|_| B(0)), Ok(50));
    assert_eq!(world.insert_where::<With<A>, _>(|_| B(1)), Ok(100));
    assert!(world.view::<&B>().all(|b| *b == B(1)));
    assert_eq!(world.remove_where::<Without<Tag>, (Owned, B)>(), Ok(50));
    assert_eq!(ledger.live(), 0);
    for (n, &entity) in (0..).zip(&entities) {
        assert_eq!(world.get::<A>(entity), Ok(&A(n)));
        assert_eq!(world.has::<B>(entity), n % 2 == 0);
    }
    assert_eq!(world.despawn_where::<With<B>>(), 50);
    assert_eq!(world.len(), 50);
    assert_eq!(world.counts().live(), 50);
}

#[test]
fn a_closed_world_refuses_before_anything_changes() {
    let mut world = World::<Closed>::new();
    world.spawn_batch((0..5).map(A)).unwrap();
    assert_eq!(world.insert_where::<(), _>(|_| Tag), Err(Refusal::ClosedArchetype));
    assert_eq!(world.insert_where::<With<Tag>, _>(|_| Tag), Ok(0));
    assert_eq!(world.insert_where::<(), _>(|_| B(1)), Ok(5));
    assert_eq!(world.remove_where::<(), A>(), Err(Refusal::ClosedArchetype));
    assert_eq!(world.view::<(&A, &B)>().count(), 5);
    assert_eq!(world.counts().refused, 2);
}

#[test]
fn panics_half_way_lose_nothing() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    let mut calls = 0;
    panics(|| {
        world.insert_where::<Without<Owned>, _>(|_| {
            calls += 1;
            assert!(calls < 20, "it was to panic");
            (ledger.owned(7), Tag)
        })
    });
    assert_eq!(ledger.live(), 50, "what was made is dropped");
    assert!(entities.iter().all(|&entity| !world.has::<Tag>(entity)));

    // A drop that panics: all rows have moved, the other values are dropped.
    world.insert(entities[31], ledger.bomb(0)).unwrap();
    panics(|| world.remove_where::<(), Owned>());
    assert_eq!(ledger.live(), 0);
    for (n, &entity) in (0..).zip(&entities) {
        assert_eq!(world.get::<A>(entity), Ok(&A(n)));
        assert!(!world.has::<Owned>(entity));
    }
    ledger.check();
}

#[test]
fn commands_for_one_entity_are_one_move() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    let tables = world.tables().len();
    let mut commands = Commands::<Base>::with_capacity(1_000);
    // Written in three passes, so that no two for an entity stand together.
    for &entity in &entities {
        commands.insert(entity, (B(1), Tag)).unwrap();
    }
    for &entity in &entities {
        commands.remove::<Tag>(entity).unwrap();
        commands.remove::<Owned>(entity).unwrap();
    }
    for &entity in &entities {
        commands.insert(entity, ledger.owned(9)).unwrap();
    }
    let applied = commands.apply(&mut world).unwrap();
    // Half had no `Owned` to remove.
    assert_eq!((applied.made, applied.missed), (350, 50));
    assert!(commands.is_empty());
    assert_eq!(world.tables().len(), tables + 1, "no table for what was passed through");
    for (n, &entity) in (0..).zip(&entities) {
        let (a, b, owned) = world.query_one::<(&A, &B, &Owned)>(entity).unwrap();
        assert_eq!((*a, *b, owned.value), (A(n), B(1), 9));
        assert!(!world.has::<Tag>(entity));
    }
    assert_eq!(ledger.live(), 100);
    ledger.check();
}

#[test]
fn commands_keep_their_order_around_what_may_notice() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    let [one, two, three] = [entities[0], entities[2], entities[4]];
    let mut commands = Commands::<Base>::with_capacity(100);
    commands.insert(one, Tag).unwrap();
    commands.run(move |world| assert!(world.has::<Tag>(one) && !world.has::<B>(one))).unwrap();
    commands.insert(one, B(1)).unwrap();
    commands.remove::<Tag>(one).unwrap();
    commands.insert(two, B(1)).unwrap();
    commands.despawn(two).unwrap();
    commands.insert(two, B(2)).unwrap();
    commands.insert(three, ledger.owned(1)).unwrap();
    commands.complete(three).unwrap();
    commands.insert(three, ledger.owned(2)).unwrap();
    let applied = commands.apply(&mut world).unwrap();
    assert_eq!((applied.made, applied.missed), (9, 1));
    assert!(!world.has::<Tag>(one) && world.has::<B>(one) && !world.contains(two));
    assert_eq!(world.get::<Owned>(three).unwrap().value, 2);
    assert_eq!(world.outbox_len(), 1);
}

#[test]
fn a_drop_that_panics_ends_a_chain() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    let mut commands = Commands::<Base>::with_capacity(100);
    commands.insert(entities[0], ledger.bomb(1)).unwrap();
    commands.insert(entities[2], Tag).unwrap();
    commands.insert(entities[0], ledger.owned(2)).unwrap();
    commands.insert(entities[0], Tag).unwrap();
    panics(|| commands.apply(&mut world));
    // As one by one: the bomb went off when its successor was in place.
    assert_eq!(world.get::<Owned>(entities[0]).unwrap().value, 2);
    assert!(!world.has::<Tag>(entities[0]));
    let applied = commands.apply(&mut world).unwrap();
    assert_eq!(applied.made, 2);
    assert!(world.has::<Tag>(entities[0]) && world.has::<Tag>(entities[2]));
    ledger.check();
    drop((world, commands));
    ledger.check_empty();
}

#[test]
fn several_entities_are_looked_up_at_once() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    let [one, two] = world.query_many::<&mut A, 2>([entities[3], entities[8]]).unwrap();
    std::mem::swap(one, two);
    assert_eq!(world.get::<A>(entities[8]), Ok(&A(3)));
    let twice = world.query_many::<&mut A, 3>([entities[1], entities[2], entities[1]]);
    assert_eq!(twice.unwrap_err(), AccessError::Twice(entities[1]));
    let lacking = world.query_many::<(&A, &mut Owned), 2>([entities[1], entities[2]]);
    assert!(matches!(lacking, Err(AccessError::Missing { entity, .. }) if entity == entities[2]));
    world.despawn(entities[1]).unwrap();
    let dead = Err(AccessError::Entity(EntityError::Dead(entities[1])));
    assert_eq!(world.query_many::<&A, 1>([entities[1]]).map(|_| ()), dead);

    let mut lookup = world.lookup::<(Entity, &mut A)>();
    assert_eq!(lookup.get(entities[1]).map(|_| ()), dead);
    assert_eq!(lookup.get(entities[5]).unwrap().0, entities[5]);
    let mut seen = Vec::new();
    let twice: Vec<_> = entities.iter().chain(&entities).copied().collect();
    let found = lookup.for_each(&twice, |entity, (own, a)| {
        assert_eq!(entity, own);
        a.0 += 1000;
        seen.push(entity);
    });
    assert_eq!(found, 198);
    let alive = |&&entity: &&Entity| entity != entities[1];
    assert!(seen.iter().eq(twice.iter().filter(alive)));
    assert_eq!(world.get::<A>(entities[7]), Ok(&A(2007)));
}

/// An id that a slot will have next is nobody's yet, however it was come by.
#[test]
fn ids_to_come_are_not_found() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger);
    world.despawn(entities[3]).unwrap();
    let next = Entity::from_bits(entities[3].to_bits() + (1 << 32)).unwrap();
    let dead = AccessError::Entity(EntityError::Dead(next));
    assert_eq!(world.get::<A>(next), Err(dead));
    assert_eq!(world.lookup::<&mut A>().get(next).map(|_| ()), Err(dead));
    assert_eq!(world.lookup::<&Owned>().for_each(&[next, next], |_, _| panic!()), 0);
    let mut known = world.lookup::<&A>();
    assert!(known.get(entities[0]).is_ok());
    assert_eq!(known.for_each(&[next], |_, _| panic!()), 0);
    assert_eq!(known.get(next).map(|_| ()), Err(dead));
    // Nor are those that are away.
    let away = world.take(entities[5]).unwrap();
    let not_here = AccessError::Entity(EntityError::NotHere(entities[5]));
    assert_eq!(world.lookup::<&A>().get(entities[5]).map(|_| ()), Err(not_here));
    assert_eq!(world.view_lookup::<&A>().for_each(&[entities[5]], |_, _| panic!()), 0);
    drop(away);
}

/// One entity in a table that was large once.
#[test]
fn columns_that_are_mostly_unused_are_not_handed_over() {
    let mut world = World::<Base>::new();
    let entities = world.spawn_columns((vec![A(1); 900],)).unwrap().to_vec();
    assert_eq!(world.despawn_batch(&entities[1..]), 899);
    assert_eq!(world.insert_where::<With<A>, _>(|_| B(1)), Ok(1));
    let table = world.tables().iter().find(|table| !table.is_empty()).unwrap();
    assert!(table.capacity() < 100, "{}", table.capacity());
    assert_eq!(world.despawn_batch(&entities), 1);
}

/// Who lacks a part of what is to be removed does not count, also not for what a
/// closed world refuses.
#[test]
fn only_who_has_all_of_it_is_asked() {
    let mut world = World::<Closed>::new();
    world.spawn_batch((0..5).map(A)).unwrap();
    assert_eq!(world.remove_where::<(), (A, B)>(), Ok(0));
    assert_eq!(world.remove_where::<Without<B>, (A, Tag)>(), Ok(0));
    let unmarked = world.remove_where::<Without<TransferMarker>, (A, B)>();
    assert_eq!(unmarked, Ok(0));
    assert_eq!(world.counts().refused, 0);
}
