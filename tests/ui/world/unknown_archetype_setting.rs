use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), archetypes(a(A, capcity = 1_000), b(capacity = 1, capacity = 2)))]
struct Base;

fn main() {}
