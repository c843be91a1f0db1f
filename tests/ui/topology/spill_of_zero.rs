use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, transfer_queue(on_full = spill(0)))]
struct Io;

coordinator!(type Server = (Io,));

fn main() {}
