use static_ecs::prelude::*;

#[derive(Component)]
#[component(storage = "sparse", storage = "table")]
struct A;

#[world_config(components(A))]
struct Base;

fn main() {}
