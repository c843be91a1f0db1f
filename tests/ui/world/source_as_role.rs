use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), role = source)]
struct Base;

fn main() {}
