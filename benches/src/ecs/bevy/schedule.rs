//! Systems in a schedule, by the executor for one thread and that for several.

use std::mem::swap;

use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::schedule::{
    IntoScheduleConfigs, MultiThreadedExecutor, Schedule, SingleThreadedExecutor, SystemExecutor,
};
use bevy_ecs::system::Query;
use bevy_ecs::world::World;
use bytemuck::Pod;

use super::{A, B, C, D, E};
use crate::case::{Bench, Digest, Entry};
use crate::ecs::parts::lane;
use crate::ecs::peer::{self, lasting};

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("schedule_seq", "single-threaded", |_| {
            // In the order of the systems, where several threads could choose it.
            let mut schedule = Schedule::default();
            schedule.add_systems((ab, cd, ce).chain());
            run(schedule, SingleThreadedExecutor::new())
        }),
        entry("schedule_seq", "contiguous", |_| {
            let mut schedule = Schedule::default();
            let systems = (swap_columns::<A, B>, swap_columns::<C, D>, swap_columns::<C, E>);
            schedule.add_systems(systems.chain());
            run(schedule, SingleThreadedExecutor::new())
        }),
        entry("schedule_par", "multi-threaded", |_| {
            super::start_threads();
            let mut schedule = Schedule::default();
            // The second of the two systems that both change C waits for the first.
            schedule.add_systems((ab, (cd, ce).chain()));
            run(schedule, MultiThreadedExecutor::new())
        }),
    ]
}

fn run(mut schedule: Schedule, executor: impl SystemExecutor + 'static) -> Box<dyn Bench> {
    schedule.set_executor(executor);
    lasting(
        (groups(), schedule),
        |(world, schedule)| schedule.run(world),
        |(world, _)| digest(world),
    )
}

fn ab(mut query: Query<(&mut A, &mut B)>) {
    query.iter_mut().for_each(|(mut a, mut b)| swap(&mut a.0, &mut b.0));
}

fn cd(mut query: Query<(&mut C, &mut D)>) {
    query.iter_mut().for_each(|(mut c, mut d)| swap(&mut c.0, &mut d.0));
}

fn ce(mut query: Query<(&mut C, &mut E)>) {
    query.iter_mut().for_each(|(mut c, mut e)| swap(&mut c.0, &mut e.0));
}

fn swap_columns<P, Q>(mut query: Query<(&mut P, &mut Q)>)
where
    P: Component<Mutability = Mutable> + Pod,
    Q: Component<Mutability = Mutable> + Pod,
{
    for (mut these, mut those) in query.contiguous_iter_mut().expect("tables") {
        peer::swap_lanes(&mut these, &mut those);
    }
}

fn groups() -> World {
    let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
    let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
    let mut world = World::new();
    world.spawn_batch(peer::group(0).map(|n| (a(n), b(n))));
    world.spawn_batch(peer::group(1).map(|n| (a(n), b(n), c(n))));
    world.spawn_batch(peer::group(2).map(|n| (a(n), b(n), c(n), d(n))));
    world.spawn_batch(peer::group(3).map(|n| (a(n), b(n), c(n), e(n))));
    world
}

fn digest(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    let mut query = world.query::<(&A, &B, Option<&C>, Option<&D>, Option<&E>)>();
    for (a, b, c, d, e) in query.iter(world) {
        let (c, d, e) = (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
        digest.add(&[a.0, b.0, c, d, e]);
    }
    digest
}
