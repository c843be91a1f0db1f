use static_ecs::prelude::*;

struct A;

#[world_config(components(A))]
struct Base;

fn main() {}
