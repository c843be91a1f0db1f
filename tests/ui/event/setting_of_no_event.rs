use static_ecs::prelude::*;

#[derive(Event)]
struct Hit;

#[world_config(components(), events(Hit, capacity = 256))]
struct Base;

fn main() {}
