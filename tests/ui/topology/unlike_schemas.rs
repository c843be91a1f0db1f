use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(components())]
struct Other;

coordinator!(type Server = (Base, Other));

fn main() {}
