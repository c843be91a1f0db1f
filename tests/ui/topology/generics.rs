use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

coordinator!(type Server<T> = (Base, T));

fn main() {}
