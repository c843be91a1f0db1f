use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), archetypes((A)))]
struct Base;

fn main() {}
