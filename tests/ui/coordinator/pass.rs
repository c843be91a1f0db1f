use std::error::Error;

use static_ecs::driver::Port;
use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, role = io, routing(default_target = Compute))]
struct Io;

#[world_config(base = Base, role = compute, routing(default_target = Io))]
struct Compute;

coordinator!(type Server = (Io, Compute));

struct Sockets;

impl Driver<Io> for Sockets {
    fn poll(
        &mut self,
        _: &mut World<Io>,
        _: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        Ok(false)
    }
}

fn main() {
    let mut server = Server::new();
    server.set_driver(Sockets);
    assert!(server.world::<Compute>().is_empty());
}
