use static_ecs::prelude::*;

#[derive(Event)]
#[event(capacity = 3)]
struct Damage;

fn main() {}
