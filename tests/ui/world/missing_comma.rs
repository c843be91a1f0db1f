use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A B) role = oi, world_id = 1)]
struct Base;

fn main() {
    let _ = World::<Base>::new().spawn((A, B));
}
