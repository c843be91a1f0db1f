//! hecs: columns by archetype, all of it decided at run time.

use bytemuck::{Pod, Zeroable};
use hecs::{ColumnBatchType, Component, Entity, EntityBuilder, PreparedQuery, World};
use rayon::iter::{ParallelBridge, ParallelIterator};

use super::parts::{lane, shuffled};
use super::peer::{self, Factor, add, each_letter, each_tag, lasting};
use crate::case::{Bench, Digest, Entry, Size};

pub const NAME: &str = "hecs";

peer::components! { (Clone, Copy, Pod, Zeroable) }
peer::tags! { (Clone, Copy) }

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "spawn_batch", |size| {
            peer::whole_life(Columns::new(size), spawn_batch, digest_four)
        }),
        entry("insert_batch", "column_batch", |size| {
            peer::whole_life(Columns::new(size), column_batch, digest_four)
        }),
        entry("insert_single", "growing", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| insert_single(World::new(), columns),
                digest_four,
            )
        }),
        entry("insert_single", "reserved", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let mut world = World::new();
                    world
                        .reserve::<(Transform, Position, Rotation, Velocity)>(columns.len() as u32);
                    insert_single(world, columns)
                },
                digest_four,
            )
        }),
        entry("iter_items", "for_each", |size| {
            lasting(
                four(size),
                |world| {
                    world
                        .query_mut::<(&mut Position, &Velocity)>()
                        .into_iter()
                        .for_each(|(position, velocity)| add(&mut position.0, &velocity.0));
                },
                digest_four,
            )
        }),
        entry("iter_items", "for", |size| {
            lasting(
                four(size),
                |world| {
                    for (position, velocity) in world.query_mut::<(&mut Position, &Velocity)>() {
                        add(&mut position.0, &velocity.0);
                    }
                },
                digest_four,
            )
        }),
        entry("iter_slices", "slices", |size| lasting(four(size), slices, digest_four)),
        entry("iter_slices", "lanes", |size| lasting(four(size), lanes, digest_four)),
        entry("frag", "for_each", |_| {
            lasting(
                (frag(), Factor::START),
                |(world, factor)| {
                    let by = factor.next();
                    world.query_mut::<&mut Data>().into_iter().for_each(|data| data.0 *= by);
                },
                |(world, _)| digest_frag(world),
            )
        }),
        entry("frag", "prepared", |_| {
            lasting(
                (frag(), Factor::START, PreparedQuery::<&mut Data>::new()),
                |(world, factor, query)| {
                    let by = factor.next();
                    query.query_mut(world).for_each(|data| data.0 *= by);
                },
                |(world, ..)| digest_frag(world),
            )
        }),
        entry("wide", "for_each", |size| lasting(wide(size), run_wide, digest_wide)),
        entry("schedule_seq", "calls", |_| lasting(groups(), schedule, digest_groups)),
        entry("schedule_seq", "slices", |_| {
            lasting(
                groups(),
                |world| {
                    swap_columns::<A, B>(world);
                    swap_columns::<C, D>(world);
                    swap_columns::<C, E>(world);
                },
                digest_groups,
            )
        }),
        entry("heavy_par", "iter_batched", |size| {
            peer::pooled(
                four(size),
                |world| {
                    world
                        .query_mut::<(&mut Transform, &mut Position)>()
                        .into_iter_batched(64)
                        .par_bridge()
                        .for_each(|batch| {
                            batch.for_each(|(transform, position)| {
                                peer::heavy(&mut transform.0, &mut position.0);
                            });
                        });
                },
                digest_four,
            )
        }),
        entry("add_remove", "table", add_remove),
        entry("random_access", "get_mut", |size| {
            random_access(size, |world, ids| {
                for &id in ids {
                    world.query_one_mut::<&mut Position>(id).expect("lives").0[0] += 1.0;
                }
            })
        }),
        entry("random_access", "view", |size| {
            random_access(size, |world, ids| {
                let mut view = world.view_mut::<&mut Position>();
                for &id in ids {
                    view.get_mut(id).expect("lives").0[0] += 1.0;
                }
            })
        }),
        entry("churn", "", churn),
        entry("churn", "spawn_batch", |size| {
            let (world, ids) = moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| world.despawn(id).expect("lives"));
                    let rows = round.source().iter().map(|&(p, v)| (Position(p), Velocity(v)));
                    let mut fresh = world.spawn_batch(rows);
                    round.respawn(|_, _| fresh.next().expect("one for each"));
                },
                digest_two,
            )
        }),
        entry("growth", "growing", |size| {
            peer::whole_life(
                size,
                |size| {
                    let mut world = World::new();
                    for n in 0..size.entities {
                        world.spawn(grown(n));
                    }
                    world
                },
                digest_growth,
            )
        }),
        entry("archetypes", "lanes", |size| lasting(archetypes(size), lanes, digest_two)),
        entry("archetypes", "all", |size| {
            lasting(
                archetypes(size),
                |world| {
                    world
                        .query_mut::<(&mut Position, &Velocity)>()
                        .into_iter()
                        .for_each(|(position, velocity)| add(&mut position.0, &velocity.0));
                },
                digest_two,
            )
        }),
    ]
}

fn spawn_batch(columns: &Columns) -> World {
    let mut world = World::new();
    world.spawn_batch(columns.rows());
    world
}

fn column_batch(columns: &Columns) -> World {
    let mut kinds = ColumnBatchType::new();
    kinds.add_bundle::<(Transform, Position, Rotation, Velocity)>();
    let batch = kinds.into_batch(columns.len() as u32);
    fn fill<T: Component + Copy>(batch: &hecs::ColumnBatchBuilder, column: &[T]) {
        let mut writer = batch.writer::<T>().expect("one of the kinds");
        for value in column {
            // Never full: the batch was made for as many.
            let _ = writer.push(*value);
        }
    }
    fill(&batch, &columns.transforms);
    fill(&batch, &columns.positions);
    fill(&batch, &columns.rotations);
    fill(&batch, &columns.velocities);
    let mut world = World::new();
    world.spawn_column_batch(batch.build().expect("all columns are full"));
    world
}

fn insert_single(mut world: World, columns: &Columns) -> World {
    for n in 0..columns.len() {
        world.spawn(columns.row(n));
    }
    world
}

fn four(size: Size) -> World {
    spawn_batch(&Columns::new(size))
}

fn digest_four(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (t, p, r, v) in world.query_mut::<(&Transform, &Position, &Rotation, &Velocity)>() {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    }
    digest
}

fn slices(world: &mut World) {
    for archetype in world.archetypes() {
        if let (Some(mut positions), Some(velocities)) =
            (archetype.get::<&mut Position>(), archetype.get::<&Velocity>())
        {
            for (position, velocity) in positions.iter_mut().zip(velocities.iter()) {
                add(&mut position.0, &velocity.0);
            }
        }
    }
}

fn lanes(world: &mut World) {
    for archetype in world.archetypes() {
        if let (Some(mut positions), Some(velocities)) =
            (archetype.get::<&mut Position>(), archetype.get::<&Velocity>())
        {
            peer::add_lanes(&mut positions, &velocities);
        }
    }
}

fn frag() -> World {
    let mut world = World::new();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            world.spawn_batch(
                peer::letter($k).map(|n| (Data(lane(n, 0)), $letter(lane(n, 1)))),
            );
        )*};
    }
    each_letter!(spawn);
    world
}

fn digest_frag(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for data in world.query_mut::<&Data>() {
        digest.add(&[data.0]);
    }
    digest
}

fn wide(size: Size) -> World {
    let mut world = World::new();
    world.spawn_batch((0..size.entities).map(wide_row));
    world
}

fn run_wide(world: &mut World) {
    world
        .query_mut::<(&mut C0, &C1, &C2, &C3, &C4)>()
        .into_iter()
        .for_each(|(c0, c1, c2, c3, c4)| c0.0 = c1.0 + c2.0 * c3.0 - c4.0);
}

fn digest_wide(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    type Row<'a> = (&'a C0, &'a C1, &'a C2, &'a C3, &'a C4, &'a C5, &'a C6, &'a C7);
    for (c0, c1, c2, c3, c4, c5, c6, c7) in world.query_mut::<Row>() {
        digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
    }
    digest
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

fn schedule(world: &mut World) {
    let swap = std::mem::swap::<f32>;
    world.query_mut::<(&mut A, &mut B)>().into_iter().for_each(|(a, b)| swap(&mut a.0, &mut b.0));
    world.query_mut::<(&mut C, &mut D)>().into_iter().for_each(|(c, d)| swap(&mut c.0, &mut d.0));
    world.query_mut::<(&mut C, &mut E)>().into_iter().for_each(|(c, e)| swap(&mut c.0, &mut e.0));
}

fn swap_columns<P: Component + Pod, Q: Component + Pod>(world: &World) {
    for archetype in world.archetypes() {
        if let (Some(mut these), Some(mut those)) =
            (archetype.get::<&mut P>(), archetype.get::<&mut Q>())
        {
            peer::swap_lanes(&mut these, &mut those);
        }
    }
}

fn digest_groups(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (a, b, c, d, e) in world.query_mut::<(&A, &B, Option<&C>, Option<&D>, Option<&E>)>() {
        let (c, d, e) = (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
        digest.add(&[a.0, b.0, c, d, e]);
    }
    digest
}

fn add_remove(size: Size) -> Box<dyn Bench> {
    let mut world = World::new();
    let ids: Vec<Entity> =
        world.spawn_batch((0..size.entities).map(|n| (A(lane(n, 0)),))).collect();
    peer::add_remove(
        (world, ids),
        |(world, ids)| {
            for (n, &id) in ids.iter().enumerate() {
                world.insert_one(id, B(n as f32)).expect("lives");
            }
        },
        |(world, ids)| {
            for &id in ids.iter() {
                world.remove_one::<B>(id).expect("has it");
            }
        },
        |(world, _), each| {
            for (a, b) in world.query_mut::<(&A, Option<&B>)>() {
                each(a.0, b.map(|b| b.0));
            }
        },
    )
}

fn moving_world(size: Size) -> (World, Vec<Entity>) {
    let mut world = World::new();
    let ids = world.spawn_batch((0..size.entities).map(moving)).collect();
    (world, ids)
}

fn random_access(size: Size, run: fn(&mut World, &[Entity])) -> Box<dyn Bench> {
    let (world, ids) = moving_world(size);
    let ids: Vec<Entity> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
    lasting((world, ids), move |(world, ids)| run(world, ids), |(world, _)| digest_two(world))
}

fn churn(size: Size) -> Box<dyn Bench> {
    let (world, ids) = moving_world(size);
    peer::churn(
        world,
        ids,
        |world, round| {
            round.despawn(|id| world.despawn(id).expect("lives"));
            round.respawn(|position, velocity| {
                world.spawn((Position(position), Velocity(velocity)))
            });
        },
        digest_two,
    )
}

fn archetypes(size: Size) -> World {
    let mut world = World::new();
    let mut builder = EntityBuilder::new();
    for n in 0..size.entities {
        builder.add_bundle(moving(n));
        macro_rules! add_tags {
            ($($tag:ident $bit:literal),*) => {$(
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    builder.add($tag);
                }
            )*};
        }
        each_tag!(add_tags);
        world.spawn(builder.build());
    }
    world
}

fn digest_two(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (position, velocity) in world.query_mut::<(&Position, &Velocity)>() {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    }
    digest
}

fn digest_growth(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (p, v, spin, scale) in world.query_mut::<(&Position, &Velocity, &Spin, &Scale)>() {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    }
    digest
}
