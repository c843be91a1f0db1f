//! What a world tells of its state: entities as text, and the hash of all.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::hash::{Hash, Hasher};

use bytemuck::{Pod, Zeroable};
use ecs_core::entity::Entity;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use proptest::prelude::*;

use common::property;

#[derive(Component, Clone, Copy, Debug, Pod, Zeroable)]
#[component(crate = ecs_core)]
#[repr(C)]
struct Position {
    x: f32,
    y: f32,
}
#[derive(Component, Debug, Hash)]
#[component(crate = ecs_core)]
struct Name(String);
/// Has padding, of which the hash must not know.
#[derive(Component, Hash)]
#[component(crate = ecs_core)]
struct Padded(u8, u32);
#[derive(Component, Debug, Hash)]
#[component(crate = ecs_core, storage = "sparse")]
struct Stunned(u8);
#[derive(Component)]
#[component(crate = ecs_core)]
struct Tag;
#[derive(Component)]
#[component(crate = ecs_core)]
struct Secret(#[expect(dead_code)] Box<f32>);
#[derive(Component)]
#[component(crate = ecs_core, storage = "sparse")]
struct Hidden(#[expect(dead_code)] f64);
/// Plain bytes, and yet hashed by its `Hash`, which leaves a part out.
#[derive(Component, Clone, Copy, Pod, Zeroable)]
#[component(crate = ecs_core)]
#[repr(C)]
struct Cached {
    value: u32,
    cache: u32,
}
impl Hash for Cached {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

#[world_config(
    crate = ecs_core,
    components(Position, Name, Padded, Stunned, Tag, Secret, Hidden, Cached)
)]
struct Base;

const AT: Position = Position { x: 1.0, y: 2.0 };

#[test]
fn an_entity_shows_its_id_and_its_components() {
    let mut world = World::<Base>::new();
    let bare = world.spawn(()).unwrap();
    assert_eq!(format!("{:?}", world.debug(bare)), "0v1@0");
    let entity = world.spawn((AT, Name("Ada".to_owned()), Tag, Secret(Box::new(1.0)))).unwrap();
    assert_eq!(
        format!("{:?}", world.debug(entity)),
        "1v1@0 { Position: Position { x: 1.0, y: 2.0 }, Name: Name(\"Ada\"), \
         Tag: (not Debug), Secret: (not Debug) }"
    );
    world.spawn((AT, Name("Alan".to_owned()), Tag, Secret(Box::new(1.0)), Stunned(3))).unwrap();
    assert!(!format!("{:?}", world.debug(entity)).contains("Stunned"), "the other has it");
    world.insert(entity, Stunned(7)).unwrap();
    let text = format!("{:#?}", world.debug(entity));
    assert!(text.contains("    Stunned: Stunned(\n        7,"), "{text}");

    world.despawn(bare).unwrap();
    assert_eq!(format!("{:?}", world.debug(bare)), "0v1@0 (dead)");
    let foreign = Entity::from_bits(5 << 52 | 1 << 32 | 9).unwrap();
    assert_eq!(format!("{:?}", world.debug(foreign)), "9v1@5 (not here)");
}

fn some() -> World<Base> {
    let mut world = World::new();
    world.spawn((AT, Padded(1, 2))).unwrap();
    world.spawn((AT, Tag, Name("Ada".to_owned()))).unwrap();
    world.spawn((AT, Tag, Name("Alan".to_owned()), Stunned(1))).unwrap();
    world.spawn(Cached { value: 1, cache: 1 }).unwrap();
    world
}

#[test]
fn worlds_made_alike_have_one_hash() {
    let hash = some().state_hash().unwrap();
    assert_eq!(some().state_hash().unwrap(), hash);

    // What is no state: room, tables that are empty, what a table once held.
    let mut world = some();
    world.reserve::<(Position, Padded)>(1000).unwrap();
    world.reserve::<(Padded, Stunned)>(10).unwrap();
    let ada = world.entities().nth(1).unwrap();
    world.insert(ada, Hidden(1.0)).unwrap();
    world.remove::<Hidden>(ada).unwrap();
    assert_eq!(world.state_hash().unwrap(), hash);
    for cached in world.query::<&mut Cached>() {
        cached.cache = 9;
    }
    assert_eq!(world.state_hash().unwrap(), hash, "its `Hash` leaves the cache out");
}

#[test]
fn each_difference_changes_the_hash() {
    type Change = fn(&mut World<Base>, Entity);
    let changes: [Change; 10] = [
        |world, _| world.query::<&mut Position>().next().unwrap().x = 1.000_000_1,
        |world, _| world.query::<&mut Position>().last().unwrap().y = -2.0,
        |world, _| world.query::<&mut Padded>().next().unwrap().0 = 9,
        |world, _| world.query::<&mut Name>().next().unwrap().0.push('!'),
        |world, _| world.query::<&mut Stunned>().next().unwrap().0 = 2,
        |world, _| world.query::<&mut Cached>().next().unwrap().value = 2,
        |world, entity| _ = world.remove::<Tag>(entity).unwrap(),
        |world, entity| world.insert(entity, Stunned(1)).unwrap(),
        |world, entity| world.despawn(entity).unwrap(),
        |world, _| _ = world.spawn(()).unwrap(),
    ];
    let mut hashes = vec![some().state_hash().unwrap()];
    for change in changes {
        let mut world = some();
        let entity = world.entities().nth(1).unwrap();
        change(&mut world, entity);
        hashes.push(world.state_hash().unwrap());
    }
    // The same entity under another id.
    let mut world = some();
    let last = world.entities().last().unwrap();
    world.despawn(last).unwrap();
    world.spawn(Cached { value: 1, cache: 1 }).unwrap();
    hashes.push(world.state_hash().unwrap());
    // The sparse component on the other of two.
    let mut world = some();
    let ids: Vec<_> = world.entities().skip(1).take(2).collect();
    let stunned = world.remove::<Stunned>(ids[1]).unwrap();
    world.insert(ids[0], stunned).unwrap();
    hashes.push(world.state_hash().unwrap());
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn what_cannot_be_hashed_is_named() {
    let mut world = some();
    let hash = world.state_hash().unwrap();
    let entity = world.entities().next().unwrap();
    world.insert(entity, Hidden(1.0)).unwrap();
    let error = world.state_hash().unwrap_err();
    assert_eq!(error.components().iter().collect::<Vec<_>>(), ["Hidden"]);
    assert_ne!(error.hash(), hash, "that it is there counts");
    world.insert(entity, Secret(Box::new(1.0))).unwrap();
    let error = world.state_hash().unwrap_err();
    assert_eq!(error.components().iter().collect::<Vec<_>>(), ["Secret", "Hidden"]);
    let text = error.to_string();
    assert!(text.starts_with("components `Secret`, `Hidden` can't be hashed: derive"), "{text}");
}

proptest! {
    #![proptest_config(property(64, 4))]

    /// Two worlds have one hash if, and only if, their values are the same.
    #[test]
    fn the_hash_is_of_the_values(
        one in prop::collection::vec((0_u8..3, 0_u8..3), 0..6),
        other in prop::collection::vec((0_u8..3, 0_u8..3), 0..6),
    ) {
        let world = |rows: &[(u8, u8)]| {
            let mut world = World::<Base>::new();
            for &(kind, value) in rows {
                let padded = Padded(value, 5);
                match kind {
                    0 => world.spawn(padded).map_err(drop).unwrap(),
                    1 => world.spawn((padded, Stunned(value))).map_err(drop).unwrap(),
                    _ => world.spawn((padded, Tag)).map_err(drop).unwrap(),
                };
            }
            world.state_hash().unwrap()
        };
        // Tables in the order of their first entities: by kind, as the rows are met.
        prop_assert_eq!(world(&one) == world(&other), one == other);
    }
}
