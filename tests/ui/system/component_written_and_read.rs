use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

fn step(_: Query<Base, &mut A>, _: Query<Base, (&A, &B)>) {}

fn main() {
    Schedule::<Base>::new().add(step);
}
