use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), transfer_queue(on_full = block(5 ms)))]
struct Base;

fn main() {}
