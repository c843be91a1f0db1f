use static_ecs::prelude::*;

#[derive(Component, Clone)]
struct Name(String);
/// Not `Clone`: templates without it go well.
#[derive(Component)]
struct Unique;

#[world_config(components(Name, Unique))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let template = Template::<Base>::new(Name("one".to_owned()));
    world.spawn_template_with(&template, Unique).unwrap();
}
