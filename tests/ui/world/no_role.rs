use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), role = 5)]
struct Base;

fn main() {}
