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

#[derive(Component)]
#[component(observe, storage = "sparse")]
struct Observed;

#[derive(Component)]
#[component(track)]
struct Tracked(u32);

#[world_config(components(Tracked, Tag, Owned, Generic<u8, 4>, Sparse, Table, Saved, Observed))]
struct Base;

const _: () = assert!(Saved::VERSION == 2 && Tag::VERSION == 1);

fn main() {
    let mut world = World::<Base>::new();
    world.on_add::<Observed>(|_, _| {});
    world.on_insert::<Observed>(|_, _| {});
    world.on_remove::<Observed>(|_, _| {});
    world.on_despawn::<Observed>(|_, _| {});
    world.spawn(Tracked(1)).unwrap();
    for mut tracked in world.query_filtered::<Mut<Tracked>, Changed<Tracked>>() {
        tracked.0 += 1;
    }
    assert_eq!(world.query_filtered::<Ref<Tracked>, Added<Tracked>>().count(), 1);
}
