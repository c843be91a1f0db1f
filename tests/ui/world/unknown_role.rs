use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), role = acept)]
struct Base;

fn main() {}
