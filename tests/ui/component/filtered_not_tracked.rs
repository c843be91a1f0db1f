use static_ecs::prelude::*;

#[derive(Component)]
struct Health(u32);

#[world_config(components(Health))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let changed = world.query_filtered::<Entity, Changed<Health>>();
    println!("{}", changed.count());
}
