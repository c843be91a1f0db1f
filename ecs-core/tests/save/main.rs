//! Worlds to and from serde formats: what comes back, and what is refused.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;

mod changed;
mod refused;
mod relations;
mod round_trip;

use std::cell::Cell;

use ecs_core::entity::Entity;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use serde::{Deserialize, Serialize};

#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[component(crate = ecs_core)]
pub struct Position {
    pub x: f32,
    pub y: f32,
}
#[derive(Component, Debug, PartialEq, Serialize, Deserialize)]
#[component(crate = ecs_core)]
pub struct Name(pub String);
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[component(crate = ecs_core)]
pub enum Team {
    Red,
    Blue { rank: u8 },
}
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[component(crate = ecs_core)]
pub struct Tag;
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[component(crate = ecs_core, storage = "sparse")]
pub struct Burning(pub u16);
/// Refers to another entity.
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[component(crate = ecs_core)]
pub struct Follows(pub Entity);
#[derive(Component)]
#[component(crate = ecs_core)]
pub struct Socket;
#[derive(Component)]
#[component(crate = ecs_core, storage = "sparse")]
pub struct Window;

thread_local! {
    /// How many values of `Counted` live in this thread.
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

pub fn live() -> isize {
    LIVE.get()
}

/// Notices a value that is dropped twice, or not at all.
#[derive(Component, Debug)]
#[component(crate = ecs_core)]
pub struct Counted(Box<u32>);

impl Counted {
    pub fn new(value: u32) -> Self {
        LIVE.set(LIVE.get() + 1);
        Self(Box::new(value))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

impl Serialize for Counted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Self::new)
    }
}

#[world_config(
    crate = ecs_core,
    components(Position, Name, Team, Tag, Burning, Follows, Counted, Socket, Window)
)]
pub struct Base;

/// Some of everything.
pub fn some() -> World<Base> {
    let mut world = World::new();
    let mut first = None;
    for n in 0..5_u8 {
        let position = Position { x: f32::from(n), y: -1.5 };
        let entity = world.spawn((position, Team::Blue { rank: n })).unwrap();
        if n % 2 == 0 {
            world.insert(entity, Burning(u16::from(n) + 300)).unwrap();
        }
        if let Some(first) = first {
            world.insert(entity, Follows(first)).unwrap();
        }
        first = first.or(Some(entity));
    }
    let gone = world.spawn((Name("gone".to_owned()), Tag)).unwrap();
    world.spawn((Name("Ada \"L\" \u{1F980}".to_owned()), Team::Red, Burning(1))).unwrap();
    world.spawn(Counted::new(7)).unwrap();
    world.spawn(()).unwrap();
    world.despawn(gone).unwrap();
    let second = world.entities().nth(1).unwrap();
    world.despawn(second).unwrap();
    world
}

/// An entity after the other, by id, as text.
pub fn text(world: &World<Base>) -> Vec<String> {
    let mut ids: Vec<_> = world.entities().collect();
    ids.sort_unstable();
    ids.into_iter().map(|entity| format!("{:?}", world.debug(entity))).collect()
}

pub fn from_json(text: &str) -> Result<World<Base>, ecs_core::save::LoadError<serde_json::Error>> {
    ecs_core::save::Loader::new().load(&mut serde_json::Deserializer::from_str(text))
}
