use static_ecs::prelude::*;

#[derive(Component)]
struct Name;

#[world_config(components(Name))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let (ship, gun) = (world.spawn(Name).unwrap(), world.spawn(Name).unwrap());
    world.set_parent(gun, ship).unwrap();
}
