use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[world_config(components(A), events(Damage(capcity = 8)))]
struct Base;

fn main() {}
