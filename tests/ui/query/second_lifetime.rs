use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[derive(Query)]
struct Both<'w, 'v> {
    a: &'w A,
    b: &'v B,
}

fn main() {}
