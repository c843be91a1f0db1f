//! Worlds as bytes: what comes back, and what is refused.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;

mod damage;
mod errors;
mod ids;
mod relations;
mod round_trip;
mod speed;

use bytemuck::{CheckedBitPattern, NoUninit, Pod, Zeroable};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[component(crate = ecs_core)]
#[repr(C)]
pub struct Position {
    pub x: f32,
    pub y: f32,
}
#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[component(crate = ecs_core, track)]
#[repr(C)]
pub struct Small(pub u8);
/// Of whose bytes not each is a value.
#[derive(Component, Clone, Copy, Debug, PartialEq, NoUninit, CheckedBitPattern)]
#[component(crate = ecs_core)]
#[repr(u8)]
pub enum Team {
    Red = 1,
    Blue = 2,
}
#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[component(crate = ecs_core)]
#[repr(C)]
pub struct Tag;
#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[component(crate = ecs_core, storage = "sparse", observe)]
#[repr(C)]
pub struct Burning(pub u16);
#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[component(crate = ecs_core, storage = "sparse", track)]
#[repr(C)]
pub struct Marked;

#[world_config(
    crate = ecs_core,
    components(Position, Small, Team, Tag, Burning, Marked, common::Owned)
)]
pub struct Base;

/// Some of everything: tables with rows and without, free slots, sparse values.
pub fn some() -> World<Base> {
    let mut world = World::new();
    for n in 0..5_u8 {
        let position = Position { x: f32::from(n), y: -1.5 };
        let entity = world.spawn((position, Team::Red)).unwrap();
        if n % 2 == 0 {
            world.insert(entity, Burning(u16::from(n) + 300)).unwrap();
        }
    }
    let gone = world.spawn((Small(1), Tag)).unwrap();
    world.spawn((Small(7), Team::Blue, Marked)).unwrap();
    world.spawn(Small(9)).unwrap();
    world.spawn(()).unwrap();
    world.despawn(gone).unwrap();
    let first = world.entities().nth(1).unwrap();
    world.despawn(first).unwrap();
    world
}
