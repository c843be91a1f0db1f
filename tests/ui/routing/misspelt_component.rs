use static_ecs::prelude::*;

#[derive(Component)]
struct Failed;

#[world_config(components(Failed), routing(Faild => 1))]
struct Base;

fn main() {}
