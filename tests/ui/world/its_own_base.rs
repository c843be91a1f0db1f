use static_ecs::prelude::*;

#[world_config(base = Io)]
struct Io;

fn main() {}
