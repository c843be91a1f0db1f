use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, max_entities = 0)]
struct Io;

coordinator!(type Server = (Io,));

fn main() {}
