use static_ecs::prelude::*;

#[derive(Component)]
#[component(track)]
struct Health(u32);

#[world_config(components(Health))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    for healths in world.query::<Mut<Health>>().slices() {
        drop(healths);
    }
}
