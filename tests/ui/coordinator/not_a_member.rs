use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, role = io, routing(default_target = Compute))]
struct Io;

#[world_config(base = Base, role = compute, routing(default_target = Io))]
struct Compute;

#[world_config(base = Base)]
struct Audit;

coordinator!(type Server = (Io, Compute));

fn main() {
    let server = Server::new();
    let _ = server.world::<Audit>();
}
