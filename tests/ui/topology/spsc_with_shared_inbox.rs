use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, source, routing(default_target = Compute))]
struct Io;

#[world_config(base = Base, transfer_queue(spsc = true))]
struct Compute;

coordinator!(type Server = (Io, [Compute; 4]));

fn main() {}
