use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(components())]
struct Other;

fn main() {
    let _ = WorldCoordinator::<(Base, Other)>::new();
}
