use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

#[derive(Resource)]
#[resource(krate = static_ecs)]
struct Named(u32);

fn main() {
    let _ = Named(1).0;
}
