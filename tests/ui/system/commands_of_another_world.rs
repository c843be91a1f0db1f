use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

#[world_config(base = Base)]
struct Io;

fn step(_: Query<Base, &A>, _: &mut Commands<Base>) {}

fn main() {
    Schedule::<Io>::new().add(step);
}
