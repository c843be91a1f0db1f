use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B), archetypes(one(A), one(B)))]
struct Base;

fn main() {}
