use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

fn step(_: Res<Score>, _: (Local<u8>, ResMut<Score>)) {}

fn main() {
    Schedule::<Base>::new().add(step);
}
