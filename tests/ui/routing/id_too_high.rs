use static_ecs::prelude::*;

#[derive(Component)]
struct Failed;

#[world_config(components(Failed), source, routing(Failed => 70000))]
struct Base;

coordinator!(type Server = [Base; 4]);

fn main() {}
