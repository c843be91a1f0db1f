use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[world_config(components(A))]
struct Base;

#[world_config(base = Base, events(Damage))]
struct Heir;

fn main() {}
