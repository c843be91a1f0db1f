use static_ecs::prelude::*;

#[derive(Component)]
struct Position;

#[derive(Component)]
struct Velocity;

#[world_config(components(Positon, Velocity))]
struct Base;

#[world_config(components(Position, Velocity), archetypes(mover(Position, Velocty)))]
struct Other;

fn main() {}
