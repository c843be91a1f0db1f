use static_ecs::prelude::*;

#[derive(Component, Clone)]
struct Name(String);

#[world_config(components(Name))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let template = Template::<Base>::new(Name(String::new()));
    let _ = world.spawn_template_with(&template, TransferMarker::to(1));
}
