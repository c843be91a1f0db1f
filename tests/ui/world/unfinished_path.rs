use static_ecs::prelude::*;

#[world_config(components(game::))]
struct Base;

fn main() {}
