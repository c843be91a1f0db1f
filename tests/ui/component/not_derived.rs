use static_ecs::prelude::*;

struct A;

#[world_config(components(A), archetypes(one(A)), routing(A => 1))]
struct Base;

fn step(mut query: Query<Base, &mut A>) {
    for _ in &mut query {}
}

fn look(world: &mut World<Base>, entity: Entity) {
    let _ = world.get::<A>(entity);
    for _ in world.query::<(Entity, &A)>() {}
    world.run_system(step).unwrap();
}

fn main() {}
