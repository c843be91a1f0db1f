use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(compnents(A, B), components(A))]
struct Base;

fn main() {}
