use static_ecs::prelude::*;

#[world_config(components(), world_id = 70_000)]
struct Base;

fn main() {}
