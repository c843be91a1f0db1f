use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), capacity = 64, default_target = 1, archetypes(one(A)), closed)]
struct Base;

fn main() {}
