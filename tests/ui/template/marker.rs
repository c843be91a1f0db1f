use static_ecs::prelude::*;

#[derive(Component, Clone)]
struct Name(String);

#[world_config(components(Name))]
struct Base;

fn main() {
    let _ = Template::<Base>::new((Name(String::new()), TransferMarker::to(1)));
}
