use static_ecs::prelude::*;

#[derive(Component)]
#[component(track = true)]
struct Health(u32);

fn main() {}
