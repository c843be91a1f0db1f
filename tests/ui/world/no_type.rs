use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A, 5), archetypes(one("A", A)))]
struct Base;

fn main() {}
