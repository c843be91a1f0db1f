use static_ecs::prelude::*;
use static_ecs::system::SystemParam;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

fn is_asked_for<P: SystemParam<Base>>() {}

fn main() {
    is_asked_for::<u32>();
}
