use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base)]
struct Io;

coordinator!(type Server = [Base, Io]);

fn main() {}
