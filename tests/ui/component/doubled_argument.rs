use static_ecs::prelude::*;

#[derive(Component)]
#[component(crate = static_ecs, crate = static_ecs)]
struct A;

fn main() {}
