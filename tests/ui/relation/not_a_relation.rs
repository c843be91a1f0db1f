use static_ecs::prelude::*;

#[derive(Component)]
struct Name(&'static str);

#[world_config(components(Name))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let entity = world.spawn(Name("alone")).unwrap();
    world.relate::<Name>(entity, entity).unwrap();
}
