use std::error::Error;

use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

fn step(_: Query<Base, &A>) -> Result<(), Box<dyn Error>> {
    Ok(())
}

fn main() {
    Schedule::<Base>::new().add(step);
}
