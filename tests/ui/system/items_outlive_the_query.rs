use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

fn step(mut bodies: Query<Base, &mut A>) {
    let first = bodies.iter_mut().next();
    let again = bodies.iter_mut().next();
    drop((first, again));
}

fn main() {
    Schedule::<Base>::new().add(step);
}
