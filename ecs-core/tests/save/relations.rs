//! Both sides of relations come back, in their order, and what is saved of them is not
//! trusted.

use ecs_core::relation::{ChildOf, Children, Relation, Sources};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use serde::{Deserialize, Serialize};

#[derive(Component, Debug, Serialize, Deserialize)]
#[component(crate = ecs_core)]
struct Id(u32);

#[derive(Component, Debug, Serialize, Deserialize)]
#[component(crate = ecs_core, relation)]
struct Likes(ecs_core::entity::Entity);

#[world_config(crate = ecs_core, components(Id, ChildOf, Children, Likes, Sources<Likes>))]
struct Tree;

#[test]
fn both_sides_come_back_in_order() {
    let mut world = World::<Tree>::new();
    let root = world.spawn(Id(0)).unwrap();
    let [a, b, c] = [1, 2, 3].map(|n| world.spawn_child(root, Id(n)).unwrap());
    world.insert_child_at(root, 0, c).unwrap();
    world.relate::<Likes>(b, a).unwrap();
    world.relate::<Likes>(a, b).unwrap();
    // One that is elsewhere, and comes back.
    let away = world.spawn(Id(4)).unwrap();
    world.relate::<Likes>(c, away).unwrap();
    let transfer = world.take(away).unwrap();

    let json = serde_json::to_string(&world).unwrap();
    let mut used = World::<Tree>::new();
    let old = used.spawn(Id(9)).unwrap();
    used.spawn_child(old, Id(8)).unwrap();
    let loader = ecs_core::save::Loader::<Tree>::new();
    loader.load_into(&mut used, &mut serde_json::Deserializer::from_str(&json)).unwrap();
    for mut loaded in [serde_json::from_str::<World<Tree>>(&json).unwrap(), used] {
        assert_eq!(loaded.children(root), [c, a, b]);
        assert!(loaded.descendants(root).eq([c, a, b]));
        assert_eq!((loaded.parent(b), loaded.target_of::<Likes>(b)), (Some(root), Some(a)));
        assert_eq!(loaded.sources_of::<Likes>(b), [a]);
        let mut transfer = ecs_core::transfer::EntityTransfer::<Tree>::new(0, 0);
        transfer.pack(Id(4)).unwrap();
        transfer.pack(Likes::to(c)).unwrap();
        let new = loaded.insert_transfer(transfer).unwrap();
        assert_eq!(loaded.sources_of::<Likes>(c), [new]);
        assert_eq!(loaded.despawn_recursive(root), Ok(4));
        assert_eq!(loaded.target_of::<Likes>(new), None);
    }
    world.insert_transfer(transfer).unwrap();
    assert_eq!(world.sources_of::<Likes>(away), [c]);
}

#[test]
fn what_does_not_agree_is_put_right() {
    let mut world = World::<Tree>::new();
    let [a, b, c] = [1, 2, 3].map(|n| world.spawn(Id(n)).unwrap());
    world.set_parent(b, a).unwrap();
    world.set_parent(c, b).unwrap();
    let json = serde_json::to_string(&world).unwrap();
    // The root is a child of its descendant, and a list names whom it likes.
    let first = format!(r#""{a}":{{"#);
    let around = json.replacen(&first, &format!(r#"{first}"ChildOf":"{c}","#), 1);
    assert_ne!(around, json);
    let listed =
        around.replacen(&format!(r#"["{b}"]"#), &format!(r#"["{a}","{c}","{b}","{b}"]"#), 1);
    assert_ne!(listed, around);
    let loaded: World<Tree> = serde_json::from_str(&listed).unwrap();
    let roots = [a, b, c].iter().filter(|&&entity| loaded.parent(entity).is_none()).count();
    assert_eq!(roots, 1, "the circle is cut once");
    for entity in [a, b, c] {
        assert!(loaded.ancestors(entity).count() < 3);
        for &child in loaded.children(entity) {
            assert_eq!(loaded.parent(child), Some(entity));
        }
    }
    let children: usize = [a, b, c].iter().map(|&entity| loaded.children(entity).len()).sum();
    assert_eq!(children, 2);
}
