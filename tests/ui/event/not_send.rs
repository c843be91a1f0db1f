use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage(std::rc::Rc<u32>);

#[world_config(components(A), events(Damage))]
struct Base;

fn main() {}
