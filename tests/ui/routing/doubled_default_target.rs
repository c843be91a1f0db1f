use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), routing(default_target = 1, default_target = 2))]
struct Base;

fn main() {}
