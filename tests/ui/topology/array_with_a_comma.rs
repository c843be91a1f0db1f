use static_ecs::prelude::*;

#[world_config(components(), source, targets(Io))]
struct Base;

#[world_config(base = Base)]
struct Io;

coordinator!(type Server = (Base, [Io, 2]));

fn main() {
    let _ = Server::new();
}
