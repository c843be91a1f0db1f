use static_ecs::prelude::*;

#[derive(Component)]
struct Job;

#[world_config(components(Job), source, targets(Audit))]
struct Base;

#[world_config(base = Base)]
struct Audit;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn((Job, TransferMarker::to(Audit)));
}
