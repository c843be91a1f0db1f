use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B), archetypes(both(A, B, A)))]
struct Base;

fn main() {}
