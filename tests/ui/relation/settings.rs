use static_ecs::prelude::*;

#[derive(Component)]
#[component(relation(on_despwn = cascade))]
struct Serves(Entity);

#[derive(Component)]
#[component(relation(on_despawn = casade))]
struct PartOf(Entity);

#[derive(Component)]
#[component(relation(on_despawn = cascade, on_despawn = detach))]
struct Owns(Entity);

fn main() {}
