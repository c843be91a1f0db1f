use static_ecs::prelude::*;

#[derive(Component)]
struct Name(&'static str);

#[world_config(components(Name, ChildOf))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    world.spawn(Name("alone")).unwrap();
}
