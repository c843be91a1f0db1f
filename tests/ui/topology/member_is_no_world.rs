use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

struct Other;

coordinator!(type Server = (Base, Other));

fn main() {}
