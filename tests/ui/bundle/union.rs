use static_ecs::prelude::*;

#[derive(Component, Clone, Copy)]
struct A;

#[derive(Bundle)]
union Either {
    a: A,
}

fn main() {}
