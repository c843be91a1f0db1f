use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), transfer_queue(spsc = true, spsc = false))]
struct Base;

fn main() {}
