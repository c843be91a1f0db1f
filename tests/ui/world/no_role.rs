use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), role = "io")]
struct Base;

fn main() {}
