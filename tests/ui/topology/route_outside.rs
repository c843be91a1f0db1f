use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), source, routing(default_target = Base, A => Compute))]
struct Io;

#[world_config(base = Io)]
struct Base;

#[world_config(base = Io)]
struct Compute;

coordinator!(type Server = (Io, Base));

fn main() {}
