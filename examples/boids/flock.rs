//! How boids fly: away from those too near, the way that others fly, towards where they
//! are, back from the edge of the sky, and most of all away from the hawk.

use static_ecs::prelude::*;

use crate::grid::Grid;
use crate::hawk::Hawk;
use crate::sky::{Boid, Bounds, Position, Sky, Velocity};
use crate::vector::Vec2;

/// How far a boid sees others, in metres.
pub(crate) const VIEW: f32 = 4.0;
/// Others are kept at this distance.
const NEAR: f32 = 1.5;
/// How far a boid sees the hawk.
const FEAR: f32 = 18.0;
/// How far from the edge of the sky a boid turns.
const MARGIN: f32 = 10.0;
/// In metres a second.
pub(crate) const MIN_SPEED: f32 = 8.0;
pub(crate) const MAX_SPEED: f32 = 16.0;

/// What each urge adds to the velocity in a second.
const COHESION: f32 = 3.0;
const ALIGNMENT: f32 = 2.5;
const SEPARATION: f32 = 35.0;
const TURN: f32 = 40.0;
const FLIGHT: f32 = 120.0;

/// Turns each boid. All see the others as they were when the grid was made, and each
/// changes its own velocity alone, so that any number of threads do the same.
pub(crate) fn steer(
    mut boids: Query<Sky, (&Position, &mut Velocity), With<Boid>>,
    hawks: Query<Sky, &Position, With<Hawk>>,
    grid: Res<Grid>,
    bounds: Res<Bounds>,
    time: Res<Time>,
) {
    let hawk = hawks.single().ok();
    boids.iter_mut().par_for_each(|(position, velocity)| {
        let mut urge = among_others(position.0, velocity.0, &grid) + inwards(position.0, *bounds);
        if let Some(hawk) = hawk {
            urge += away(position.0, hawk.0);
        }
        let turned = velocity.0 + urge * time.delta_secs();
        velocity.0 = turned.clamp_length(MIN_SPEED, MAX_SPEED);
    });
}

/// What the others move a boid to. There is no branch in the loop: no processor can guess who
/// is near.
fn among_others(position: Vec2, velocity: Vec2, grid: &Grid) -> Vec2 {
    let (mut count, mut to_all, mut velocities, mut apart) =
        (0.0, Vec2::ZERO, Vec2::ZERO, Vec2::ZERO);
    for other in grid.around(position).flatten() {
        let to_other = other.position - position;
        let distance = to_other.length_squared();
        // A boid is not its own neighbour.
        let seen = f32::from(distance < VIEW * VIEW && distance > 0.0);
        count += seen;
        to_all += to_other * seen;
        velocities += other.velocity * seen;
        apart += to_other * (distance / (NEAR * NEAR) - 1.0).min(0.0);
    }
    if count == 0.0 {
        return Vec2::ZERO;
    }
    let share = 1.0 / count;
    to_all * (share * COHESION) + (velocities * share - velocity) * ALIGNMENT + apart * SEPARATION
}

fn inwards(position: Vec2, Bounds(corner): Bounds) -> Vec2 {
    let along = |at: f32, end: f32| {
        let inside = (MARGIN - at).max(0.0) - (MARGIN - (end - at)).max(0.0);
        inside / MARGIN * TURN
    };
    Vec2::new(along(position.x, corner.x), along(position.y, corner.y))
}

fn away(position: Vec2, hawk: Vec2) -> Vec2 {
    let from_hawk = position - hawk;
    let distance = from_hawk.length();
    if distance >= FEAR || distance == 0.0 {
        return Vec2::ZERO;
    }
    from_hawk * (FLIGHT * (1.0 - distance / FEAR) / distance)
}

/// Moves everything that has a velocity, the hawk too.
pub(crate) fn fly(
    mut flyers: Query<Sky, (&mut Position, &Velocity)>,
    bounds: Res<Bounds>,
    time: Res<Time>,
) {
    let seconds = time.delta_secs();
    flyers.iter_mut().for_each(|(position, velocity)| {
        position.0 = (position.0 + velocity.0 * seconds).clamp(Vec2::ZERO, bounds.0);
    });
}
