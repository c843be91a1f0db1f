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

fn main() {}
