use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), routing(default_target = 1, A = Base))]
struct Base;

fn main() {}
