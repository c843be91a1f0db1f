use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

struct Plain(u32);
fn step(score: Res<Plain>) {
    let _ = score.0;
}

fn main() {
    Schedule::<Base>::new().add(step);
}
