use static_ecs::prelude::*;

mod physics {
    #[derive(static_ecs::Component)]
    pub struct Position;

    #[derive(static_ecs::Component)]
    pub struct Velocity;
}

#[world_config(
    components(physics::Position, physics::Velocity),
    archetypes(mover(Positon, physics::Velocity)),
    routing(Velcoity => 1)
)]
struct Base;

fn main() {}
