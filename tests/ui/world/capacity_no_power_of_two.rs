use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), transfer_queue(capacity = 1000))]
struct Base;

fn main() {}
