use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B), routing(default_target = Io, A => Compute, B => 2))]
struct Accept;

#[world_config(base = Accept, routing(A => Accept, default_target = Compute))]
struct Io;

#[world_config(base = Accept, targets(Io, 0))]
struct Compute;

fn main() {}
