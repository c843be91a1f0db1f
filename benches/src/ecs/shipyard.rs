//! shipyard: a sparse set for each component, reached by views.
//!
//! There is no `iter_slices`: a storage gives its slice, but nothing keeps two of
//! them in the same order.

use bytemuck::{Pod, Zeroable};
use shipyard::{
    Component, Delete, EntitiesView, EntitiesViewMut, EntityId, Get, IntoIter, IntoWorkload, View,
    ViewMut, Workload, World,
};

use super::parts::{lane, shuffled};
use super::peer::{self, Factor, add, each_letter, each_tag, lasting};
use crate::case::{Bench, Digest, Entry, Size};

pub const NAME: &str = "shipyard";

peer::components! { (Clone, Copy, Pod, Zeroable, Component) }
peer::tags! { (Clone, Copy, Component) }

type Four<'a> = (
    EntitiesViewMut<'a>,
    ViewMut<'a, Transform>,
    ViewMut<'a, Position>,
    ViewMut<'a, Rotation>,
    ViewMut<'a, Velocity>,
);

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "bulk_add_entity", |size| {
            peer::whole_life(Columns::new(size), bulk_add, digest_four)
        }),
        entry("insert_single", "growing", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let mut world = World::new();
                    for n in 0..columns.len() {
                        world.add_entity(columns.row(n));
                    }
                    world
                },
                digest_four,
            )
        }),
        entry("insert_single", "growing, views", |size| {
            peer::whole_life(Columns::new(size), |columns| by_views(columns, 0), digest_four)
        }),
        entry("insert_single", "reserved", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| by_views(columns, columns.len()),
                digest_four,
            )
        }),
        entry("iter_items", "for_each", |size| {
            lasting(four(size), |world| world.run(add_each), digest_four)
        }),
        entry("frag", "for_each", |_| {
            lasting(
                (frag(), Factor::START),
                |(world, factor)| {
                    let by = factor.next();
                    world.run(|mut data: ViewMut<Data>| {
                        (&mut data).iter().for_each(|data| data.0 *= by);
                    });
                },
                |(world, _)| digest_frag(world),
            )
        }),
        entry("wide", "for_each", |size| lasting(wide(size), |world| world.run(mix), digest_wide)),
        entry("schedule_seq", "calls", |_| {
            lasting(
                groups(),
                |world| {
                    world.run(ab);
                    world.run(cd);
                    world.run(ce);
                },
                digest_groups,
            )
        }),
        entry("schedule_par", "workload", |_| {
            let world = groups();
            let systems: Workload = (ab, cd, ce).into_workload();
            let (workload, _) = systems.build().expect("a workload");
            peer::pooled(
                (world, workload),
                |(world, workload)| workload.run_with_world(world).expect("runs"),
                |(world, _)| digest_groups(world),
            )
        }),
        entry("heavy_par", "par_iter", |size| {
            peer::pooled(
                four(size),
                |world| {
                    use rayon::iter::ParallelIterator;
                    world.run(
                        |mut transforms: ViewMut<Transform>, mut positions: ViewMut<Position>| {
                            (&mut transforms, &mut positions).par_iter().for_each(
                                |(transform, position)| {
                                    peer::heavy(&mut transform.0, &mut position.0)
                                },
                            );
                        },
                    );
                },
                digest_four,
            )
        }),
        entry("add_remove", "sparse", add_remove),
        entry("random_access", "get_mut", |size| {
            random_access(size, |world, ids| {
                for &id in ids {
                    world.get::<&mut Position>(id).expect("lives").0[0] += 1.0;
                }
            })
        }),
        entry("random_access", "view", |size| {
            random_access(size, |world, ids| {
                world.run(|mut positions: ViewMut<Position>| {
                    for &id in ids {
                        (&mut positions).get(id).expect("lives").0[0] += 1.0;
                    }
                });
            })
        }),
        entry("churn", "", |size| {
            let (world, ids) = moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.delete_entity(id);
                    });
                    world.run(
                        |mut entities: EntitiesViewMut,
                         mut positions: ViewMut<Position>,
                         mut velocities: ViewMut<Velocity>| {
                            round.respawn(|position, velocity| {
                                entities.add_entity(
                                    (&mut positions, &mut velocities),
                                    (Position(position), Velocity(velocity)),
                                )
                            });
                        },
                    );
                },
                digest_two,
            )
        }),
        entry("churn", "bulk_add_entity", |size| {
            let (world, ids) = moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.delete_entity(id);
                    });
                    let rows = round.source().iter().map(|&(p, v)| (Position(p), Velocity(v)));
                    let mut fresh = world.bulk_add_entity(rows);
                    round.respawn(|_, _| fresh.next().expect("one for each"));
                },
                digest_two,
            )
        }),
        entry("growth", "growing", |size| {
            peer::whole_life(
                size,
                |size| {
                    let world = World::new();
                    world.run(
                        |mut entities: EntitiesViewMut,
                         mut positions: ViewMut<Position>,
                         mut velocities: ViewMut<Velocity>,
                         mut spins: ViewMut<Spin>,
                         mut scales: ViewMut<Scale>| {
                            for n in 0..size.entities {
                                entities.add_entity(
                                    (&mut positions, &mut velocities, &mut spins, &mut scales),
                                    grown(n),
                                );
                            }
                        },
                    );
                    world
                },
                digest_growth,
            )
        }),
        entry("archetypes", "all", |size| {
            lasting(archetypes(size), |world| world.run(add_each), digest_two)
        }),
    ]
}

fn bulk_add(columns: &Columns) -> World {
    let mut world = World::new();
    world.bulk_add_entity(columns.rows());
    world
}

/// One by one, with the storages borrowed once.
fn by_views(columns: &Columns, reserved: usize) -> World {
    let world = World::new();
    let (mut entities, mut transforms, mut positions, mut rotations, mut velocities) =
        world.borrow::<Four>().expect("storages");
    transforms.reserve(reserved);
    positions.reserve(reserved);
    rotations.reserve(reserved);
    velocities.reserve(reserved);
    for n in 0..columns.len() {
        entities.add_entity(
            (&mut transforms, &mut positions, &mut rotations, &mut velocities),
            columns.row(n),
        );
    }
    drop((entities, transforms, positions, rotations, velocities));
    world
}

fn four(size: Size) -> World {
    bulk_add(&Columns::new(size))
}

fn add_each(mut positions: ViewMut<Position>, velocities: View<Velocity>) {
    (&mut positions, &velocities)
        .iter()
        .for_each(|(position, velocity)| add(&mut position.0, &velocity.0));
}

fn digest_four(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (t, p, r, v) in world.iter::<(&Transform, &Position, &Rotation, &Velocity)>().iter() {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    }
    digest
}

fn frag() -> World {
    let mut world = World::new();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            world.bulk_add_entity(
                peer::letter($k).map(|n| (Data(lane(n, 0)), $letter(lane(n, 1)))),
            );
        )*};
    }
    each_letter!(spawn);
    world
}

fn digest_frag(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for data in world.iter::<&Data>().iter() {
        digest.add(&[data.0]);
    }
    digest
}

fn wide(size: Size) -> World {
    let mut world = World::new();
    world.bulk_add_entity((0..size.entities).map(wide_row));
    world
}

fn mix(mut c0: ViewMut<C0>, c1: View<C1>, c2: View<C2>, c3: View<C3>, c4: View<C4>) {
    (&mut c0, &c1, &c2, &c3, &c4)
        .iter()
        .for_each(|(c0, c1, c2, c3, c4)| c0.0 = c1.0 + c2.0 * c3.0 - c4.0);
}

fn digest_wide(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    let mut all = world.iter::<(&C0, &C1, &C2, &C3, &C4, &C5, &C6, &C7)>();
    for (c0, c1, c2, c3, c4, c5, c6, c7) in all.iter() {
        digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
    }
    digest
}

fn groups() -> World {
    let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
    let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
    let mut world = World::new();
    world.bulk_add_entity(peer::group(0).map(|n| (a(n), b(n))));
    world.bulk_add_entity(peer::group(1).map(|n| (a(n), b(n), c(n))));
    world.bulk_add_entity(peer::group(2).map(|n| (a(n), b(n), c(n), d(n))));
    world.bulk_add_entity(peer::group(3).map(|n| (a(n), b(n), c(n), e(n))));
    world
}

fn ab(mut a: ViewMut<A>, mut b: ViewMut<B>) {
    (&mut a, &mut b).iter().for_each(|(a, b)| std::mem::swap(&mut a.0, &mut b.0));
}

fn cd(mut c: ViewMut<C>, mut d: ViewMut<D>) {
    (&mut c, &mut d).iter().for_each(|(c, d)| std::mem::swap(&mut c.0, &mut d.0));
}

fn ce(mut c: ViewMut<C>, mut e: ViewMut<E>) {
    (&mut c, &mut e).iter().for_each(|(c, e)| std::mem::swap(&mut c.0, &mut e.0));
}

fn digest_groups(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.run(|a: View<A>, b: View<B>, c: View<C>, d: View<D>, e: View<E>| {
        let all = (&a, &b, c.as_optional(), d.as_optional(), e.as_optional());
        for (a, b, c, d, e) in all.iter() {
            let (c, d, e) =
                (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
            digest.add(&[a.0, b.0, c, d, e]);
        }
    });
    digest
}

fn add_remove(size: Size) -> Box<dyn Bench> {
    let mut world = World::new();
    let ids: Vec<EntityId> =
        world.bulk_add_entity((0..size.entities).map(|n| A(lane(n, 0)))).collect();
    peer::add_remove(
        (world, ids),
        |(world, ids)| {
            world.run(|entities: EntitiesView, mut b: ViewMut<B>| {
                for (n, &id) in ids.iter().enumerate() {
                    entities.add_component(id, &mut b, B(n as f32));
                }
            });
        },
        |(world, ids)| {
            world.run(|mut b: ViewMut<B>| {
                for &id in ids.iter() {
                    b.delete(id);
                }
            });
        },
        |(world, _), each| {
            world.run(|a: View<A>, b: View<B>| {
                for (a, b) in (&a, b.as_optional()).iter() {
                    each(a.0, b.map(|b| b.0));
                }
            });
        },
    )
}

fn moving_world(size: Size) -> (World, Vec<EntityId>) {
    let mut world = World::new();
    let ids = world.bulk_add_entity((0..size.entities).map(moving)).collect();
    (world, ids)
}

fn random_access(size: Size, run: fn(&World, &[EntityId])) -> Box<dyn Bench> {
    let (world, ids) = moving_world(size);
    let ids: Vec<EntityId> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
    lasting((world, ids), move |(world, ids)| run(world, ids), |(world, _)| digest_two(world))
}

fn archetypes(size: Size) -> World {
    let (mut world, ids) = moving_world(size);
    macro_rules! add_tags {
        ($($tag:ident $bit:literal),*) => {$(
            for (n, &id) in ids.iter().enumerate() {
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    world.add_component(id, ($tag,));
                }
            }
        )*};
    }
    each_tag!(add_tags);
    world
}

fn digest_two(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (position, velocity) in world.iter::<(&Position, &Velocity)>().iter() {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    }
    digest
}

fn digest_growth(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (p, v, spin, scale) in world.iter::<(&Position, &Velocity, &Spin, &Scale)>().iter() {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    }
    digest
}
