use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Query)]
struct Seen {
    a: &'static A,
}

fn main() {}
