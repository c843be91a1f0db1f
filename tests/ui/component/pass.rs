use static_ecs::prelude::*;

#[derive(Component)]
struct Tag;

#[derive(Component, Clone)]
enum Owned {
    Text(String),
}

#[derive(Component)]
struct Generic<T, const N: usize>([T; N]);

#[world_config(components(Tag, Owned, Generic<u8, 4>))]
struct Base;

fn main() {}
