use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base)]
type Audit = Base;

coordinator!(type Server = (Base, Audit));

fn main() {
    let _ = Server::new();
}
