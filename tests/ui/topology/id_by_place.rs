use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

// The first world has this id already.
#[world_config(base = Base, world_id = 0)]
struct Io;

coordinator!(type Server = (Base, Io));

fn main() {}
