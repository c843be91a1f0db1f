use static_ecs::prelude::*;

#[derive(Component)]
struct A;

struct Damage;

#[world_config(components(A), events(Damage))]
struct Base;

fn main() {}
