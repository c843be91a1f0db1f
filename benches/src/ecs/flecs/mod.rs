//! flecs: columns by archetype in C, with a pipeline of systems.

use bytemuck::{Pod, Zeroable};
use flecs_ecs::prelude::*;

use super::parts::lane;
use super::peer::{self, Factor, add, each_letter, each_tag, lasting};
use crate::case::{Bench, Digest, Entry, Size};

mod changing;

pub const NAME: &str = "flecs_ecs";

peer::components! { (Clone, Copy, Pod, Zeroable, Component) }
peer::tags! { (Clone, Copy, Component) }

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    let mut entries = vec![
        entry("iter_items", "each", |size| adding(four(size), digest_four)),
        entry("iter_slices", "slices", |size| {
            let world = four(size);
            let query = world.query::<(&mut Position, &Velocity)>().set_cached().build();
            lasting(
                (query, world),
                |(query, _)| {
                    query.run(|mut it| {
                        while it.next() {
                            let mut positions = it.field_mut::<Position>(0);
                            let velocities = it.field::<Velocity>(1);
                            let both = positions.as_mut_slice().iter_mut();
                            for (position, velocity) in both.zip(velocities.as_slice()) {
                                add(&mut position.0, &velocity.0);
                            }
                        }
                    });
                },
                |(_, world)| digest_four(world),
            )
        }),
        entry("iter_slices", "lanes", |size| lanes(four(size), digest_four)),
        entry("frag", "each", |_| {
            let world = frag();
            let query = world.query::<&mut Data>().set_cached().build();
            lasting(
                (query, world, Factor::START),
                |(query, _, factor)| {
                    let by = factor.next();
                    query.each(|data| data.0 *= by);
                },
                |(_, world, _)| digest_frag(world),
            )
        }),
        entry("frag", "slices", |_| {
            let world = frag();
            let query = world.query::<&mut Data>().set_cached().build();
            lasting(
                (query, world, Factor::START),
                |(query, _, factor)| {
                    let by = factor.next();
                    query.run(|mut it| {
                        while it.next() {
                            let mut data = it.field_mut::<Data>(0);
                            data.as_mut_slice().iter_mut().for_each(|data| data.0 *= by);
                        }
                    });
                },
                |(_, world, _)| digest_frag(world),
            )
        }),
        entry("wide", "each", |size| {
            let world = wide(size);
            let query = world.query::<(&mut C0, &C1, &C2, &C3, &C4)>().set_cached().build();
            lasting(
                (query, world),
                |(query, _)| query.each(|(c0, c1, c2, c3, c4)| c0.0 = c1.0 + c2.0 * c3.0 - c4.0),
                |(_, world)| digest_wide(world),
            )
        }),
        entry("schedule_seq", "progress", |_| {
            let world = groups();
            world.system::<(&mut A, &mut B)>().each(|(a, b)| std::mem::swap(&mut a.0, &mut b.0));
            world.system::<(&mut C, &mut D)>().each(|(c, d)| std::mem::swap(&mut c.0, &mut d.0));
            world.system::<(&mut C, &mut E)>().each(|(c, e)| std::mem::swap(&mut c.0, &mut e.0));
            lasting(world, progress, |world| digest_groups(world))
        }),
        entry("schedule_seq", "slices", |_| {
            let world = groups();
            macro_rules! swap {
                ($($these:ident $those:ident),*) => {$(
                    world.system::<(&mut $these, &mut $those)>().run(|mut it| {
                        while it.next() {
                            let mut these = it.field_mut::<$these>(0);
                            let mut those = it.field_mut::<$those>(1);
                            peer::swap_lanes(these.as_mut_slice(), those.as_mut_slice());
                        }
                    });
                )*};
            }
            swap!(A B, C D, C E);
            lasting(world, progress, |world| digest_groups(world))
        }),
        entry("schedule_par", "progress", |_| {
            let world = groups();
            let swap = std::mem::swap::<f32>;
            world.system::<(&mut A, &mut B)>().par_each(move |(a, b)| swap(&mut a.0, &mut b.0));
            world.system::<(&mut C, &mut D)>().par_each(move |(c, d)| swap(&mut c.0, &mut d.0));
            world.system::<(&mut C, &mut E)>().par_each(move |(c, e)| swap(&mut c.0, &mut e.0));
            world.set_threads(peer::THREADS as i32);
            lasting(world, progress, |world| digest_groups(world))
        }),
        entry("heavy_par", "par_each", |size| {
            let world = four(size);
            world.system::<(&mut Transform, &mut Position)>().par_each(|(transform, position)| {
                peer::heavy(&mut transform.0, &mut position.0);
            });
            world.set_threads(peer::THREADS as i32);
            lasting(world, progress, |world| digest_four(world))
        }),
        entry("archetypes", "lanes", |size| lanes(archetypes(size), digest_two)),
        entry("archetypes", "all", |size| adding(archetypes(size), digest_two)),
    ];
    entries.extend(changing::entries());
    entries
}

/// One run of the pipeline, of a frame of a given length: it asks no clock.
fn progress(world: &mut World) {
    world.progress_time(1.0);
}

fn bulk(columns: &Columns) -> World {
    let world = World::new();
    world
        .entity_bulk(columns.len() as u32)
        .set(&columns.transforms)
        .set(&columns.positions)
        .set(&columns.rotations)
        .set(&columns.velocities)
        .build();
    world
}

fn four(size: Size) -> World {
    bulk(&Columns::new(size))
}

fn adding(world: World, digest: fn(&World) -> Digest) -> Box<dyn Bench> {
    let query = world.query::<(&mut Position, &Velocity)>().set_cached().build();
    lasting(
        (query, world),
        |(query, _)| query.each(|(position, velocity)| add(&mut position.0, &velocity.0)),
        move |(_, world)| digest(world),
    )
}

fn lanes(world: World, digest: fn(&World) -> Digest) -> Box<dyn Bench> {
    let query = world.query::<(&mut Position, &Velocity)>().set_cached().build();
    lasting(
        (query, world),
        |(query, _)| {
            query.run(|mut it| {
                while it.next() {
                    let mut positions = it.field_mut::<Position>(0);
                    let velocities = it.field::<Velocity>(1);
                    peer::add_lanes(positions.as_mut_slice(), velocities.as_slice());
                }
            });
        },
        move |(_, world)| digest(world),
    )
}

fn digest_four(world: &World) -> Digest {
    let mut digest = Digest::default();
    let query = world.new_query::<(&Transform, &Position, &Rotation, &Velocity)>();
    query.each(|(t, p, r, v)| peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0));
    digest
}

fn frag() -> World {
    let world = World::new();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            for n in peer::letter($k) {
                world.entity().set(Data(lane(n, 0))).set($letter(lane(n, 1)));
            }
        )*};
    }
    each_letter!(spawn);
    world
}

fn digest_frag(world: &World) -> Digest {
    let mut digest = Digest::default();
    world.new_query::<&Data>().each(|data| digest.add(&[data.0]));
    digest
}

fn wide(size: Size) -> World {
    let world = World::new();
    for n in 0..size.entities {
        let (c0, c1, c2, c3, c4, c5, c6, c7) = wide_row(n);
        world.entity().set(c0).set(c1).set(c2).set(c3).set(c4).set(c5).set(c6).set(c7);
    }
    world
}

fn digest_wide(world: &World) -> Digest {
    let mut digest = Digest::default();
    let query = world.new_query::<(&C0, &C1, &C2, &C3, &C4, &C5, &C6, &C7)>();
    query.each(|(c0, c1, c2, c3, c4, c5, c6, c7)| {
        digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
    });
    digest
}

fn groups() -> World {
    let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
    let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
    let world = World::new();
    for n in peer::group(0) {
        world.entity().set(a(n)).set(b(n));
    }
    for n in peer::group(1) {
        world.entity().set(a(n)).set(b(n)).set(c(n));
    }
    for n in peer::group(2) {
        world.entity().set(a(n)).set(b(n)).set(c(n)).set(d(n));
    }
    for n in peer::group(3) {
        world.entity().set(a(n)).set(b(n)).set(c(n)).set(e(n));
    }
    world
}

fn digest_groups(world: &World) -> Digest {
    let mut digest = Digest::default();
    let query = world.new_query::<(&A, &B, Option<&C>, Option<&D>, Option<&E>)>();
    query.each(|(a, b, c, d, e)| {
        let (c, d, e) = (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
        digest.add(&[a.0, b.0, c, d, e]);
    });
    digest
}

fn moving_world(size: Size) -> (World, Vec<Entity>) {
    let (positions, velocities): (Vec<_>, Vec<_>) = (0..size.entities).map(moving).unzip();
    let world = World::new();
    let ids = world.entity_bulk(size.entities as u32).set(&positions).set(&velocities).build();
    (world, ids)
}

fn archetypes(size: Size) -> World {
    let (world, ids) = moving_world(size);
    for (n, id) in ids.into_iter().enumerate() {
        let entity = world.entity_from_id(id);
        // From the lowest bit up, so that no set is passed through that is not
        // among the archetypes itself.
        macro_rules! add_tags {
            ($($tag:ident $bit:literal),*) => {$(
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    entity.add($tag::id());
                }
            )*};
        }
        each_tag!(add_tags);
    }
    world
}

fn digest_two(world: &World) -> Digest {
    let mut digest = Digest::default();
    world.new_query::<(&Position, &Velocity)>().each(|(position, velocity)| {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    });
    digest
}
