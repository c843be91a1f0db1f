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

#[derive(Component)]
#[component(version = 2)]
struct Saved;

#[world_config(components(Tag, Owned, Generic<u8, 4>, Sparse, Table, Saved))]
struct Base;

const _: () = assert!(Saved::VERSION == 2 && Tag::VERSION == 1);

fn main() {}
