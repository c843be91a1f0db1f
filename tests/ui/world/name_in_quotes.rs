use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), role = "io", transfer_queue(on_full = "retain"))]
struct Base;

fn main() {}
