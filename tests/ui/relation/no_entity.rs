use static_ecs::prelude::*;

#[derive(Component)]
#[component(relation)]
struct Serves(u32);

fn main() {}
