use static_ecs::prelude::*;

#[derive(Component)]
struct Name(String);

#[world_config(components(Name))]
struct Base;

fn main() {
    let world = World::<Base>::new();
    let _ = world.snapshot_of::<Name>();
}
