use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
fn base() {}

fn main() {
    base();
}
