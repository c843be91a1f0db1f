use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

#[derive(Query)]
struct Seen {
    entity: Entity,
    a: &mut A,
}

fn step(mut query: Query<Base, Seen>) {
    for seen in &mut query {
        let _ = (seen.entity, seen.a);
    }
}

fn main() {}
