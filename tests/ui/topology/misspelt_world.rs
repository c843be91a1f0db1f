use static_ecs::prelude::*;

#[world_config(components(), source, targets(Compute))]
struct Base;

#[world_config(base = Base)]
struct Compute;

coordinator!(type Server = (Base, Comput));

fn main() {
    let _ = Server::new();
}
