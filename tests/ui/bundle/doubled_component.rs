use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A))]
struct Base;

#[derive(Bundle)]
struct Twice {
    first: A,
    second: A,
}

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn(Twice { first: A, second: A });
}
