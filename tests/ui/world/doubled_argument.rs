use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(role = io, components(A), role = compute)]
struct Base;

fn main() {}
