use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, role = accept, routing(default_target = Io))]
struct Accept;

#[world_config(base = Base, transfer_queue(on_full = block(5ms)), routing(default_target = Compute))]
struct Io;

#[world_config(base = Io, routing(default_target = Io))]
struct Compute;

coordinator!(type Server = (Accept, Io, Compute));

fn main() {}
