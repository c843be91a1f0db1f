//! Iterating, with the query kept from run to run.

use bevy_ecs::batching::BatchingStrategy;
use bevy_ecs::change_detection::DetectChangesMut;
use bevy_ecs::query::QueryData;
use bevy_ecs::query::QueryState;
use bevy_ecs::world::World;

use super::{C0, C1, C2, C3, C4, Data, Position, Transform, Velocity};
use crate::case::{Bench, Digest, Entry};
use crate::ecs::peer::{self, Factor, add, lasting};

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("iter_items", "for_each", |size| {
            querying(super::four(size), for_each, super::digest_four)
        }),
        entry("iter_items", "for", |size| {
            querying(
                super::four(size),
                |query: &mut QueryState<(&mut Position, &Velocity)>, world| {
                    for (mut position, velocity) in query.iter_mut(world) {
                        add(&mut position.0, &velocity.0);
                    }
                },
                super::digest_four,
            )
        }),
        entry("iter_items", "for_each, no ticks", |size| {
            querying(
                super::four(size),
                |query: &mut QueryState<(&mut Position, &Velocity)>, world| {
                    query.iter_mut(world).for_each(|(mut position, velocity)| {
                        add(&mut position.bypass_change_detection().0, &velocity.0);
                    });
                },
                super::digest_four,
            )
        }),
        entry("iter_slices", "lanes", |size| {
            querying(super::four(size), lanes, super::digest_four)
        }),
        entry("iter_slices", "lanes, no ticks", |size| {
            querying(super::four(size), lanes_unmarked, super::digest_four)
        }),
        entry("frag", "for_each", |_| {
            let mut factor = Factor::START;
            querying(
                super::frag(),
                move |query: &mut QueryState<&mut Data>, world| {
                    let by = factor.next();
                    query.iter_mut(world).for_each(|mut data| data.0 *= by);
                },
                super::digest_frag,
            )
        }),
        entry("frag", "contiguous", |_| {
            let mut factor = Factor::START;
            querying(
                super::frag(),
                move |query: &mut QueryState<&mut Data>, world| {
                    let by = factor.next();
                    for mut data in query.contiguous_iter_mut(world).expect("tables") {
                        data.iter_mut().for_each(|data| data.0 *= by);
                    }
                },
                super::digest_frag,
            )
        }),
        entry("wide", "for_each", |size| {
            querying(
                super::wide(size),
                |query: &mut QueryState<(&mut C0, &C1, &C2, &C3, &C4)>, world| {
                    query.iter_mut(world).for_each(|(mut c0, c1, c2, c3, c4)| {
                        c0.0 = c1.0 + c2.0 * c3.0 - c4.0;
                    });
                },
                super::digest_wide,
            )
        }),
        entry("wide", "contiguous", |size| {
            querying(
                super::wide(size),
                |query: &mut QueryState<(&mut C0, &C1, &C2, &C3, &C4)>, world| {
                    for (mut c0, c1, c2, c3, c4) in
                        query.contiguous_iter_mut(world).expect("tables")
                    {
                        let read = c1.iter().zip(c2).zip(c3.iter().zip(c4));
                        for (c0, ((c1, c2), (c3, c4))) in c0.iter_mut().zip(read) {
                            c0.0 = c1.0 + c2.0 * c3.0 - c4.0;
                        }
                    }
                },
                super::digest_wide,
            )
        }),
        entry("heavy_par", "par_iter", |size| {
            super::start_threads();
            querying(
                super::four(size),
                |query: &mut QueryState<(&mut Transform, &mut Position)>, world| {
                    query.par_iter_mut(world).for_each(|(mut transform, mut position)| {
                        peer::heavy(&mut transform.0, &mut position.0);
                    });
                },
                super::digest_four,
            )
        }),
        entry("heavy_par", "par_iter by 64", |size| {
            super::start_threads();
            querying(
                super::four(size),
                |query: &mut QueryState<(&mut Transform, &mut Position)>, world| {
                    query
                        .par_iter_mut(world)
                        .batching_strategy(BatchingStrategy::fixed(64))
                        .for_each(|(mut transform, mut position)| {
                            peer::heavy(&mut transform.0, &mut position.0);
                        });
                },
                super::digest_four,
            )
        }),
        entry("archetypes", "all", |size| {
            querying(super::archetypes(size), for_each, super::digest_two)
        }),
        entry("archetypes", "lanes", |size| {
            querying(super::archetypes(size), lanes, super::digest_two)
        }),
        entry("archetypes", "lanes, no ticks", |size| {
            querying(super::archetypes(size), lanes_unmarked, super::digest_two)
        }),
        entry("archetypes", "contiguous", |size| {
            querying(
                super::archetypes(size),
                |query: &mut QueryState<(&mut Position, &Velocity)>, world| {
                    for (mut positions, velocities) in
                        query.contiguous_iter_mut(world).expect("tables")
                    {
                        for (position, velocity) in positions.iter_mut().zip(velocities) {
                            add(&mut position.0, &velocity.0);
                        }
                    }
                },
                super::digest_two,
            )
        }),
    ]
}

/// A bench of a world and one query.
fn querying<Q: QueryData + 'static>(
    mut world: World,
    mut run: impl FnMut(&mut QueryState<Q>, &mut World) + 'static,
    digest: fn(&mut World) -> Digest,
) -> Box<dyn Bench> {
    let query = world.query::<Q>();
    lasting(
        (world, query),
        move |(world, query)| run(query, world),
        move |(world, _)| digest(world),
    )
}

fn for_each(query: &mut QueryState<(&mut Position, &Velocity)>, world: &mut World) {
    query.iter_mut(world).for_each(|(mut position, velocity)| add(&mut position.0, &velocity.0));
}

fn lanes(query: &mut QueryState<(&mut Position, &Velocity)>, world: &mut World) {
    for (mut positions, velocities) in query.contiguous_iter_mut(world).expect("tables") {
        peer::add_lanes(&mut positions, velocities);
    }
}

fn lanes_unmarked(query: &mut QueryState<(&mut Position, &Velocity)>, world: &mut World) {
    for (mut positions, velocities) in query.contiguous_iter_mut(world).expect("tables") {
        peer::add_lanes(positions.bypass_change_detection(), velocities);
    }
}
