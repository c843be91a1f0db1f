use static_ecs::prelude::*;

#[derive(Component, Clone, Copy)]
#[component(relation)]
struct Serves(Entity);

#[world_config(components(Serves, Sources<Serves>))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let ship = world.spawn(()).unwrap();
    world.spawn(Serves(ship)).unwrap();
}
