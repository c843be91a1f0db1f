use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, world_id = 1)]
struct Io;

coordinator!(type Server = (Io,));

fn main() {}
