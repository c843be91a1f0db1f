//! legion: columns by archetype, each kind of component in a storage of its own.

use bytemuck::{Pod, Zeroable};
use legion::storage::PackOptions;
use legion::systems::{Executor, ParallelRunnable, SystemBuilder};
use legion::{Entity, IntoQuery, IntoSoa, Resources, Schedule, World};

use super::parts::{lane, shuffled};
use super::peer::{self, Factor, add, each_letter, each_tag, lasting};
use crate::case::{Bench, Digest, Entry, Size};

pub const NAME: &str = "legion";

peer::components! { (Clone, Copy, Pod, Zeroable) }
peer::tags! { (Clone, Copy) }

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "extend", |size| {
            peer::whole_life(Columns::new(size), extend, digest_four)
        }),
        entry("insert_batch", "soa", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let mut world = World::default();
                    // It takes the vectors.
                    let (transforms, positions) =
                        (columns.transforms.clone(), columns.positions.clone());
                    let (rotations, velocities) =
                        (columns.rotations.clone(), columns.velocities.clone());
                    world.extend((transforms, positions, rotations, velocities).into_soa());
                    world
                },
                digest_four,
            )
        }),
        entry("insert_single", "growing", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let mut world = World::default();
                    for n in 0..columns.len() {
                        world.push(columns.row(n));
                    }
                    world
                },
                digest_four,
            )
        }),
        entry("iter_items", "for_each", |size| adding(four(size), digest_four)),
        entry("iter_items", "for", |size| {
            querying(
                four(size),
                <(&mut Position, &Velocity)>::query(),
                |query, world| {
                    for (position, velocity) in query.iter_mut(world) {
                        add(&mut position.0, &velocity.0);
                    }
                },
                digest_four,
            )
        }),
        entry("iter_slices", "slices", |size| {
            querying(
                four(size),
                <(&mut Position, &Velocity)>::query(),
                |query, world| {
                    query.for_each_chunk_mut(world, |chunk| {
                        let (positions, velocities) = chunk.into_components();
                        for (position, velocity) in positions.iter_mut().zip(velocities) {
                            add(&mut position.0, &velocity.0);
                        }
                    });
                },
                digest_four,
            )
        }),
        entry("iter_slices", "lanes", |size| lanes(four(size), digest_four)),
        entry("frag", "for_each", |_| {
            let mut factor = Factor::START;
            querying(
                frag(),
                <&mut Data>::query(),
                move |query, world| {
                    let by = factor.next();
                    query.for_each_mut(world, |data| data.0 *= by);
                },
                digest_frag,
            )
        }),
        entry("wide", "for_each", |size| {
            querying(
                wide(size),
                <(&mut C0, &C1, &C2, &C3, &C4)>::query(),
                |query, world| {
                    query.for_each_mut(world, |(c0, c1, c2, c3, c4)| {
                        c0.0 = c1.0 + c2.0 * c3.0 - c4.0;
                    });
                },
                digest_wide,
            )
        }),
        entry("schedule_seq", "thread-local", |_| {
            let schedule = Schedule::builder()
                .add_thread_local(ab())
                .add_thread_local(cd())
                .add_thread_local(ce())
                .build();
            lasting(
                (groups(), schedule, Resources::default()),
                |(world, schedule, resources)| schedule.execute(world, resources),
                |(world, ..)| digest_groups(world),
            )
        }),
        entry("schedule_seq", "thread-local, slices", |_| {
            macro_rules! swap {
                ($these:ident $those:ident) => {
                    SystemBuilder::new("swap")
                        .with_query(<(&mut $these, &mut $those)>::query())
                        .build(|_, world, _, query| {
                            query.for_each_chunk_mut(world, |chunk| {
                                let (these, those) = chunk.into_components();
                                peer::swap_lanes(these, those);
                            });
                        })
                };
            }
            let schedule = Schedule::builder()
                .add_thread_local(swap!(A B))
                .add_thread_local(swap!(C D))
                .add_thread_local(swap!(C E))
                .build();
            lasting(
                (groups(), schedule, Resources::default()),
                |(world, schedule, resources)| schedule.execute(world, resources),
                |(world, ..)| digest_groups(world),
            )
        }),
        entry("schedule_par", "schedule", |_| {
            let schedule =
                Schedule::builder().add_system(ab()).add_system(cd()).add_system(ce()).build();
            lasting(
                (groups(), schedule, Resources::default()),
                |(world, schedule, resources)| {
                    schedule.execute_in_thread_pool(world, resources, peer::pool());
                },
                |(world, ..)| digest_groups(world),
            )
        }),
        entry("schedule_par", "executor", |_| {
            // What a schedule has for its systems, called from a thread of the pool.
            let executor = Executor::new(vec![Box::new(ab()), Box::new(cd()), Box::new(ce())]);
            peer::pooled(
                (groups(), executor),
                |(world, executor)| executor.execute(world, &mut Resources::default()),
                |(world, _)| digest_groups(world),
            )
        }),
        entry("heavy_par", "par_for_each", |size| {
            let query = <(&mut Transform, &mut Position)>::query();
            peer::pooled(
                (four(size), query),
                |(world, query)| {
                    query.par_for_each_mut(world, |(transform, position)| {
                        peer::heavy(&mut transform.0, &mut position.0);
                    });
                },
                |(world, _)| digest_four(world),
            )
        }),
        entry("add_remove", "table", add_remove),
        entry("random_access", "get_mut", |size| {
            let (world, ids) = moving_world(size);
            let ids: Vec<Entity> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
            querying(
                world,
                <&mut Position>::query(),
                move |query, world| {
                    for &id in &ids {
                        query.get_mut(world, id).expect("lives").0[0] += 1.0;
                    }
                },
                digest_two,
            )
        }),
        entry("random_access", "entry", |size| {
            let (world, ids) = moving_world(size);
            let ids: Vec<Entity> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
            lasting(
                (world, ids),
                |(world, ids)| {
                    for &id in ids.iter() {
                        let mut entry = world.entry(id).expect("lives");
                        entry.get_component_mut::<Position>().expect("has it").0[0] += 1.0;
                    }
                },
                |(world, _)| digest_two(world),
            )
        }),
        entry("churn", "", |size| {
            let (world, ids) = moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.remove(id);
                    });
                    round.respawn(|position, velocity| {
                        world.push((Position(position), Velocity(velocity)))
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
                        world.remove(id);
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
                    let mut world = World::default();
                    for n in 0..size.entities {
                        world.push(grown(n));
                    }
                    world
                },
                digest_growth,
            )
        }),
        entry("archetypes", "lanes", |size| lanes(archetypes(size), digest_two)),
        entry("archetypes", "all", |size| adding(archetypes(size), digest_two)),
    ]
}

/// A bench of a world and one query, kept from run to run.
fn querying<Q: 'static>(
    world: World,
    query: Q,
    mut run: impl FnMut(&mut Q, &mut World) + 'static,
    digest: fn(&mut World) -> Digest,
) -> Box<dyn Bench> {
    lasting(
        (world, query),
        move |(world, query)| run(query, world),
        move |(world, _)| digest(world),
    )
}

fn adding(world: World, digest: fn(&mut World) -> Digest) -> Box<dyn Bench> {
    querying(
        world,
        <(&mut Position, &Velocity)>::query(),
        |query, world| {
            query.for_each_mut(world, |(position, velocity)| add(&mut position.0, &velocity.0));
        },
        digest,
    )
}

fn lanes(world: World, digest: fn(&mut World) -> Digest) -> Box<dyn Bench> {
    querying(
        world,
        <(&mut Position, &Velocity)>::query(),
        |query, world| {
            query.for_each_chunk_mut(world, |chunk| {
                let (positions, velocities) = chunk.into_components();
                peer::add_lanes(positions, velocities);
            });
        },
        digest,
    )
}

fn extend(columns: &Columns) -> World {
    let mut world = World::default();
    world.extend(columns.rows());
    world
}

fn four(size: Size) -> World {
    extend(&Columns::new(size))
}

fn digest_four(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (t, p, r, v) in <(&Transform, &Position, &Rotation, &Velocity)>::query().iter(world) {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    }
    digest
}

fn frag() -> World {
    let mut world = World::default();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            world.extend(peer::letter($k).map(|n| (Data(lane(n, 0)), $letter(lane(n, 1)))));
        )*};
    }
    each_letter!(spawn);
    world.pack(PackOptions::force());
    world
}

fn digest_frag(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for data in <&Data>::query().iter(world) {
        digest.add(&[data.0]);
    }
    digest
}

fn wide(size: Size) -> World {
    let mut world = World::default();
    world.extend((0..size.entities).map(wide_row));
    world
}

fn digest_wide(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    let mut query = <(&C0, &C1, &C2, &C3, &C4, &C5, &C6, &C7)>::query();
    for (c0, c1, c2, c3, c4, c5, c6, c7) in query.iter(world) {
        digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
    }
    digest
}

fn groups() -> World {
    let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
    let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
    let mut world = World::default();
    world.extend(peer::group(0).map(|n| (a(n), b(n))));
    world.extend(peer::group(1).map(|n| (a(n), b(n), c(n))));
    world.extend(peer::group(2).map(|n| (a(n), b(n), c(n), d(n))));
    world.extend(peer::group(3).map(|n| (a(n), b(n), c(n), e(n))));
    world
}

fn ab() -> impl ParallelRunnable {
    SystemBuilder::new("ab").with_query(<(&mut A, &mut B)>::query()).build(|_, world, _, query| {
        query.for_each_mut(world, |(a, b)| std::mem::swap(&mut a.0, &mut b.0));
    })
}

fn cd() -> impl ParallelRunnable {
    SystemBuilder::new("cd").with_query(<(&mut C, &mut D)>::query()).build(|_, world, _, query| {
        query.for_each_mut(world, |(c, d)| std::mem::swap(&mut c.0, &mut d.0));
    })
}

fn ce() -> impl ParallelRunnable {
    SystemBuilder::new("ce").with_query(<(&mut C, &mut E)>::query()).build(|_, world, _, query| {
        query.for_each_mut(world, |(c, e)| std::mem::swap(&mut c.0, &mut e.0));
    })
}

fn digest_groups(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    let mut query = <(&A, &B, Option<&C>, Option<&D>, Option<&E>)>::query();
    for (a, b, c, d, e) in query.iter(world) {
        let (c, d, e) = (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
        digest.add(&[a.0, b.0, c, d, e]);
    }
    digest
}

fn add_remove(size: Size) -> Box<dyn Bench> {
    let mut world = World::default();
    let ids = world.extend((0..size.entities).map(|n| (A(lane(n, 0)),))).to_vec();
    peer::add_remove(
        (world, ids),
        |(world, ids)| {
            for (n, &id) in ids.iter().enumerate() {
                world.entry(id).expect("lives").add_component(B(n as f32));
            }
        },
        |(world, ids)| {
            for &id in ids.iter() {
                world.entry(id).expect("lives").remove_component::<B>();
            }
        },
        |(world, _), each| {
            for (a, b) in <(&A, Option<&B>)>::query().iter(world) {
                each(a.0, b.map(|b| b.0));
            }
        },
    )
}

fn moving_world(size: Size) -> (World, Vec<Entity>) {
    let mut world = World::default();
    let ids = world.extend((0..size.entities).map(moving)).to_vec();
    (world, ids)
}

fn archetypes(size: Size) -> World {
    let (mut world, ids) = moving_world(size);
    for (n, id) in ids.into_iter().enumerate() {
        let mut entry = world.entry(id).expect("lives");
        // From the lowest bit up, so that no set is passed through that is not
        // among the archetypes itself.
        macro_rules! add_tags {
            ($($tag:ident $bit:literal),*) => {$(
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    entry.add_component($tag);
                }
            )*};
        }
        each_tag!(add_tags);
    }
    world.pack(PackOptions::force());
    world
}

fn digest_two(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (position, velocity) in <(&Position, &Velocity)>::query().iter(world) {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    }
    digest
}

fn digest_growth(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (p, v, spin, scale) in <(&Position, &Velocity, &Spin, &Scale)>::query().iter(world) {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    }
    digest
}
