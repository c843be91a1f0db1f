use static_ecs::prelude::*;

#[derive(Component)]
struct A;

struct Plain;

#[world_config(components(A))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn((A, Plain));
}
