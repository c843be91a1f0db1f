use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), transfer_queue(on_full = block(5)))]
struct Base;

fn main() {}
