use static_ecs::prelude::*;

#[derive(Component)]
struct Position;

#[derive(Component)]
struct Speed;

#[world_config(components(), archetypes(mover(Position, Speed)))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.spawn((Position, Speed));
}
