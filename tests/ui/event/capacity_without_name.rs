use static_ecs::prelude::*;

#[derive(Event)]
struct Hit;

#[world_config(components(), events(Hit(256)))]
struct Base;

fn main() {}
