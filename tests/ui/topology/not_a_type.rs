use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

coordinator!(struct Server = (Base,));

fn main() {}
