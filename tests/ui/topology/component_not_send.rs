use static_ecs::prelude::*;

#[derive(Component)]
struct Local(std::rc::Rc<u8>);

#[world_config(components(Local))]
struct Base;

coordinator!(type Server = (Base,));

fn main() {}
