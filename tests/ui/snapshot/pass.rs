use static_ecs::bytemuck::{Pod, Zeroable};
use static_ecs::prelude::*;

#[derive(Component, Clone, Copy)]
#[repr(transparent)]
struct Health(u32);

// SAFETY: as of the number in it.
unsafe impl Zeroable for Health {}
// SAFETY: as of the number in it.
unsafe impl Pod for Health {}

#[world_config(components(Health))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    world.spawn(Health(1)).unwrap();
    assert!(!world.snapshot_of::<Health>().to_vec().is_empty());
}
