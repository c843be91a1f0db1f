use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A, 5), archetypes(one(A, 5)))]
struct Base;

fn main() {}
