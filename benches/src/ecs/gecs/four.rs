//! The cases of a transform, a position, a rotation and a velocity.

use gecs::prelude::*;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::{Columns, Position, Rotation, Transform, Velocity};
use crate::case::{Digest, Entry, Size};
use crate::ecs::peer::{self, add, lasting};

ecs_world! {
    ecs_name!(Four);
    ecs_archetype!(Item, dyn, Transform, Position, Rotation, Velocity);
}

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_single", "growing", |size| {
            peer::whole_life(Columns::new(size), |columns| insert(Four::default(), columns), digest)
        }),
        entry("insert_single", "reserved", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| insert(Four::with_capacity(columns.len()), columns),
                digest,
            )
        }),
        entry("iter_items", "ecs_iter", |size| {
            lasting(
                four(size),
                |world| {
                    ecs_iter!(world, |position: &mut Position, velocity: &Velocity| {
                        add(&mut position.0, &velocity.0);
                    });
                },
                digest,
            )
        }),
        entry("iter_slices", "slices", |size| {
            lasting(
                four(size),
                |world| {
                    let all = world.item.get_all_slices_mut();
                    for (position, velocity) in all.position.iter_mut().zip(&*all.velocity) {
                        add(&mut position.0, &velocity.0);
                    }
                },
                digest,
            )
        }),
        entry("iter_slices", "lanes", |size| {
            lasting(
                four(size),
                |world| {
                    let all = world.item.get_all_slices_mut();
                    peer::add_lanes(all.position, all.velocity);
                },
                digest,
            )
        }),
        entry("heavy_par", "slices by rayon", |size| {
            lasting(
                four(size),
                |world| {
                    let all = world.item.get_all_slices_mut();
                    let (transforms, positions) = (all.transform, all.position);
                    peer::install(|| {
                        transforms
                            .par_iter_mut()
                            .zip(positions.par_iter_mut())
                            .with_min_len(64)
                            .for_each(|(transform, position)| {
                                peer::heavy(&mut transform.0, &mut position.0);
                            });
                    });
                },
                digest,
            )
        }),
    ]
}

fn insert(mut world: Four, columns: &Columns) -> Four {
    for n in 0..columns.len() {
        world.item.create(columns.row(n));
    }
    world
}

fn four(size: Size) -> Four {
    insert(Four::with_capacity(size.entities), &Columns::new(size))
}

fn digest(world: &mut Four) -> Digest {
    let mut digest = Digest::default();
    ecs_iter!(world, |t: &Transform, p: &Position, r: &Rotation, v: &Velocity| {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    });
    digest
}
