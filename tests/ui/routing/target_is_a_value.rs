use static_ecs::prelude::*;

#[derive(Component)]
struct Failed;

#[world_config(components(Failed), routing(Failed => Audit::new()))]
struct Base;

struct Audit;

fn main() {}
