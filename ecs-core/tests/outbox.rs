//! Who wants to leave, in which order, however often that changes.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::entity::Entity;
use ecs_core::outbox::{Request, TransferMarker};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::scaled;

#[derive(Component)]
#[component(crate = ecs_core)]
struct Tag;

#[world_config(crate = ecs_core, components(Tag))]
struct Base;

fn asked(world: &World<Base>) -> Vec<Entity> {
    world.outbox().map(|parcel| parcel.entity).collect()
}

#[test]
fn in_the_order_in_which_they_asked() {
    let mut world = World::<Base>::new();
    let all = world.spawn_batch(vec![(); 5]).unwrap().to_vec();
    for &entity in all.iter().rev() {
        world.complete(entity).unwrap();
    }
    // A marker keeps the place, and stays in force.
    world.insert(all[2], TransferMarker::to(7)).unwrap();
    world.complete(all[2]).unwrap();
    assert_eq!(world.request(all[2]), Ok(Some(Request::Marked(TransferMarker::to(7)))));
    world.recall(all[3]).unwrap();
    world.complete(all[3]).unwrap();
    world.despawn(all[1]).unwrap();
    assert_eq!(asked(&world), [all[4], all[2], all[0], all[3]]);
    let mut parcels = Vec::new();
    world.drain_outbox(&mut parcels);
    assert_eq!((parcels.len(), world.outbox_len()), (4, 0));
    assert_eq!(world.recall(all[4]), Ok(None));
    // Of one that is gone nothing is put back.
    world.despawn(all[0]).unwrap();
    parcels.into_iter().for_each(|parcel| world.put_back(parcel));
    assert_eq!(asked(&world), [all[4], all[2], all[3]]);
}

#[test]
fn gaps_close_and_places_stay_right() {
    let mut world = World::<Base>::new();
    let count = scaled(1000, 100) as usize;
    let all = world.spawn_batch((0..count).map(|_| Tag)).unwrap().to_vec();
    let mut model: Vec<Entity> = Vec::new();
    for round in 0..scaled(40, 8) as usize {
        for (index, &entity) in all.iter().enumerate() {
            match (index * 7 + round * 3) % 5 {
                0..3 => {
                    let was = world.recall(entity).unwrap().is_some();
                    assert_eq!(was, model.contains(&entity));
                    model.retain(|&other| other != entity);
                }
                3 => {
                    world.complete(entity).unwrap();
                    if !model.contains(&entity) {
                        model.push(entity);
                    }
                }
                _ => {}
            }
        }
        assert_eq!(asked(&world), model);
        assert_eq!(world.outbox_len(), model.len());
    }
    for &entity in &all {
        assert_eq!(world.request(entity).unwrap().is_some(), model.contains(&entity));
    }
}
