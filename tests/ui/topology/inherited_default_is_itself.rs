use static_ecs::prelude::*;

#[world_config(components(), routing(default_target = Compute))]
struct Io;

#[world_config(base = Io)]
struct Compute;

coordinator!(type Server = (Io, Compute));

fn main() {}
