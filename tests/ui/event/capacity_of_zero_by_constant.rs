use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

const NONE: u32 = 0;

#[world_config(components(A), events(Damage(capacity = NONE)))]
struct Base;

fn main() {}
