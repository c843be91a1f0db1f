use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Bundle)]
struct Both {
    a: A,
    b: B,
}

#[derive(Bundle)]
struct Marked(Both, TransferMarker);

fn main() {
    let mut world = World::<Base>::new();
    world.spawn(Both { a: A, b: B }).unwrap();
}
