use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(role = io)]
struct Base;

fn main() {
    let _ = World::<Base>::new().spawn(A);
}
