use static_ecs::prelude::*;

coordinator!(type Server = );

fn main() {}
