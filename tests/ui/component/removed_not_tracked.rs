use static_ecs::prelude::*;

#[derive(Component)]
struct Health(u32);

#[world_config(components(Health))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let mut reader = static_ecs::track::RemovedReader::<Health>::default();
    world.spawn(Health(1)).unwrap();
    println!("{}", world.removed(&mut reader).len());
}
