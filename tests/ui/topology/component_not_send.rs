use static_ecs::prelude::*;

#[derive(Component)]
struct Local(std::rc::Rc<u8>);

#[world_config(components(Local))]
struct Base;

coordinator!(type Server = (Base,));

fn serve(server: &mut Server) {
    server.world_mut::<Base>().len();
}

fn main() {
    serve(&mut Server::new());
    let _ = Server::new().run(Placement::PerWorld);
}
