use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, world_id = 0)]
struct Io;

#[world_config(base = Base, world_id = 2)]
struct Compute;

coordinator!(type Server = (Compute, Io, [Base; 2]));

fn main() {}
