use static_ecs::prelude::*;

#[derive(Component)]
#[component(relation)]
struct Nothing;

#[derive(Component)]
#[component(relation)]
struct Two(Entity, u32);

#[derive(Component)]
#[component(relation)]
enum Either {
    One(Entity),
}

#[world_config(components(Two, Sources<Two>))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let entity = world.spawn(()).unwrap();
    world.relate::<Two>(entity, entity).unwrap();
}
