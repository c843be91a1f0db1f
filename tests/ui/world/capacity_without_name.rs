use static_ecs::prelude::*;

#[world_config(components(), transfer_queue(1024))]
struct Base;

fn main() {}
