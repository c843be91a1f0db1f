use static_ecs::prelude::*;

#[derive(Component)]
struct A(u32);

#[world_config(components(A))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let entity = world.spawn(A(1)).unwrap();
    world.get_mut::<&mut A>(entity).unwrap().0 = 2;
}
