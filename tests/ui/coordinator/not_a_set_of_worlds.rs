use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

fn serve(_: WorldCoordinator<Base>) {}

fn main() {}
