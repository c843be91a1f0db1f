use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

// That nothing reaches it may be due to the mistake.
#[world_config(base = Base, rolle = accept, transfer_queu(capacity = 1000))]
struct Io;

#[world_config(base = Base, size = 4)]
struct Accept;

coordinator!(type Server = (Accept, Io));

fn main() {
    let _ = Server::new();
}
