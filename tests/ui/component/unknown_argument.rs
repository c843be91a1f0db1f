use static_ecs::prelude::*;

#[derive(Component)]
#[component(storge = "table")]
struct A;

#[world_config(components(A))]
struct Base;

fn main() {}
