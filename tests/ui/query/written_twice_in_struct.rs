use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Query)]
struct Inner<'w> {
    b: &'w B,
    a: &'w mut A,
}

#[derive(Query)]
struct Outer<'w> {
    a: Option<&'w mut A>,
    inner: Inner<'w>,
}

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.query::<Outer>();
}
