use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(components())]
struct Other;

coordinator!(type Server = (Base, Other));

fn main() {
    let mut server = Server::new();
    server.world_mut::<Other>().len();
    let _ = (Server::id_of::<Base>(), Server::id_of::<Other>());
}
