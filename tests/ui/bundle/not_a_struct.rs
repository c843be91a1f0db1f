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

#[world_config(components(A, B))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn(Either::A(A));
}
