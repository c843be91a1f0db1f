use static_ecs::prelude::*;

#[derive(Component)]
struct Unique(u32);

#[world_config(components(Unique))]
struct Base;

fn main() {
    let _ = Template::<Base>::new(Unique(1));
}
