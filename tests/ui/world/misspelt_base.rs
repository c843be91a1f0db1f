use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Zone;

#[world_config(base = Zoen)]
struct Other;

fn main() {}
