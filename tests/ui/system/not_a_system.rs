use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

struct Plain;

fn main() {
    Schedule::<Base>::new().add(Plain);
}
