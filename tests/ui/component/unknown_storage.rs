use static_ecs::prelude::*;

#[derive(Component)]
#[component(storage = "dense")]
struct A;

#[derive(Component)]
#[component(storage = sparse)]
struct B;

#[world_config(components(A, B))]
struct Base;

fn main() {}
