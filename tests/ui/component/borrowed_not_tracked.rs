use static_ecs::prelude::*;

#[derive(Component)]
struct Health(u32);

#[world_config(components(Health))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    for mut health in world.query::<Mut<Health>>() {
        health.0 += 1;
    }
}
