//! The hawk: who tells it where to fly, how it flies, and what it catches.

use static_ecs::prelude::*;
use static_ecs::system::BoxError;

use crate::flock::VIEW;
use crate::grid::Grid;
use crate::sky::{Bounds, Position, Sky, Velocity, boid};
use crate::vector::{Chance, Vec2};

/// In metres a second, and while it dives.
const SPEED: f32 = 18.0;
const DIVE_SPEED: f32 = 45.0;
/// How far it changes its velocity in a second.
const AGILITY: f32 = 90.0;
/// How near a boid must be to be caught.
const REACH: f32 = 1.5;
const _: () = assert!(REACH <= VIEW, "the grid finds who is up to VIEW away");

/// In ticks: how long a dive takes, to regain the breath for the next, and to swallow.
const DIVE: u32 = 30;
const BREATH: u32 = 60;
const SWALLOW: u32 = 3;

/// In ticks.
#[derive(Component, Default, Hash)]
pub(crate) struct Hawk {
    /// For how long it dives still.
    dives: u32,
    /// For how long it can't dive again.
    breathless: u32,
    /// For how long its beak is full.
    swallows: u32,
}

/// A resource: what the hawk is told.
#[derive(Default, Resource)]
pub(crate) struct Orders {
    /// Where to, as a direction of length 1; on if it is zero.
    pub(crate) direction: Vec2,
    pub(crate) dive: bool,
    /// Whether a person steers.
    pub(crate) by_hand: bool,
}

/// An event: the hawk has caught a boid.
#[derive(Event)]
pub(crate) struct Caught;

/// A resource: how many boids were caught.
#[derive(Clone, Copy, Default, Resource)]
pub(crate) struct Score(pub(crate) u64);

/// Whether nobody steers, as a condition for [`follow_path`].
pub(crate) fn by_itself(sky: &World<Sky>) -> bool {
    sky.resource::<Orders>().is_some_and(|orders| !orders.by_hand)
}

/// Steers from corner to corner of a path, and dives where there is breath for it.
pub(crate) fn follow_path(
    hawks: Query<Sky, &Position, With<Hawk>>,
    bounds: Res<Bounds>,
    mut orders: ResMut<Orders>,
    mut next: Local<usize>,
) {
    const PATH: [Vec2; 5] = [
        Vec2::new(0.2, 0.3),
        Vec2::new(0.8, 0.7),
        Vec2::new(0.5, 0.9),
        Vec2::new(0.5, 0.1),
        Vec2::new(0.8, 0.3),
    ];
    const ARRIVED: f32 = 5.0;
    let Ok(hawk) = hawks.single() else { return };
    let corner = PATH[*next % PATH.len()];
    let way = Vec2::new(corner.x * bounds.0.x, corner.y * bounds.0.y) - hawk.0;
    if way.length() < ARRIVED {
        *next += 1;
    }
    orders.direction = way.clamp_length(1.0, 1.0);
    orders.dive = true;
}

/// Flies as it is told.
pub(crate) fn fly_hawk(
    mut hawks: Query<Sky, (&mut Velocity, &mut Hawk)>,
    mut orders: ResMut<Orders>,
    time: Res<Time>,
) {
    let dive = std::mem::take(&mut orders.dive);
    for (velocity, hawk) in &mut hawks {
        if dive && hawk.breathless == 0 {
            (hawk.dives, hawk.breathless) = (DIVE, DIVE + BREATH);
        }
        let speed = if hawk.dives > 0 { DIVE_SPEED } else { SPEED };
        hawk.dives = hawk.dives.saturating_sub(1);
        hawk.breathless = hawk.breathless.saturating_sub(1);
        hawk.swallows = hawk.swallows.saturating_sub(1);

        let direction = if orders.direction == Vec2::ZERO { velocity.0 } else { orders.direction };
        let wanted = direction.clamp_length(speed, speed);
        let change = (wanted - velocity.0).clamp_length(0.0, AGILITY * time.delta_secs());
        velocity.0 += change;
    }
}

/// Catches the nearest boid in reach.
pub(crate) fn hunt(
    mut hawks: Query<Sky, (&Position, &mut Hawk)>,
    grid: Res<Grid>,
    mut caught: EventWriter<Caught>,
    commands: &mut Commands<Sky>,
) -> Result<(), BoxError> {
    for (position, hawk) in &mut hawks {
        if hawk.swallows > 0 {
            continue;
        }
        let near = grid.around(position.0).flatten();
        let near = near.map(|boid| ((boid.position - position.0).length(), boid.entity));
        let near = near.filter(|(distance, _)| *distance < REACH);
        if let Some((_, boid)) = near.min_by(|one, other| one.0.total_cmp(&other.0)) {
            hawk.swallows = SWALLOW;
            commands.despawn(boid)?;
            caught.send(Caught)?;
        }
    }
    Ok(())
}

/// Counts what was caught, and lets another boid hatch for each at the lower edge of the
/// sky, so that the flock keeps its size.
pub(crate) fn hatch(
    mut caught: EventReader<Caught>,
    bounds: Res<Bounds>,
    mut chance: ResMut<Chance>,
    mut score: ResMut<Score>,
    commands: &mut Commands<Sky>,
) -> Result<(), BoxError> {
    for Caught in caught.read() {
        score.0 += 1;
        let edge = Vec2::new(bounds.0.x, 1.0);
        commands.spawn(boid(&mut chance, Vec2::ZERO, edge))?;
    }
    Ok(())
}
