use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, transfer_queue(capacity = SIZE))]
struct Io;

coordinator!(type Server = (Io,));

const SIZE: u32 = 1000;

fn main() {}
