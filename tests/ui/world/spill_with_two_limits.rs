use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), transfer_queue(on_full = spill(1, 2)))]
struct Base;

fn main() {}
