use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), max_entities = 0)]
struct Base;

fn main() {}
