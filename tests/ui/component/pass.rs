use static_ecs::prelude::*;

#[derive(Component)]
struct Tag;

#[derive(Component, Clone)]
enum Owned {
    Text(String),
}

#[derive(Component)]
struct Generic<T, const N: usize>([T; N]);

#[derive(Component)]
#[component(storage = "sparse")]
struct Sparse;

#[derive(Component)]
#[component(storage = "table")]
struct Table;

#[world_config(components(Tag, Owned, Generic<u8, 4>, Sparse, Table))]
struct Base;

fn main() {}
