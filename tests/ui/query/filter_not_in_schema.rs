use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.query_filtered::<Entity, With<B>>();
}
