use static_ecs::prelude::*;

#[derive(Event)]
#[event(3)]
struct Damage;

fn main() {}
