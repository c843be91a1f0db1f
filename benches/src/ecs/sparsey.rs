//! sparsey: a sparse set for each component; those of a group are kept in the same
//! order, side by side.

use bytemuck::{Pod, Zeroable};
use sparsey::World;
use sparsey::entity::Entity;

use super::parts::{lane, shuffled};
use super::peer::{self, Factor, add, each_letter, each_tag, lasting};
use crate::case::{Bench, Digest, Entry, Size};

pub const NAME: &str = "sparsey";

peer::components! { (Clone, Copy, Pod, Zeroable) }
peer::tags! { (Clone, Copy) }

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "extend", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| extend(empty_four(), columns),
                digest_four,
            )
        }),
        entry("insert_single", "growing", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let mut world = empty_four();
                    for n in 0..columns.len() {
                        world.create(columns.row(n));
                    }
                    world
                },
                digest_four,
            )
        }),
        entry("iter_items", "grouped", |size| {
            lasting(grouped_four(size), |world| add_each(world), digest_four)
        }),
        entry("iter_items", "no groups", |size| {
            lasting(extend(empty_four(), &Columns::new(size)), |world| add_each(world), digest_four)
        }),
        entry("iter_slices", "slices", |size| {
            lasting(
                grouped_four(size),
                |world| {
                    let mut query = world.query_all::<(&mut Position, &Velocity)>();
                    let (positions, velocities) = query.slice().expect("a group");
                    for (position, velocity) in positions.iter_mut().zip(velocities) {
                        add(&mut position.0, &velocity.0);
                    }
                },
                digest_four,
            )
        }),
        entry("iter_slices", "lanes", |size| {
            lasting(
                grouped_four(size),
                |world| {
                    let mut query = world.query_all::<(&mut Position, &Velocity)>();
                    let (positions, velocities) = query.slice().expect("a group");
                    peer::add_lanes(positions, velocities);
                },
                digest_four,
            )
        }),
        entry("frag", "for_each", |_| {
            lasting(
                (frag(), Factor::START),
                |(world, factor)| {
                    let by = factor.next();
                    world.for_each::<&mut Data>(|data| data.0 *= by);
                },
                |(world, _)| digest_frag(world),
            )
        }),
        entry("wide", "grouped", |size| {
            lasting(
                wide(size),
                |world| {
                    world.for_each::<(&mut C0, &C1, &C2, &C3, &C4)>(|(c0, c1, c2, c3, c4)| {
                        c0.0 = c1.0 + c2.0 * c3.0 - c4.0;
                    });
                },
                digest_wide,
            )
        }),
        entry("schedule_seq", "calls", |_| lasting(groups(), schedule, digest_groups)),
        entry("heavy_par", "par_for_each", |size| {
            let mut world = World::builder()
                .add_group::<(Transform, Position)>()
                .register::<Rotation>()
                .register::<Velocity>()
                .build();
            world = extend(world, &Columns::new(size));
            peer::pooled(
                world,
                |world| {
                    world.par_for_each::<(&mut Transform, &mut Position)>(
                        |(transform, position)| peer::heavy(&mut transform.0, &mut position.0),
                    );
                },
                digest_four,
            )
        }),
        entry("add_remove", "sparse", add_remove),
        entry("random_access", "get_mut", |size| {
            random_access(size, |world, ids| {
                for &id in ids {
                    let mut query = world.query_one::<&mut Position>();
                    query.get(id).expect("lives").0[0] += 1.0;
                }
            })
        }),
        entry("random_access", "view", |size| {
            random_access(size, |world, ids| {
                let mut view = world.borrow_mut::<Position>();
                for &id in ids {
                    view.get_mut(id).expect("lives").0[0] += 1.0;
                }
            })
        }),
        entry("churn", "", |size| {
            let (world, ids) = moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.destroy(id);
                    });
                    round.respawn(|position, velocity| {
                        world.create((Position(position), Velocity(velocity)))
                    });
                },
                digest_two,
            )
        }),
        entry("churn", "extend", |size| {
            let (world, ids) = moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.destroy(id);
                    });
                    let rows = round.source().iter().map(|&(p, v)| (Position(p), Velocity(v)));
                    let mut fresh = world.extend(rows).iter();
                    round.respawn(|_, _| *fresh.next().expect("one for each"));
                },
                digest_two,
            )
        }),
        entry("growth", "growing", |size| {
            peer::whole_life(
                size,
                |size| {
                    let mut world = World::builder()
                        .register::<Position>()
                        .register::<Velocity>()
                        .register::<Spin>()
                        .register::<Scale>()
                        .build();
                    for n in 0..size.entities {
                        world.create(grown(n));
                    }
                    world
                },
                digest_growth,
            )
        }),
        entry("archetypes", "all", |size| {
            lasting(archetypes(size), |world| add_each(world), digest_two)
        }),
    ]
}

fn empty_four() -> World {
    World::builder()
        .register::<Transform>()
        .register::<Position>()
        .register::<Rotation>()
        .register::<Velocity>()
        .build()
}

fn extend(mut world: World, columns: &Columns) -> World {
    world.extend(columns.rows());
    world
}

/// Grouped as `iter_*` has need.
fn grouped_four(size: Size) -> World {
    let world = World::builder()
        .add_group::<(Position, Velocity)>()
        .register::<Transform>()
        .register::<Rotation>()
        .build();
    extend(world, &Columns::new(size))
}

fn add_each(world: &World) {
    world.for_each::<(&mut Position, &Velocity)>(|(position, velocity)| {
        add(&mut position.0, &velocity.0);
    });
}

fn digest_four(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.for_each::<(&Transform, &Position, &Rotation, &Velocity)>(|(t, p, r, v)| {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    });
    digest
}

fn frag() -> World {
    let mut world = World::builder().register::<Data>().build();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            world.register::<$letter>();
            world.extend(peer::letter($k).map(|n| (Data(lane(n, 0)), $letter(lane(n, 1)))));
        )*};
    }
    each_letter!(spawn);
    world
}

fn digest_frag(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.for_each::<&Data>(|data| digest.add(&[data.0]));
    digest
}

fn wide(size: Size) -> World {
    let mut world = World::builder()
        .add_group::<(C0, C1, C2, C3, C4)>()
        .register::<C5>()
        .register::<C6>()
        .register::<C7>()
        .build();
    world.extend((0..size.entities).map(wide_row));
    world
}

fn digest_wide(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.for_each::<(&C0, &C1, &C2, &C3, &C4, &C5, &C6, &C7)>(
        |(c0, c1, c2, c3, c4, c5, c6, c7)| {
            digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
        },
    );
    digest
}

/// Groups must not share components: of C with D and C with E, one is left out.
fn groups() -> World {
    let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
    let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
    let mut world =
        World::builder().add_group::<(A, B)>().add_group::<(C, D)>().register::<E>().build();
    world.extend(peer::group(0).map(|n| (a(n), b(n))));
    world.extend(peer::group(1).map(|n| (a(n), b(n), c(n))));
    world.extend(peer::group(2).map(|n| (a(n), b(n), c(n), d(n))));
    world.extend(peer::group(3).map(|n| (a(n), b(n), c(n), e(n))));
    world
}

fn schedule(world: &mut World) {
    let swap = std::mem::swap::<f32>;
    world.for_each::<(&mut A, &mut B)>(|(a, b)| swap(&mut a.0, &mut b.0));
    world.for_each::<(&mut C, &mut D)>(|(c, d)| swap(&mut c.0, &mut d.0));
    world.for_each::<(&mut C, &mut E)>(|(c, e)| swap(&mut c.0, &mut e.0));
}

fn digest_groups(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.for_each::<(&A, &B, Option<&C>, Option<&D>, Option<&E>)>(|(a, b, c, d, e)| {
        let (c, d, e) = (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
        digest.add(&[a.0, b.0, c, d, e]);
    });
    digest
}

fn add_remove(size: Size) -> Box<dyn Bench> {
    let mut world = World::builder().register::<A>().register::<B>().build();
    let ids = world.extend((0..size.entities).map(|n| (A(lane(n, 0)),))).to_vec();
    peer::add_remove(
        (world, ids),
        |(world, ids)| {
            for (n, &id) in ids.iter().enumerate() {
                world.insert(id, (B(n as f32),));
            }
        },
        |(world, ids)| {
            for &id in ids.iter() {
                world.delete::<(B,)>(id);
            }
        },
        |(world, _), each| {
            world.for_each::<(&A, Option<&B>)>(|(a, b)| each(a.0, b.map(|b| b.0)));
        },
    )
}

fn moving_world(size: Size) -> (World, Vec<Entity>) {
    let mut world = World::builder().register::<Position>().register::<Velocity>().build();
    let ids = world.extend((0..size.entities).map(moving)).to_vec();
    (world, ids)
}

fn random_access(size: Size, run: fn(&World, &[Entity])) -> Box<dyn Bench> {
    let (world, ids) = moving_world(size);
    let ids: Vec<Entity> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
    lasting((world, ids), move |(world, ids)| run(world, ids), |(world, _)| digest_two(world))
}

fn archetypes(size: Size) -> World {
    let mut world = World::builder().add_group::<(Position, Velocity)>().build();
    let ids = world.extend((0..size.entities).map(moving)).to_vec();
    macro_rules! add_tags {
        ($($tag:ident $bit:literal),*) => {$(
            world.register::<$tag>();
            for (n, &id) in ids.iter().enumerate() {
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    world.insert(id, ($tag,));
                }
            }
        )*};
    }
    each_tag!(add_tags);
    world
}

fn digest_two(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.for_each::<(&Position, &Velocity)>(|(position, velocity)| {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    });
    digest
}

fn digest_growth(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    world.for_each::<(&Position, &Velocity, &Spin, &Scale)>(|(p, v, spin, scale)| {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    });
    digest
}
