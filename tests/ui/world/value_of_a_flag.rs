use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), source = true)]
struct Base;

fn main() {}
