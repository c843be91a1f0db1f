use static_ecs::prelude::*;

#[derive(Component)]
#[component(relation, storage = "table")]
struct Serves(Entity);

fn main() {}
