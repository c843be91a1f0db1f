use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, routing(default_target = Compute))]
struct Io;

#[world_config(base = Base)]
struct Compute;

coordinator!(type Server = (Io, Compute));

fn main() {}
