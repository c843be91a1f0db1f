use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

coordinator!(type Server = [Base; 4]);

fn main() {
    let mut seen = 0;
    let mut server = Server::new();
    server.add_system::<Base, _>(|_: Res<Time>| seen += 1);
}
