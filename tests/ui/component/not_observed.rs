use static_ecs::prelude::*;

#[derive(Component)]
struct Health(u32);

#[world_config(components(Health))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    world.on_add::<Health>(|world, entity| println!("{:?}", world.has::<Health>(entity)));
}
