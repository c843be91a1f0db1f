use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A))]
struct Base {
    count: u32,
}

fn main() {}
