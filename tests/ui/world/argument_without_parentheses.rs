use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components = [A, B], targets = Base, transfer_queue = 1024, routing, archetypes(one(A)))]
struct Base;

fn main() {
    let _ = World::<Base>::new().spawn((A, B));
}
