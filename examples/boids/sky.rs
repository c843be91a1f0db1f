//! What there is: the components, the world, and what its systems share.

use bytemuck::{Pod, Zeroable};
use static_ecs::prelude::*;

use crate::flock::{MAX_SPEED, MIN_SPEED};
use crate::grid::Grid;
use crate::hawk::{Caught, Hawk, Orders, Score};
use crate::vector::{Chance, Vec2};

/// In metres, from the lower left corner of the sky.
#[derive(Clone, Component, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Position(pub(crate) Vec2);

/// In metres a second.
#[derive(Clone, Component, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Velocity(pub(crate) Vec2);

/// A bird of the flock.
#[derive(Component, Hash)]
pub(crate) struct Boid;

#[world_config(
    components(Position, Velocity, Boid, Hawk),
    events(Caught(capacity = 64)),
    archetypes(boid(Position, Velocity, Boid), hawk(Position, Velocity, Hawk), closed),
    max_entities = 1_000_001
)]
pub(crate) struct Sky;

/// A resource: the upper right corner of the sky.
#[derive(Clone, Copy, Resource)]
pub(crate) struct Bounds(pub(crate) Vec2);

impl Bounds {
    /// Room for so many boids.
    fn of(boids: usize) -> Self {
        const AREA_OF_ONE: f32 = 6.4;
        const ASPECT: f32 = 1.6;
        let height = (boids.max(100) as f32 * AREA_OF_ONE / ASPECT).sqrt();
        Self(Vec2::new(height * ASPECT, height))
    }
}

/// A sky with so many boids and a hawk. The same seed makes the same sky.
pub(crate) fn sky(boids: usize, seed: u64) -> Result<World<Sky>, Box<dyn std::error::Error>> {
    let bounds = Bounds::of(boids);
    let mut chance = Chance::new(seed);
    let mut sky = World::<Sky>::new();
    sky.spawn_batch((0..boids).map(|_| boid(&mut chance, Vec2::ZERO, bounds.0)))
        .map_err(|refused| refused.why())?;
    let middle = bounds.0 * 0.5;
    sky.spawn((Position(middle), Velocity(Vec2::new(MAX_SPEED, 0.0)), Hawk::default()))
        .map_err(|refused| refused.why())?;
    sky.insert_resource(bounds);
    sky.insert_resource(chance);
    sky.insert_resource(Grid::new(bounds));
    sky.insert_resource(Orders::default());
    sky.insert_resource(Score::default());
    Ok(sky)
}

/// A boid somewhere between two corners.
pub(crate) fn boid(chance: &mut Chance, from: Vec2, to: Vec2) -> (Position, Velocity, Boid) {
    let any = Vec2::new(MAX_SPEED, MAX_SPEED);
    let velocity = chance.between(any * -1.0, any).clamp_length(MIN_SPEED, MAX_SPEED);
    (Position(chance.between(from, to)), Velocity(velocity), Boid)
}
