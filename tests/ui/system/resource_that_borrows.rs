use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

#[derive(Resource)]
struct Borrowed<'a>(&'a str);

fn main() {}
