use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

#[world_config(base = Base)]
struct Io;

fn look(_: Query<Io, &A>) {}

fn main() {}
