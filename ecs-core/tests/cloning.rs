//! Clones of entities and worlds, and instances of templates: what they hold, what
//! refuses them, and clones that panic.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecs_core::entity::Entity;
use ecs_core::error::{EntityError, Refusal};
use ecs_core::outbox::{Request, TransferMarker};
use ecs_core::query::{With, Without};
use ecs_core::template::Template;
use ecs_core::world::{CopyError, World};
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics, scaled};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Id(u32);

#[derive(Component, Clone, Copy)]
#[component(crate = ecs_core)]
struct Tag;

#[derive(Component, Clone, Debug)]
#[component(crate = ecs_core, storage = "sparse")]
struct Spark(Owned);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, storage = "sparse")]
struct Mark(u64);

#[world_config(crate = ecs_core, components(Id, Owned, Tag, Spark, Mark))]
struct Base;

#[world_config(crate = ecs_core, base = Base, max_entities = 10)]
struct Small;

#[world_config(crate = ecs_core, base = Base, archetypes(only(Id, Tag), closed))]
struct Closed;

/// Not `Clone`, nor are worlds with it.
#[derive(Component)]
#[component(crate = ecs_core)]
struct Unique(#[allow(dead_code)] u32);

#[world_config(crate = ecs_core, components(Id, Unique))]
struct Uncloned;

const ROWS: u32 = scaled(300, 70);

/// Entities of several tables, some with sparse components.
fn filled(ledger: &Ledger, origin: u16) -> (World<Base>, Vec<Entity>) {
    let mut world = World::<Base>::with_origin(origin);
    let entities = (0..ROWS).map(|n| {
        let entity = world.spawn((Id(n), ledger.owned(n))).unwrap();
        if n % 3 == 0 {
            world.insert(entity, Tag).unwrap();
        }
        if n % 5 == 0 {
            world.insert(entity, (Spark(ledger.owned(n)), Mark(n.into()))).unwrap();
        }
        entity
    });
    let entities = entities.collect();
    (world, entities)
}

/// Panics if the entity is not as `filled` made it.
fn check(world: &World<Base>, entity: Entity, n: u32) {
    assert_eq!(world.get::<Id>(entity), Ok(&Id(n)));
    assert_eq!(world.get::<Owned>(entity).unwrap().value, n);
    assert_eq!(world.has::<Tag>(entity), every(n, 3).is_some());
    assert_eq!(world.get::<Spark>(entity).ok().map(|spark| spark.0.value), every(n, 5));
    assert_eq!(world.get::<Mark>(entity).ok().map(|mark| mark.0), every(n, 5).map(u64::from));
}

fn every(n: u32, step: u32) -> Option<u32> {
    n.is_multiple_of(step).then_some(n)
}

#[test]
fn a_cloned_entity_has_clones_of_all_components() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger, 0);
    let clones: Vec<Entity> =
        entities.iter().map(|&entity| world.clone_entity(entity).unwrap()).collect();
    for (n, (&entity, &clone)) in (0..).zip(entities.iter().zip(&clones)) {
        check(&world, entity, n);
        check(&world, clone, n);
    }
    assert_eq!(world.counts().live(), world.len() as u64);
    assert_eq!(world.len(), 2 * ROWS as usize);
    drop(world);
    ledger.check_empty();
}

#[test]
fn an_entity_that_can_not_be_cloned_is_not() {
    let mut world = World::<Uncloned>::new();
    let entity = world.spawn((Id(1), Unique(2))).unwrap();
    assert_eq!(world.clone_entity(entity), Err(CopyError::NotClone("Unique")));
    assert_eq!(world.template(entity).unwrap_err(), CopyError::NotClone("Unique"));
    let clonable = world.spawn(Id(2)).unwrap();
    assert!(world.clone_entity(clonable).is_ok());
    world.despawn(entity).unwrap();
    let dead = CopyError::Entity(EntityError::Dead(entity));
    assert_eq!(world.clone_entity(entity), Err(dead));

    let mut world = World::<Small>::new();
    let entity = world.spawn(Id(0)).unwrap();
    for _ in 1..10 {
        world.clone_entity(entity).unwrap();
    }
    let full = CopyError::Refused(Refusal::WorldFull { limit: 10 });
    assert_eq!(world.clone_entity(entity), Err(full));
    assert_eq!(world.len(), 10);
}

#[test]
fn a_clone_that_panics_leaves_nothing_behind() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger, 0);
    let mined = world.spawn((Id(0), ledger.owned(0), Spark(ledger.bomb(0)))).unwrap();
    let (len, live) = (world.len(), ledger.live());
    panics(|| world.clone_entity(mined));
    panics(|| world.template(mined));
    panics(|| world.clone());
    assert_eq!((world.len(), ledger.live()), (len, live));
    assert_eq!(world.counts().live(), len as u64);
    for (n, &entity) in (0..).zip(&entities) {
        check(&world, entity, n);
    }
    ledger.check();
    assert!(catch_unwind(AssertUnwindSafe(|| world.despawn(mined))).is_err());
    drop(world);
    ledger.check_empty();
}

#[test]
fn a_cloned_world_has_the_same_entities_under_the_same_ids() {
    let ledger = Ledger::default();
    for origin in [0, 3] {
        let (mut world, mut entities) = filled(&ledger, origin);
        let marker = TransferMarker::to(1);
        world.insert(entities[1], marker).unwrap();
        world.complete(entities[4]).unwrap();
        world.despawn(entities[7]).unwrap();
        let away = world.take(entities[10]).unwrap();
        let mut clone = world.clone();
        assert_eq!(clone.origin(), 0);
        assert_eq!((clone.len(), clone.counts()), (world.len(), world.counts()));
        assert_eq!(clone.request(entities[1]), Ok(Some(Request::Marked(marker))));
        assert_eq!(clone.request(entities[4]), Ok(Some(Request::Completed)));
        assert_eq!(clone.outbox_len(), 2);
        assert!(!clone.contains(entities[7]) && !clone.contains(entities[10]));
        assert!(
            clone
                .tables()
                .iter()
                .map(|table| table.entities())
                .eq(world.tables().iter().map(|table| table.entities()))
        );
        drop(away);

        // Each goes its own way.
        let marked = world.view_filtered::<Entity, With<Mark>>().count();
        for (n, &entity) in (0..).zip(&entities) {
            if ![7, 10].contains(&n) {
                check(&clone, entity, n);
                clone.get_mut::<Id>(entity).unwrap().0 += 1;
                check(&world, entity, n);
            }
        }
        assert_eq!(clone.despawn_where::<With<Mark>>(), marked);
        entities.extend((0..50).map(|n| clone.spawn(Id(n)).unwrap()));
        let ids: std::collections::BTreeSet<_> = entities.iter().collect();
        assert_eq!(ids.len(), entities.len(), "a fresh id is nobody's");
        assert_eq!(clone.counts().live(), clone.len() as u64);
        clone.remove_where::<Without<Mark>, Tag>().unwrap();
        drop(world);
        let last = entities[1];
        assert_eq!(clone.get::<Id>(last), Ok(&Id(2)));
        clone.clear();
        assert!(clone.is_empty());
    }
    ledger.check_empty();
}

/// A coordinator's world that was given an entity of a world on its own.
#[test]
fn a_cloned_world_takes_over_guests_of_any_origin() {
    let mut alone = World::<Base>::new();
    let far = alone.spawn_batch((0..600).map(Id)).unwrap()[550];
    let mut world = World::<Base>::with_origin(2);
    let own = world.spawn(Id(1)).unwrap();
    world.insert_transfer(alone.take(far).unwrap()).unwrap();
    let mut other = World::<Base>::with_origin(9);
    let guest = other.spawn(Id(9)).unwrap();
    world.insert_transfer(other.take(guest).unwrap()).unwrap();

    let mut clone = world.clone();
    let values = [far, own, guest].map(|entity| clone.get::<Id>(entity).unwrap().0);
    assert_eq!(values, [550, 1, 9]);
    let fresh: Vec<Entity> = (0..700).map(|n| clone.spawn(Id(n)).unwrap()).collect();
    assert!(fresh.iter().all(|entity| ![far, own, guest].contains(entity)));
    for entity in [far, own, guest] {
        clone.insert(entity, Tag).unwrap();
        clone.despawn(entity).unwrap();
        assert!(!clone.contains(entity));
    }
    assert_eq!(clone.len(), 700);
}

#[test]
fn a_template_makes_instances() {
    let ledger = Ledger::default();
    let (mut world, entities) = filled(&ledger, 0);
    let template = world.template(entities[15]).unwrap();
    assert_eq!(template.len(), 1);
    let one = world.spawn_template(&template).unwrap();
    let many = world.spawn_templates(&template.clone(), ROWS as usize).unwrap().to_vec();
    assert_eq!(many.len(), ROWS as usize);
    for &entity in many.iter().chain([&one]) {
        check(&world, entity, 15);
    }
    assert_eq!(world.spawn_templates(&template, 0).unwrap(), []);
    let with = (Id(16), Mark(3));
    let other = world.spawn_template_with(&template, with).unwrap();
    assert_eq!((world.get::<Id>(other), world.get::<Mark>(other)), (Ok(&Id(16)), Ok(&Mark(3))));
    assert_eq!(world.get::<Owned>(other).unwrap().value, 15);
    let made = Template::<Base>::new((Id(1), ledger.owned(2)));
    let more = world.spawn_template_with(&made, (Tag, ledger.owned(5))).unwrap();
    assert_eq!(world.get::<Owned>(more).unwrap().value, 5);
    assert!(world.has::<Tag>(more));
    assert_eq!(world.counts().live(), world.len() as u64);
    drop((world, template, made));
    ledger.check_empty();
}

#[test]
fn a_refused_template_changes_nothing() {
    let ledger = Ledger::default();
    let template = Template::<Base>::new((Id(1), ledger.owned(1)));
    let mut world = World::<Small>::new();
    world.spawn_templates(&template, 8).unwrap();
    let full = Refusal::WorldFull { limit: 10 };
    assert_eq!(world.spawn_templates(&template, 3), Err(full));
    assert_eq!(world.spawn_templates(&template, usize::MAX), Err(full));
    assert_eq!(world.len(), 8);
    world.spawn_templates(&template, 2).unwrap();
    let refused = world.spawn_template_with(&template, ledger.owned(7)).unwrap_err();
    assert_eq!(refused.why(), full);
    assert_eq!(refused.into_inner().value, 7);

    let mut closed = World::<Closed>::new();
    assert_eq!(closed.spawn_template(&template), Err(Refusal::ClosedArchetype));
    assert_eq!(closed.counts().refused, 1);
    let fits = Template::<Base>::new((Id(1), Mark(1)));
    assert_eq!(closed.spawn_template(&fits), Err(Refusal::ClosedArchetype));
    closed.spawn_template_with(&fits, Tag).unwrap();
    drop((world, template));
    ledger.check_empty();
}

#[test]
fn an_instance_whose_clone_panics_is_not_made() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    world.spawn((Id(0), ledger.owned(0), Spark(ledger.owned(0)))).unwrap();
    let mined = Template::<Base>::new((Id(1), ledger.owned(1), Spark(ledger.bomb(1))));
    let live = ledger.live();
    panics(|| world.spawn_template(&mined));
    panics(|| world.spawn_templates(&mined, 5));
    panics(|| world.spawn_template_with(&mined, (Tag, ledger.owned(3))));
    panics(|| mined.clone());
    assert_eq!((world.len(), ledger.live()), (1, live));
    ledger.check();
    let defused = Spark(ledger.owned(2));
    let made = world.spawn_template_with(&mined, defused).unwrap();
    assert_eq!(world.get::<Spark>(made).unwrap().0.value, 2);
    drop(world);
    panics(|| drop(mined));
    ledger.check_empty();
}
