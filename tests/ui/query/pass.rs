use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Query)]
struct Seen<'w> {
    a: &'w A,
    entity: Entity,
}

#[derive(Query)]
struct Both<'w> {
    seen: Seen<'w>,
    b: Option<&'w mut B>,
}

fn main() {
    let mut world = World::<Base>::new();
    for Both { seen, b } in world.query::<Both>() {
        let _: (&A, Entity, Option<&mut B>) = (seen.a, seen.entity, b);
    }
    assert_eq!(world.query_filtered::<&A, Without<TransferMarker>>().count(), 0);
    assert_eq!(world.query_filtered::<&A, With<B>>().slices().count(), 0);
}
