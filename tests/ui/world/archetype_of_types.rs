use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B), archetypes(A, B))]
struct Base;

fn main() {}
