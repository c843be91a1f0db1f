use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

fn main() {
    let world = World::<Base>::new();
    let _ = world.view_lookup::<&mut A>();
}
