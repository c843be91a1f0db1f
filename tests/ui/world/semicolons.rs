use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[derive(Component)]
struct C;

#[world_config(components(A; B; C))]
struct Base;

fn main() {
    let _ = World::<Base>::new().spawn((A, B, C));
}
