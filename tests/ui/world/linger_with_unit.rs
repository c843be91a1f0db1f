use static_ecs::prelude::*;

#[world_config(components(), transfer_queue(linger = 5ms))]
struct Base;

fn main() {}
