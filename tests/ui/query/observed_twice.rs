use static_ecs::prelude::*;

#[derive(Component)]
#[component(observe)]
struct A;

#[world_config(components(A))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    world.on_add::<A>(|world, entity| {
        world.query::<(&mut A, &A)>();
        world.query_filtered::<(&mut A, &A), With<A>>();
        let _ = world.query_one::<(&mut A, &A)>(entity);
        let _ = world.query_many::<(&mut A, &A), 1>([entity]);
        world.lookup::<(&mut A, &A)>();
    });
}
