use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A), routing(A => "Io"))]
struct Base;

fn main() {}
