use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A))]
struct Base;

#[derive(Bundle)]
struct Both {
    a: A,
    b: B,
}

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn(Both { a: A, b: B });
}
