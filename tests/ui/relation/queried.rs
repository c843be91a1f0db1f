use static_ecs::prelude::*;

#[world_config(components(ChildOf, Children))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    for _ in world.query::<&mut ChildOf>() {}
}
