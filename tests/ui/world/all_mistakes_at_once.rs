use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, A), rol = io, transfer_queue(capcity = 4, on_full = block(5), batch_size = 2), routing(A), archetypes(one))]
struct Base;

fn main() {}
