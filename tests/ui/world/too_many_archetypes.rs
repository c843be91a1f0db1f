use static_ecs::prelude::*;
use static_ecs::config::{ArchetypeDesc, WorldDesc};

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

struct Many;

impl WorldConfig for Many {
    type Schema = Base;
    const PATH: &'static str = "Many";
    const DESC: WorldDesc = WorldDesc {
        archetypes: &[const { ArchetypeDesc::new::<Base>("one", 1, None) }; 65_534],
        ..Base::DESC
    };
}

fn main() {
    let _ = World::<Many>::new();
}
