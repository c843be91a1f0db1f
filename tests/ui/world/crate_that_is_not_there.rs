use static_ecs::prelude::*;

#[derive(Component)]
struct Position;

#[world_config(crate = ecss, components(Position), archetypes(one(Position)))]
struct Base;

fn main() {}
