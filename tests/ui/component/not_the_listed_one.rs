use static_ecs::prelude::*;
use static_ecs::track::RemovedReader;

#[derive(Component)]
#[component(track)]
struct Health(u32);

#[derive(Component)]
#[component(track)]
struct Shield(u32);

#[world_config(components(Health))]
struct Base;

fn main() {
    let world = World::<Base>::new();
    let mut reader = RemovedReader::<Shield>::default();
    let _ = world.removed(&mut reader);
    let mut transfer = EntityTransfer::<Base>::new(0, 0);
    transfer.pack(Shield(1)).unwrap();
}
