use static_ecs::prelude::*;

#[world_config(components(), source)]
struct Base;

#[world_config(base = Base, world_id = 1)]
struct Io;

#[world_config(base = Base, world_id = 1)]
struct Compute;

coordinator!(type Server = (Base, [Io; 2], Compute));

fn main() {}
