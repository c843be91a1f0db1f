use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

fn one(mut query: Query<&mut A>) {
    for _ in &mut query {}
}

fn filtered(mut query: Query<(Entity, &mut A), With<B>>) {
    for (entity, a) in &mut query {
        let _ = (entity, a);
    }
}

fn main() {}
