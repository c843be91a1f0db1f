use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[world_config(components(A), events(Damage(on_full = drop_newest)))]
struct Base;

fn main() {}
