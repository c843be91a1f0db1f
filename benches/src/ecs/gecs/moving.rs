//! The cases of a position and a velocity: access by id, churn and growth.

use crate::case::Entry;

pub fn entries() -> Vec<Entry> {
    let mut entries = by_id::entries();
    entries.extend(growth::entries());
    entries
}

mod by_id {
    use gecs::prelude::*;

    use crate::case::{Bench, Digest, Entry, Size};
    use crate::ecs::gecs::{Position, Velocity, moving};
    use crate::ecs::parts::shuffled;
    use crate::ecs::peer::{self, lasting};

    ecs_world! {
        ecs_name!(Moving);
        ecs_archetype!(Item, dyn, Position, Velocity);
    }

    pub fn entries() -> Vec<Entry> {
        let entry = |case, variant, make| Entry { case, variant, make };
        vec![
            entry("random_access", "ecs_find", |size| {
                random_access(size, |world, ids| {
                    for &id in ids {
                        let found = ecs_find!(world, id, |position: &mut Position| {
                            position.0[0] += 1.0;
                        });
                        found.expect("lives");
                    }
                })
            }),
            entry("random_access", "view", |size| {
                random_access(size, |world, ids| {
                    for &id in ids {
                        world.item.view(id).expect("lives").position.0[0] += 1.0;
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
                            world.item.destroy(id).expect("lives");
                        });
                        round.respawn(|position, velocity| {
                            world.item.create((Position(position), Velocity(velocity)))
                        });
                    },
                    digest,
                )
            }),
        ]
    }

    fn moving_world(size: Size) -> (Moving, Vec<Entity<Item>>) {
        let mut world = Moving::with_capacity(size.entities);
        let ids = (0..size.entities).map(|n| world.item.create(moving(n))).collect();
        (world, ids)
    }

    fn random_access(size: Size, run: fn(&mut Moving, &[Entity<Item>])) -> Box<dyn Bench> {
        let (world, ids) = moving_world(size);
        let ids: Vec<_> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
        lasting((world, ids), move |(world, ids)| run(world, ids), |(world, _)| digest(world))
    }

    fn digest(world: &mut Moving) -> Digest {
        let mut digest = Digest::default();
        ecs_iter!(world, |position: &Position, velocity: &Velocity| {
            peer::digest_two(&mut digest, &position.0, &velocity.0);
        });
        digest
    }
}

mod growth {
    use gecs::prelude::*;

    use crate::case::{Digest, Entry};
    use crate::ecs::gecs::{Position, Scale, Spin, Velocity, grown};
    use crate::ecs::peer;

    ecs_world! {
        ecs_name!(Grown);
        ecs_archetype!(Item, dyn, Position, Velocity, Spin, Scale);
    }

    pub fn entries() -> Vec<Entry> {
        vec![Entry {
            case: "growth",
            variant: "growing",
            make: |size| {
                peer::whole_life(
                    size,
                    |size| {
                        let mut world = Grown::default();
                        for n in 0..size.entities {
                            world.item.create(grown(n));
                        }
                        world
                    },
                    digest,
                )
            },
        }]
    }

    fn digest(world: &mut Grown) -> Digest {
        let mut digest = Digest::default();
        ecs_iter!(world, |p: &Position, v: &Velocity, spin: &Spin, scale: &Scale| {
            peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
        });
        digest
    }
}
