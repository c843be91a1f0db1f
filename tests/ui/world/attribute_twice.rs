use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base)]
#[world_config(role = io)]
struct Io;

fn main() {}
