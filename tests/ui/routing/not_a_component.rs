use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Hit;

#[world_config(components(A), events(Hit), archetypes(one(A)), routing(Hit => 1))]
struct Base;

fn main() {}
