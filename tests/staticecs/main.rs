//! A test for each thing that StaticECS's page on coordination describes, under
//! the name that `docs/COMING_FROM_STATICECS.md` gives.

mod coordinator;
mod queues;
mod settings;
mod transfers;

use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Position {
    x: f32,
    y: f32,
}

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Velocity {
    dx: f32,
    dy: f32,
}

/// Owns memory.
#[derive(Component, Debug, PartialEq)]
struct Body(Vec<u8>);

#[derive(Component)]
struct Failed;

#[derive(Component)]
struct Urgent;

/// The schema, and the queue settings that all worlds inherit.
#[world_config(
    components(Position, Velocity, Body, Failed, Urgent),
    archetypes(mover(Position, Velocity)),
    transfer_queue(capacity = 4, batch_size = 2)
)]
struct Base;

#[world_config(base = Base, role = accept, world_id = 0, routing(default_target = Io))]
struct Accept;

#[world_config(
    base = Base,
    role = io,
    world_id = 1,
    routing(default_target = Compute, Failed => Accept, Urgent => Audit)
)]
struct Io;

#[world_config(base = Base, role = compute, world_id = 2, routing(default_target = Io))]
struct Compute;

#[world_config(base = Base, world_id = 3)]
struct Audit;

coordinator!(type Server = (Accept, Io, Compute, Audit));

/// Ids of the worlds of [`Server`].
const ACCEPT: u16 = 0;
const IO: u16 = 1;
const COMPUTE: u16 = 2;
const AUDIT: u16 = 3;

const HERE: Position = Position { x: 5.0, y: 10.0 };
const FAST: Velocity = Velocity { dx: 1.0, dy: 0.5 };
