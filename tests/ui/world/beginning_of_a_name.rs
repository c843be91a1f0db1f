use static_ecs::prelude::*;

#[world_config(components(), id = 0, transfer_queue(capa = 64, batch = 8))]
struct Base;

fn main() {}
