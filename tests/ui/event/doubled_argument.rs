use static_ecs::prelude::*;

#[derive(Event)]
#[event(crate = static_ecs, crate = static_ecs)]
struct Damage;

fn main() {}
