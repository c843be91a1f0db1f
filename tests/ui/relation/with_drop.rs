use static_ecs::prelude::*;

#[derive(Component)]
#[component(relation)]
struct Serves(Entity);

impl Drop for Serves {
    fn drop(&mut self) {}
}

#[world_config(components(Serves, Sources<Serves>))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    world.spawn(()).unwrap();
}
