use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

#[world_config(base = Base, routing(default_target = Acept))]
struct Io;

#[world_config(base = Base)]
struct Accept;

fn main() {}
