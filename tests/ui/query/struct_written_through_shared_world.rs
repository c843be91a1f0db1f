use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Query)]
struct Both<'w> {
    a: &'w A,
    b: &'w mut B,
}

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.view::<Both>();
}
