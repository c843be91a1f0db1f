use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), transfer_queue(capacity = 32, batch_size = 64))]
struct Base;

fn main() {}
