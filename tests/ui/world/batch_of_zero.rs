use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), transfer_queue(batch_size = 0))]
struct Base;

fn main() {}
