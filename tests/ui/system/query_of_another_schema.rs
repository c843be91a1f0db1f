use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

#[world_config(components(A))]
struct Other;
fn step(_: Query<Other, &A>) {}

fn main() {
    Schedule::<Base>::new().add(step);
}
