use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn((A, TransferMarker::to(1), TransferMarker::to(2)));
}
