//! Worlds' whole lives, components that come and go, and access by id.

use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::entity::Entity;
use bevy_ecs::world::World;

use super::{A, B, Columns, Position, Scale, Spin, Velocity, grown};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::parts::{lane, shuffled};
use crate::ecs::peer::{self, lasting};

/// As [`B`], stored in a sparse set.
#[derive(Clone, Copy, Component)]
#[component(storage = "SparseSet")]
struct Sparse(f32);

/// The component that `add_remove` adds.
trait Added: Component<Mutability = Mutable> {
    fn new(value: f32) -> Self;
    fn value(&self) -> f32;
}

impl Added for B {
    fn new(value: f32) -> Self {
        Self(value)
    }

    fn value(&self) -> f32 {
        self.0
    }
}

impl Added for Sparse {
    fn new(value: f32) -> Self {
        Self(value)
    }

    fn value(&self) -> f32 {
        self.0
    }
}

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "spawn_batch", |size| {
            peer::whole_life(Columns::new(size), super::spawn_batch, super::digest_four)
        }),
        entry("insert_single", "growing", |size| {
            peer::whole_life(
                Columns::new(size),
                |columns| {
                    let mut world = World::new();
                    for n in 0..columns.len() {
                        world.spawn(columns.row(n));
                    }
                    world
                },
                super::digest_four,
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
        entry("add_remove", "table", |size| add_remove::<B>(size, one_by_one::<B>)),
        entry("add_remove", "sparse", |size| add_remove::<Sparse>(size, one_by_one::<Sparse>)),
        entry("add_remove", "insert_batch, table", |size| add_remove::<B>(size, in_bulk::<B>)),
        entry("random_access", "get_mut", |size| {
            random_access(size, |world, ids| {
                for &id in ids {
                    world.get_mut::<Position>(id).expect("lives").0[0] += 1.0;
                }
            })
        }),
        entry("random_access", "view", |size| {
            let (mut world, ids) = shuffled_ids(size);
            let query = world.query::<&mut Position>();
            lasting(
                (world, query, ids),
                |(world, query, ids)| {
                    let mut query = query.query_mut(world);
                    for &id in ids.iter() {
                        query.get_mut(id).expect("lives").0[0] += 1.0;
                    }
                },
                |(world, ..)| super::digest_two(world),
            )
        }),
        entry("churn", "", |size| {
            let (world, ids) = super::moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.despawn(id);
                    });
                    round.respawn(|position, velocity| {
                        world.spawn((Position(position), Velocity(velocity))).id()
                    });
                    world.clear_trackers();
                },
                super::digest_two,
            )
        }),
        entry("churn", "spawn_batch", |size| {
            let (world, ids) = super::moving_world(size);
            peer::churn(
                world,
                ids,
                |world, round| {
                    round.despawn(|id| {
                        world.despawn(id);
                    });
                    let rows = round.source().iter().map(|&(p, v)| (Position(p), Velocity(v)));
                    let mut fresh = world.spawn_batch(rows);
                    round.respawn(|_, _| fresh.next().expect("one for each"));
                    drop(fresh);
                    world.clear_trackers();
                },
                super::digest_two,
            )
        }),
    ]
}

fn add_remove<B: Added>(size: Size, add: fn(&mut World, &[Entity])) -> Box<dyn Bench> {
    let mut world = World::new();
    let ids: Vec<Entity> = world.spawn_batch((0..size.entities).map(|n| A(lane(n, 0)))).collect();
    peer::add_remove(
        (world, ids),
        move |(world, ids)| add(world, ids),
        |(world, ids)| {
            for &id in ids.iter() {
                world.entity_mut(id).remove::<B>();
            }
            // As an app does after each frame: else the list of what was removed
            // grows for ever.
            world.clear_trackers();
        },
        |(world, _), each| {
            for (a, b) in world.query::<(&A, Option<&B>)>().iter(world) {
                each(a.0, b.map(B::value));
            }
        },
    )
}

fn one_by_one<B: Added>(world: &mut World, ids: &[Entity]) {
    for (n, &id) in ids.iter().enumerate() {
        world.entity_mut(id).insert(B::new(n as f32));
    }
}

fn in_bulk<B: Added>(world: &mut World, ids: &[Entity]) {
    world.insert_batch(ids.iter().enumerate().map(|(n, &id)| (id, B::new(n as f32))));
}

fn shuffled_ids(size: Size) -> (World, Vec<Entity>) {
    let (world, ids) = super::moving_world(size);
    (world, shuffled(size.entities).into_iter().map(|n| ids[n]).collect())
}

fn random_access(size: Size, run: fn(&mut World, &[Entity])) -> Box<dyn Bench> {
    lasting(
        shuffled_ids(size),
        move |(world, ids)| run(world, ids),
        |(world, _)| super::digest_two(world),
    )
}

fn digest_growth(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    let mut query = world.query::<(&Position, &Velocity, &Spin, &Scale)>();
    for (p, v, spin, scale) in query.iter(world) {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    }
    digest
}
