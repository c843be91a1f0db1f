//! static-ecs: tables of columns whose layout and queries are settled when the
//! program is compiled.

mod setup;

use setup::*;
use static_ecs::prelude::*;

use super::parts::{lane, shuffled};
use super::peer::{self, Factor, add, add_lanes, lasting, pooled, whole_life};
use crate::case::{Bench, Entry, Size};

pub const NAME: &str = "static-ecs";

/// Frees the columns that this thread keeps for worlds to come.
pub fn give_back() {
    World::<Moving>::new().shrink();
}

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "spawn_columns", |size| {
            whole_life(Columns::new(size), spawn_columns, digest_four)
        }),
        entry("insert_batch", "spawn_batch", |size| {
            whole_life(Columns::new(size), spawn_batch, digest_four)
        }),
        entry("insert_single", "growing", |size| {
            whole_life(Columns::new(size), |columns| spawn_each(World::new(), columns), digest_four)
        }),
        entry("insert_single", "reserved", |size| {
            let build = |columns: &Columns| {
                let mut world = World::new();
                world
                    .reserve::<(Transform, Position, Rotation, Velocity)>(columns.len())
                    .expect("room");
                spawn_each(world, columns)
            };
            whole_life(Columns::new(size), build, digest_four)
        }),
        entry("iter_items", "for_each", |size| lasting(four(size), move_each, digest_four)),
        entry("iter_items", "for", |size| {
            let run = |world: &mut World<Four>| {
                for (position, velocity) in world.query::<(&mut Position, &Velocity)>() {
                    add(&mut position.0, &velocity.0);
                }
            };
            lasting(four(size), run, digest_four)
        }),
        entry("iter_slices", "slices", |size| {
            let run = |world: &mut World<Four>| {
                for (positions, velocities) in world.query::<(&mut Position, &Velocity)>().slices()
                {
                    for (position, velocity) in positions.iter_mut().zip(velocities) {
                        add(&mut position.0, &velocity.0);
                    }
                }
            };
            lasting(four(size), run, digest_four)
        }),
        entry("iter_slices", "lanes", |size| lasting(four(size), move_lanes, digest_four)),
        entry("frag", "for_each", |_| {
            let run = |(world, factor): &mut (World<Letters>, Factor)| {
                let by = factor.next();
                world.query::<&mut Data>().for_each(|data| data.0 *= by);
            };
            lasting((letters(), Factor::START), run, |(world, _)| digest_letters(world))
        }),
        entry("frag", "slices", |_| {
            let run = |(world, factor): &mut (World<Letters>, Factor)| {
                let by = factor.next();
                for column in world.query::<&mut Data>().slices() {
                    column.iter_mut().for_each(|data| data.0 *= by);
                }
            };
            lasting((letters(), Factor::START), run, |(world, _)| digest_letters(world))
        }),
        entry("wide", "for_each", |size| {
            let run = |world: &mut World<Wide>| {
                world
                    .query::<(&mut C0, &C1, &C2, &C3, &C4)>()
                    .for_each(|(c0, c1, c2, c3, c4)| c0.0 = c1.0 + c2.0 * c3.0 - c4.0);
            };
            lasting(wide(size), run, digest_wide)
        }),
        entry("schedule_seq", "for_each", |_| scheduled(add_systems)),
        entry("schedule_seq", "slices", |_| scheduled(add_slice_systems)),
        entry("schedule_par", "sequential", |_| scheduled(add_systems)),
        entry("schedule_par", "executor", |_| scheduled(add_shared_systems)),
        entry("schedule_par", "par_for_each", |_| scheduled(add_par_systems)),
        entry("heavy_par", "par_for_each", |size| {
            let run = |world: &mut World<Four>| {
                let query = world.query::<(&mut Transform, &mut Position)>();
                query.par_for_each(|(transform, position)| {
                    peer::heavy(&mut transform.0, &mut position.0);
                });
            };
            pooled(four(size), run, digest_four)
        }),
        entry("heavy_par", "by 16", |size| {
            let run = |world: &mut World<Four>| {
                let query = world.query::<(&mut Transform, &mut Position)>();
                query.par_for_each_in(16, |(transform, position)| {
                    peer::heavy(&mut transform.0, &mut position.0);
                });
            };
            pooled(four(size), run, digest_four)
        }),
        entry("add_remove", "table", |size| {
            peer::add_remove(
                alone(size),
                |(world, ids)| {
                    for (n, &id) in ids.iter().enumerate() {
                        world.insert(id, B(n as f32)).expect("lives");
                    }
                },
                |(world, ids)| {
                    for &id in ids.iter() {
                        world.remove::<B>(id).expect("has it");
                    }
                },
                |(world, _), each| each_changing(world, each),
            )
        }),
        entry("add_remove", "batch", |size| {
            peer::add_remove(
                alone(size),
                |(world, ids)| {
                    let mut n = 0;
                    let added = world.insert_where::<With<A>, _>(|_| {
                        n += 1;
                        B((n - 1) as f32)
                    });
                    assert_eq!(added, Ok(ids.len()));
                },
                |(world, ids)| assert_eq!(world.remove_where::<(), B>(), Ok(ids.len())),
                |(world, _), each| each_changing(world, each),
            )
        }),
        entry("add_remove", "sparse", |size| {
            let mut world = World::<Sparse>::new();
            let entities = (0..size.entities).map(|n| A(lane(n, 0)));
            let ids = world.spawn_batch(entities).expect("room").to_vec();
            peer::add_remove(
                (world, ids),
                |(world, ids)| {
                    for (n, &id) in ids.iter().enumerate() {
                        world.insert(id, SparseB(n as f32)).expect("lives");
                    }
                },
                |(world, ids)| {
                    for &id in ids.iter() {
                        world.remove::<SparseB>(id).expect("has it");
                    }
                },
                |(world, _), each| {
                    for (a, b) in world.query::<(&A, Option<&SparseB>)>() {
                        each(a.0, b.map(|b| b.0));
                    }
                },
            )
        }),
        entry("random_access", "lookup for_each", |size| {
            let (world, ids) = shuffled_world(size);
            let run = move |world: &mut World<Moving>| {
                let mut positions = world.lookup::<&mut Position>();
                let found = positions.for_each(&ids, |_, position| position.0[0] += 1.0);
                assert_eq!(found, ids.len());
            };
            lasting(world, run, digest_moving)
        }),
        entry("random_access", "lookup", |size| {
            let (world, ids) = shuffled_world(size);
            let run = move |world: &mut World<Moving>| {
                let mut positions = world.lookup::<&mut Position>();
                for &id in &ids {
                    positions.get(id).expect("lives").0[0] += 1.0;
                }
            };
            lasting(world, run, digest_moving)
        }),
        entry("random_access", "get_mut", |size| get_each(moving_world(size))),
        entry("random_access", "guests get_mut", |size| get_each(guests(size))),
        entry("churn", "", |size| {
            let (world, ids) = moving_world(size);
            let run = |world: &mut World<Moving>, round: &mut peer::Round<'_, Entity>| {
                round.despawn(|id| world.despawn(id).expect("lives"));
                round.respawn(|position, velocity| {
                    world.spawn((Position(position), Velocity(velocity))).expect("room")
                });
            };
            peer::churn(world, ids, run, digest_moving)
        }),
        entry("churn", "batch", |size| {
            let (world, list) = moving_world(size);
            let mut ids = Vec::new();
            let run = move |world: &mut World<Moving>, round: &mut peer::Round<'_, Entity>| {
                ids.clear();
                round.despawn(|id| ids.push(id));
                assert_eq!(world.despawn_batch(&ids), ids.len());
                let rows = round.source().iter().map(|&(p, v)| (Position(p), Velocity(v)));
                let mut fresh = world.spawn_batch(rows).expect("room").iter();
                round.respawn(|_, _| *fresh.next().expect("one for each"));
            };
            peer::churn(world, list, run, digest_moving)
        }),
        entry("growth", "growing", |size| {
            let build = |size: &Size| {
                let mut world = World::<Growing>::new();
                for n in 0..size.entities {
                    world.spawn(grown(n)).expect("room");
                }
                world
            };
            whole_life(size, build, digest_growing)
        }),
        entry("archetypes", "for_each", |size| {
            let run = |world: &mut World<Tagged>| {
                world
                    .query::<(&mut Position, &Velocity)>()
                    .for_each(|(position, velocity)| add(&mut position.0, &velocity.0));
            };
            lasting(tagged(size), run, digest_tagged)
        }),
        entry("archetypes", "lanes", |size| {
            let run = |world: &mut World<Tagged>| {
                for (positions, velocities) in world.query::<(&mut Position, &Velocity)>().slices()
                {
                    add_lanes(positions, velocities);
                }
            };
            lasting(tagged(size), run, digest_tagged)
        }),
    ]
}

fn spawn_batch(columns: &Columns) -> World<Four> {
    let mut world = World::new();
    world.spawn_batch(columns.rows()).expect("room");
    world
}

fn spawn_columns(columns: &Columns) -> World<Four> {
    let mut world = World::new();
    let Columns { transforms, positions, rotations, velocities } = columns;
    world
        .spawn_columns((&transforms[..], &positions[..], &rotations[..], &velocities[..]))
        .expect("room");
    world
}

fn spawn_each(mut world: World<Four>, columns: &Columns) -> World<Four> {
    // By index: through the iterator each row passes the stack.
    for n in 0..columns.len() {
        world.spawn(columns.row(n)).expect("room");
    }
    world
}

fn four(size: Size) -> World<Four> {
    spawn_batch(&Columns::new(size))
}

fn move_each(world: &mut World<Four>) {
    world
        .query::<(&mut Position, &Velocity)>()
        .for_each(|(position, velocity)| add(&mut position.0, &velocity.0));
}

fn move_lanes(world: &mut World<Four>) {
    for (positions, velocities) in world.query::<(&mut Position, &Velocity)>().slices() {
        add_lanes(positions, velocities);
    }
}

/// The groups, and a schedule of what `add_systems` adds to it.
fn scheduled(add_systems: impl FnOnce(&mut Schedule<Groups>)) -> Box<dyn Bench> {
    let mut schedule = Schedule::new();
    add_systems(&mut schedule);
    let run = |(world, schedule): &mut (World<Groups>, Schedule<Groups>)| {
        schedule.run(world).expect("no system fails");
    };
    lasting((groups(), schedule), run, |(world, _)| digest_groups(world))
}

type Pairs<'w, P, Q> = Query<'w, Groups, (&'static mut P, &'static mut Q)>;

fn add_systems(schedule: &mut Schedule<Groups>) {
    let swap = std::mem::swap::<f32>;
    schedule
        .add(move |mut pairs: Pairs<A, B>| {
            pairs.iter_mut().for_each(|(a, b)| swap(&mut a.0, &mut b.0));
        })
        .add(move |mut pairs: Pairs<C, D>| {
            pairs.iter_mut().for_each(|(c, d)| swap(&mut c.0, &mut d.0));
        })
        .add(move |mut pairs: Pairs<C, E>| {
            pairs.iter_mut().for_each(|(c, e)| swap(&mut c.0, &mut e.0));
        });
}

fn add_shared_systems(schedule: &mut Schedule<Groups>) {
    add_systems(schedule);
    schedule.set_executor(ParallelExecutor::new());
}

fn add_par_systems(schedule: &mut Schedule<Groups>) {
    let swap = std::mem::swap::<f32>;
    schedule
        .add(move |mut pairs: Pairs<A, B>| {
            pairs.iter_mut().par_for_each(|(a, b)| swap(&mut a.0, &mut b.0));
        })
        .add(move |mut pairs: Pairs<C, D>| {
            pairs.iter_mut().par_for_each(|(c, d)| swap(&mut c.0, &mut d.0));
        })
        .add(move |mut pairs: Pairs<C, E>| {
            pairs.iter_mut().par_for_each(|(c, e)| swap(&mut c.0, &mut e.0));
        });
}

fn add_slice_systems(schedule: &mut Schedule<Groups>) {
    schedule
        .add(|mut pairs: Pairs<A, B>| {
            pairs.iter_mut().slices().for_each(|(a, b)| peer::swap_lanes(a, b));
        })
        .add(|mut pairs: Pairs<C, D>| {
            pairs.iter_mut().slices().for_each(|(c, d)| peer::swap_lanes(c, d));
        })
        .add(|mut pairs: Pairs<C, E>| {
            pairs.iter_mut().slices().for_each(|(c, e)| peer::swap_lanes(c, e));
        });
}

/// The world of `random_access`, and its ids in the order of access.
fn shuffled_world(size: Size) -> (World<Moving>, Vec<Entity>) {
    let (world, ids) = moving_world(size);
    let ids = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
    (world, ids)
}

fn get_each((world, ids): (World<Moving>, Vec<Entity>)) -> Box<dyn Bench> {
    let ids: Vec<_> = shuffled(ids.len()).into_iter().map(|n| ids[n]).collect();
    let run = move |world: &mut World<Moving>| {
        for &id in &ids {
            world.get_mut::<Position>(id).expect("lives").0[0] += 1.0;
        }
    };
    lasting(world, run, digest_moving)
}

fn alone(size: Size) -> (World<Changing>, Vec<Entity>) {
    let mut world = World::new();
    let ids = world.spawn_batch((0..size.entities).map(|n| A(lane(n, 0)))).expect("room").to_vec();
    (world, ids)
}
