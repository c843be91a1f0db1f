use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components = A, targets, archetypes(one(A)))]
struct Base;

fn main() {}
