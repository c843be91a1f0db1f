use static_ecs::prelude::*;

#[derive(Query)]
struct Nothing;

fn main() {}
