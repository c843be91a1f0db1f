use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), transfer_queue(size = 64))]
struct Base;

fn main() {}
