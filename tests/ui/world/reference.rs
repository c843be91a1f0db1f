use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(&A))]
struct Base;

fn main() {
    let _ = World::<Base>::new().spawn(A);
}
