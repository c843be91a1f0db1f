use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

fn step(_: Query<Base>) {}

fn main() {}
