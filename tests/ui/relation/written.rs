use static_ecs::prelude::*;

#[world_config(components(ChildOf, Children))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let parent = world.spawn(()).unwrap();
    let child = world.spawn_child(parent, ()).unwrap();
    let taken = *world.get::<ChildOf>(child).unwrap();
    world.insert(parent, taken).unwrap();
}
