use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.query::<(Entity, &mut A, With<B>)>();
}
