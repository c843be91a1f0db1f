use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[derive(Query)]
enum Either<'w> {
    A(&'w A),
    B(&'w B),
}

fn main() {}
