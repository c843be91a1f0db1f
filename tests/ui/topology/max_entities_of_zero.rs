use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, max_entities = SIZE)]
struct Io;

coordinator!(type Server = (Io,));

const SIZE: u32 = 0;

fn main() {}
