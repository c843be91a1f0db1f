use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

mod path {
    #[derive(static_ecs::Component)]
    pub struct C;
}

/// Everything that can be set.
#[world_config(
    crate = ::static_ecs,
    components(A, B, path::C,),
    archetypes(ab(A, B), c(path::C), closed),
    role = accept,
    world_id = 1,
    transfer_queue(capacity = 1 << 9, batch_size = LIMIT, spsc = true, on_full = block(50us)),
    routing(default_target = 2, A => Heir, path::C => 0),
    targets(Heir, 3),
    neighbours = reaches,
    max_entities = LIMIT,
    source,
)]
pub struct Base;

#[world_config(base = Base, transfer_queue(on_full = spill(LIMIT)))]
struct Heir;

const LIMIT: u32 = 100;

const fn reaches(from: usize, to: usize) -> bool {
    from < to
}

pipeline_configs!(Base => Accept, pub(crate) Io, /** Works. */ Compute);

mod physics {
    #[derive(static_ecs::Component)]
    pub struct Place;

    #[derive(static_ecs::Component)]
    pub struct Speed;
}

type Here = physics::Place;
use physics::{Place as Place2, Speed as Speeds};

// Aliases are no misspelt names.
#[world_config(
    components(physics::Place, physics::Speed),
    archetypes(here(Here), moving(Place2, Speeds)),
    routing(Here => 1, Speeds => 1)
)]
struct Aliased;

fn main() {
    World::<Base>::new().spawn((B, A)).unwrap();
}
