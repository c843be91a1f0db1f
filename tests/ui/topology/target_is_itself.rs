use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, targets(Io))]
struct Io;

coordinator!(type Server = (Io, Base));

fn main() {}
