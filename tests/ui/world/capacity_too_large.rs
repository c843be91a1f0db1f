use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), transfer_queue(capacity = 33_554_432))]
struct Base;

fn main() {}
