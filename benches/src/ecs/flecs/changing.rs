//! Worlds' whole lives, components that come and go, and access by id.

use std::slice::from_ref;

use flecs_ecs::prelude::*;

use super::{A, B, Columns, Position, Scale, Spin, Velocity, grown};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::parts::{lane, shuffled};
use crate::ecs::peer::{self, lasting};

/// Makes one entity, knowing its table from the second time on. It is a macro
/// because the builder's type has no name outside of its crate.
macro_rules! build {
    ($world:expr, $table:ident, $($component:expr),+) => {{
        let mut only = $world.entity_bulk(1);
        let only = only$(.set(from_ref(&$component)))+;
        match &mut $table {
            Some(table) => only.build_to_table(table)[0],
            None => {
                let id = only.build()[0];
                $table = $world.entity_from_id(id).table();
                id
            }
        }
    }};
}

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "entity_bulk", |size| {
            peer::whole_life(Columns::new(size), super::bulk, |world| super::digest_four(world))
        }),
        entry("insert_single", "growing", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let world = World::new();
                    for n in 0..columns.len() {
                        let (transform, position, rotation, velocity) = columns.row(n);
                        world.entity().set(transform).set(position).set(rotation).set(velocity);
                    }
                    world
                },
                |world| super::digest_four(world),
            )
        }),
        entry("insert_single", "growing, build_to_table", |size| {
            peer::whole_life(Columns::new(size), to_table, |world| super::digest_four(world))
        }),
        entry("growth", "growing", |size| {
            peer::whole_life(
                size,
                |size| {
                    let world = World::new();
                    let mut table = None;
                    for n in 0..size.entities {
                        let (position, velocity, spin, scale) = grown(n);
                        build!(world, table, position, velocity, spin, scale);
                    }
                    world
                },
                |world| digest_growth(world),
            )
        }),
        entry("add_remove", "table", |size| add_remove(size, World::new())),
        entry("add_remove", "sparse", |size| {
            let world = World::new();
            world.component::<B>().add_trait::<flecs::Sparse>().add_trait::<flecs::DontFragment>();
            add_remove(size, world)
        }),
        entry("random_access", "get_mut", |size| {
            random_access(size, |world, ids| {
                for &id in ids {
                    world.entity_from_id(id).get::<&mut Position>(|position| position.0[0] += 1.0);
                }
            })
        }),
        entry("random_access", "get_untyped_mut", |size| {
            random_access(size, |world, ids| {
                let kind = world.component_id::<Position>();
                for &id in ids {
                    let position: *mut Position =
                        world.entity_from_id(id).get_untyped_mut(kind).cast();
                    // SAFETY: the entity lives and has the component of this kind.
                    unsafe { (*position).0[0] += 1.0 };
                }
            })
        }),
        entry("random_access", "cached_ref", |size| {
            let (world, ids) = super::moving_world(size);
            // For the references to borrow it as long as they live.
            let world: &'static World = Box::leak(Box::new(world));
            let reference = |n: usize| world.entity_from_id(ids[n]).cached_ref(Position::id());
            let references: Vec<_> = shuffled(size.entities).into_iter().map(reference).collect();
            lasting(
                references,
                |references| {
                    for reference in references {
                        reference.get(|position| position.0[0] += 1.0);
                    }
                },
                |_| super::digest_two(world),
            )
        }),
        entry("churn", "", |size| {
            let (world, ids) = super::moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| world.entity_from_id(id).destruct());
                    let mut table = None;
                    round.respawn(|position, velocity| {
                        let (position, velocity) = (Position(position), Velocity(velocity));
                        build!(world, table, position, velocity)
                    });
                },
                |world| super::digest_two(world),
            )
        }),
    ]
}

/// One by one, into the table that the first of them goes to.
fn to_table(columns: &Columns) -> World {
    let world = World::new();
    let mut table = None;
    for n in 0..columns.len() {
        let (transform, position, rotation, velocity) = columns.row(n);
        build!(world, table, transform, position, rotation, velocity);
    }
    world
}

fn add_remove(size: Size, world: World) -> Box<dyn Bench> {
    let ids: Vec<Entity> = (0..size.entities).map(|n| *world.entity().set(A(lane(n, 0)))).collect();
    peer::add_remove(
        (world, ids),
        |(world, ids)| {
            for (n, &id) in ids.iter().enumerate() {
                world.entity_from_id(id).set(B(n as f32));
            }
        },
        |(world, ids)| {
            for &id in ids.iter() {
                world.entity_from_id(id).remove(B::id());
            }
        },
        |(world, ids), each| {
            for &id in ids.iter() {
                let entity = world.entity_from_id(id);
                let b = entity.has(B::id()).then(|| entity.cloned::<&B>().0);
                each(entity.cloned::<&A>().0, b);
            }
        },
    )
}

fn random_access(size: Size, run: fn(&World, &[Entity])) -> Box<dyn Bench> {
    let (world, ids) = super::moving_world(size);
    let ids: Vec<Entity> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
    lasting(
        (world, ids),
        move |(world, ids)| run(world, ids),
        |(world, _)| super::digest_two(world),
    )
}

fn digest_growth(world: &World) -> Digest {
    let mut digest = Digest::default();
    let query = world.new_query::<(&Position, &Velocity, &Spin, &Scale)>();
    query.each(|(p, v, spin, scale)| {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    });
    digest
}
