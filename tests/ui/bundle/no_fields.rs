use static_ecs::prelude::*;

#[derive(Bundle)]
struct Nothing;

fn main() {}
