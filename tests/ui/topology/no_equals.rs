use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

coordinator!(type Server: (Base,));

fn main() {}
