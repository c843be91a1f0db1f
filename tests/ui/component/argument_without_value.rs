use static_ecs::prelude::*;

#[derive(Component)]
#[component(storage)]
struct Burning;

#[derive(Component)]
#[component(version = , track)]
struct Health(u32);

#[derive(Component)]
#[component(relation(on_despawn))]
struct Serves(Entity);

fn main() {}
