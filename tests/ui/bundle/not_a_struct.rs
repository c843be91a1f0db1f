use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[derive(Bundle)]
enum Either {
    A(A),
    B(B),
}

fn main() {}
