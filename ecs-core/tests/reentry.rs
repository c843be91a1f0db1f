//! What observers write down waits until all of an operation is done, however many parts
//! it has; what they panic in the middle of leaves both sides of relations right.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::entity::Entity;
use ecs_core::relation::{ChildOf, Children, Sources};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::panics;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Plain(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, observe)]
struct Told(u32);
#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation, observe)]
struct Likes(Entity);
#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation)]
struct Knows(Entity);

#[world_config(
    crate = ecs_core,
    components(Plain, Told, Likes, Sources<Likes>, Knows, Sources<Knows>, ChildOf, Children),
    max_entities = 100
)]
struct Base;

#[test]
fn a_child_that_becomes_its_parents_parent_makes_no_circle() {
    let mut world = World::<Base>::new();
    let parent = world.spawn(()).unwrap();
    world.on_add::<Told>(move |world, child| {
        world.commands().set_parent(parent, child).unwrap();
    });
    let child = world.spawn_child(parent, Told(1)).unwrap();
    // It was the child first, so the other way around is refused.
    assert_eq!((world.parent(child), world.parent(parent)), (Some(parent), None));
    assert_eq!(world.deferred_counts().missed, 1);
    assert!(world.descendants(parent).eq([child]));
}

#[test]
fn a_target_that_ends_for_it_leaves_no_relation() {
    let mut world = World::<Base>::new();
    let target = world.spawn(()).unwrap();
    world.on_add::<Told>(move |world, _| world.commands().despawn(target).unwrap());
    let source = world.spawn_related::<Likes, _>(target, Told(1)).unwrap();
    assert!(!world.contains(target));
    assert_eq!(world.target_of::<Likes>(source), None);
}

#[test]
fn a_clone_is_whole_before_others_go() {
    let mut world = World::<Base>::new();
    let others = world.spawn_batch((0..90).map(Plain)).unwrap().to_vec();
    let target = world.spawn(()).unwrap();
    let source = world.spawn(Plain(1)).unwrap();
    world.relate::<Likes>(source, target).unwrap();
    world.relate::<Knows>(source, target).unwrap();
    // The row that is cloned moves, and the one where it was is given back.
    world.on_insert::<Likes>(move |world, _| {
        let others = others.clone();
        let go = move |world: &mut World<Base>| {
            world.despawn_batch(&others);
            world.shrink();
        };
        world.commands().run(go).unwrap();
    });
    let clone = world.clone_entity(source).unwrap();
    assert_eq!(world.len(), 3);
    assert_eq!(world.sources_of::<Likes>(target), [source, clone]);
    assert_eq!(world.sources_of::<Knows>(target), [source, clone]);
}

#[test]
fn a_panic_before_a_relation_ends_leaves_both_sides() {
    let mut world = World::<Base>::new();
    let ids = world.spawn_batch((0..8).map(Plain)).unwrap().to_vec();
    for &source in &ids[2..] {
        world.relate::<Likes>(source, ids[usize::from(source > ids[4])]).unwrap();
    }
    world.relate::<Likes>(ids[0], ids[1]).unwrap();
    let mut told = 0;
    world.on_remove::<Likes>(move |_, _| {
        told += 1;
        assert!(told % 2 == 1, "each second one");
    });
    let both = |world: &World<Base>| {
        for &target in &ids {
            let related = |&source: &Entity| world.target_of::<Likes>(source) == Some(target);
            let mut sources = world.sources_of::<Likes>(target).to_vec();
            sources.sort_unstable();
            assert!(sources.into_iter().eq(ids.iter().copied().filter(related)));
        }
    };
    panics(|| world.despawn(ids[0]));
    assert!(world.contains(ids[0]) && world.target_of::<Likes>(ids[2]) == Some(ids[0]));
    both(&world);
    panics(|| world.despawn_batch(&ids[..2]));
    both(&world);
    panics(|| world.clear());
    both(&world);
}

#[test]
fn what_waits_for_room_is_bounded() {
    let mut world = World::<Base>::new();
    let ids = world.spawn_batch((0..100).map(Plain)).unwrap().to_vec();
    world.set_deferred_limit(10);
    world.on_insert::<Told>(|world, entity| {
        if let Err(full) = world.commands().spawn(Plain(7)) {
            let Plain(refused) = full.into_inner();
            world.get_mut::<Plain>(entity).unwrap().0 += refused;
        }
    });
    for round in 0..100 {
        world.insert(ids[0], Told(round)).unwrap();
        assert!(world.flush() <= 10);
    }
    assert_eq!(world.get::<Plain>(ids[0]).unwrap().0, 7 * 90);
    // All that waited is made, and there is room again.
    world.despawn_batch(&ids[1..]);
    assert_eq!((world.flush(), world.len()), (0, 11));
    world.insert(ids[0], Told(0)).unwrap();
    assert_eq!(world.len(), 12);
}
