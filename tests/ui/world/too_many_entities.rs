use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), max_entities = 4_000_000_000)]
struct Base;

fn main() {
    let _ = World::<Base>::new();
}
