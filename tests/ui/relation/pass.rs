use static_ecs::prelude::*;

#[derive(Component, Clone, Copy)]
#[component(relation)]
struct Serves(Entity);

#[derive(Component, Clone, Copy)]
#[component(relation(on_despawn = cascade), observe)]
struct PartOf {
    whole: Entity,
}

#[derive(Component, Clone)]
#[component(relation(on_despawn = detach))]
struct Owns(Entity);

#[world_config(components(
    Serves,
    Sources<Serves>,
    PartOf,
    Sources<PartOf>,
    Owns,
    Sources<Owns>,
    ChildOf,
    Children
))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let (a, b) = (world.spawn(()).unwrap(), world.spawn(()).unwrap());
    world.relate::<PartOf>(a, b).unwrap();
    world.on_remove::<PartOf>(|_, _| {});
    assert_eq!(world.get::<PartOf>(a).unwrap().whole, b);
    assert!(world.view::<&Sources<PartOf>>().all(|parts| parts.len() == 1));
    let _ = world.clone();
}
