use static_ecs::prelude::*;

#[world_config(components(), role = io)]
struct Io;

coordinator!(type Server = (Io,));

struct Sockets;

fn main() {
    Server::new().set_driver::<Io>(Sockets);
}
