use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), archetypes(closed, one(A), closed))]
struct Base;

fn main() {}
