use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A), archetypes(a(A, capacity = 1_000)), max_entities = 100)]
struct Base;

fn main() {
    let _ = World::<Base>::new();
}
