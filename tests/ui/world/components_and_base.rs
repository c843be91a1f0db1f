use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(B))]
struct Other;

#[world_config(components(A), base = Other)]
struct Base;

fn main() {}
