use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[world_config(components(A), events(Damage(capacity = 0)))]
struct Base;

fn main() {}
