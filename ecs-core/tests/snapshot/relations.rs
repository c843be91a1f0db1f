//! Relations come back with their order, and what makes no sense in them does not.

use bytemuck::{CheckedBitPattern, NoUninit};
use ecs_core::entity::Entity;
use ecs_core::relation::{ChildOf, Children, Sources};
use ecs_core::save::Saved;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use serde::{Deserialize, Serialize};

use super::damage::sign;
use super::{Position, Small};

#[derive(
    Component,
    Clone,
    Copy,
    Debug,
    PartialEq,
    Hash,
    NoUninit,
    CheckedBitPattern,
    Serialize,
    Deserialize,
)]
#[component(crate = ecs_core, relation)]
#[repr(transparent)]
struct Likes(Entity);

#[world_config(
    crate = ecs_core,
    components(Position, Small, ChildOf, Children, Likes, Sources<Likes>)
)]
struct Tree;

/// A tree whose children are in another order than their rows.
fn tree() -> (World<Tree>, Vec<Entity>) {
    let mut world = World::<Tree>::new();
    let ids: Vec<_> = (0..8).map(|n| world.spawn(Small(n)).unwrap()).collect();
    for (child, parent) in [(5, 0), (3, 0), (4, 0), (1, 3), (2, 3)] {
        world.set_parent(ids[child], ids[parent]).unwrap();
    }
    for (source, target) in [(7, 6), (0, 6), (6, 6 - 4), (3, 6)] {
        world.relate::<Likes>(ids[source], ids[target]).unwrap();
    }
    world.insert(ids[3], Position { x: 0.0, y: 0.0 }).unwrap();
    // A list that is empty again.
    world.set_parent(ids[7], ids[6]).unwrap();
    world.remove_parent(ids[7]).unwrap();
    (world, ids)
}

/// # Panics
/// If the two differ in what they tell of relations.
fn check(loaded: &World<Tree>, world: &World<Tree>, ids: &[Entity]) {
    for &id in ids {
        assert_eq!(loaded.parent(id), world.parent(id));
        assert_eq!(loaded.children(id), world.children(id), "in their order");
        assert_eq!(loaded.target_of::<Likes>(id), world.target_of::<Likes>(id));
        assert_eq!(loaded.sources_of::<Likes>(id), world.sources_of::<Likes>(id));
    }
}

#[test]
fn relations_come_back_in_their_order() {
    let (world, ids) = tree();
    let bytes = world.snapshot().unwrap().to_vec();
    let mut restored = World::<Tree>::new();
    restored.spawn(Small(1)).unwrap();
    restored.restore(&bytes).unwrap();
    check(&restored, &world, &ids);
    assert_eq!(restored.snapshot().unwrap().to_vec(), bytes);
    restored.despawn_recursive(ids[0]).unwrap();
    assert_eq!(restored.len(), 2);

    // Without the lists they are made anew.
    restored.restore(&world.snapshot_of::<(Small, ChildOf)>().to_vec()).unwrap();
    assert_eq!(restored.children(ids[0]).len(), 3);
    assert_eq!(restored.parent(ids[2]), Some(ids[3]));
}

#[test]
fn bytes_do_not_break_relations() {
    let (world, ids) = tree();
    let bytes = world.snapshot().unwrap().to_vec();
    let step = if cfg!(miri) { 151 } else { 1 };
    for at in (24..bytes.len() - 8).step_by(step) {
        for change in [1, 2, 4] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            sign(&mut damaged);
            let (mut other, _) = tree();
            if other.restore(&damaged).is_err() {
                assert_eq!(other.snapshot().unwrap().to_vec(), bytes);
                continue;
            }
            // Both sides agree, whatever was in the lists.
            let all: Vec<_> = other.entities().collect();
            for &entity in &all {
                for &child in other.children(entity) {
                    assert_eq!(other.parent(child), Some(entity));
                }
                if let Some(parent) = other.parent(entity).filter(|&parent| other.contains(parent))
                {
                    let listed = other.children(parent).iter().filter(|&&child| child == entity);
                    assert_eq!(listed.count(), 1);
                }
            }
            for entity in all {
                if other.contains(entity) {
                    other.despawn_recursive(entity).unwrap();
                }
            }
            assert!(other.is_empty());
        }
    }
    drop(ids);
}

/// The same components as far as they can be serialized.
#[test]
fn relations_are_saved() {
    let (world, ids) = tree();
    let saved = Saved::of(&world).only::<(ChildOf, Children, Likes, Sources<Likes>)>();
    let json = serde_json::to_string(&saved).unwrap();
    let loaded: World<Tree> = serde_json::from_str(&json).unwrap();
    check(&loaded, &world, &ids);
    let bytes = postcard::to_allocvec(&saved).unwrap();
    let loaded: World<Tree> = postcard::from_bytes(&bytes).unwrap();
    check(&loaded, &world, &ids);
}
