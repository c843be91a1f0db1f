use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[derive(Query)]
struct Both<'w> {
    a: &'w A,
    b: &'static mut B,
}

fn main() {}
