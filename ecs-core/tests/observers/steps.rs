//! By random steps: what observers hear is what is there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::query::With;
use ecs_core::world::World;
use proptest::prelude::*;

use super::common::{property, scaled};
use super::{A, B, Base, Plain};

/// What to do to a world whose entities are counted by a number.
#[derive(Clone, Debug)]
enum Step {
    Spawn(u8),
    Batch(u8),
    Insert(usize, u8),
    Remove(usize, u8),
    Despawn(usize),
    InsertWhere(u8),
    RemoveWhere(u8),
    DespawnWhere,
    Clear,
    Depart(usize),
    Return,
    Write(usize, u8),
    Apply,
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..64_usize;
    prop_oneof![
        8 => (0..8_u8).prop_map(Step::Spawn),
        2 => (0..8_u8).prop_map(Step::Batch),
        8 => (any.clone(), 0..8_u8).prop_map(|(e, what)| Step::Insert(e, what)),
        8 => (any.clone(), 0..8_u8).prop_map(|(e, what)| Step::Remove(e, what)),
        4 => any.clone().prop_map(Step::Despawn),
        2 => (0..8_u8).prop_map(Step::InsertWhere),
        2 => (0..8_u8).prop_map(Step::RemoveWhere),
        1 => Just(Step::DespawnWhere),
        1 => Just(Step::Clear),
        4 => any.clone().prop_map(Step::Depart),
        4 => Just(Step::Return),
        8 => (any, 0..24_u8).prop_map(|(e, what)| Step::Write(e, what)),
        4 => Just(Step::Apply),
    ]
}

/// Who has an `A`, and a `B`, as observers heard.
type Known = Arc<Mutex<[BTreeSet<Entity>; 2]>>;

/// Calls `$call!` with the bundle of a number.
macro_rules! bundle {
    ($what:expr, $call:ident) => {
        match $what % 8 {
            0 => $call!(Plain(0)),
            1 => $call!(A(1)),
            2 => $call!(B(2)),
            3 => $call!((A(1), B(2))),
            4 => $call!((Plain(3), A(1))),
            5 => $call!((Plain(3), B(1))),
            6 => $call!((Plain(3), A(1), B(1))),
            _ => $call!((B(1), A(1))),
        }
    };
}

fn run(steps: Vec<Step>) {
    let mut world = World::<Base>::new();
    let known = Known::default();
    macro_rules! know {
        ($component:ident $index:literal) => {
            let here = known.clone();
            world.on_add::<$component>(move |world, entity| {
                assert!(world.has::<$component>(entity));
                assert!(here.lock().unwrap()[$index].insert(entity), "added twice");
            });
            let here = known.clone();
            world.on_insert::<$component>(move |_, entity| {
                assert!(here.lock().unwrap()[$index].contains(&entity));
            });
            let here = known.clone();
            world.on_remove::<$component>(move |world, entity| {
                assert!(world.has::<$component>(entity));
                assert!(here.lock().unwrap()[$index].remove(&entity), "removed twice");
            });
            let here = known.clone();
            world.on_despawn::<$component>(move |_, entity| {
                assert!(here.lock().unwrap()[$index].contains(&entity));
            });
        };
    }
    know!(A 0);
    know!(B 1);
    let mut away = Vec::new();
    let mut commands = Commands::<Base>::with_capacity(100);
    for step in steps {
        let all: Vec<Entity> = world.entities().collect();
        let pick = |n: usize| all.get(n % all.len().max(1)).copied();
        match step {
            Step::Spawn(what) => {
                macro_rules! spawn {
                    ($bundle:expr) => {
                        drop(world.spawn($bundle))
                    };
                }
                bundle!(what, spawn);
            }
            Step::Batch(what) => {
                macro_rules! batch {
                    ($bundle:expr) => {
                        drop(world.spawn_batch([$bundle, $bundle]).map(<[_]>::len))
                    };
                }
                bundle!(what, batch);
            }
            Step::Insert(n, what) => {
                let Some(entity) = pick(n) else { continue };
                macro_rules! insert {
                    ($bundle:expr) => {
                        world.insert(entity, $bundle).unwrap()
                    };
                }
                bundle!(what, insert);
            }
            Step::Remove(n, what) => {
                let Some(entity) = pick(n) else { continue };
                macro_rules! remove {
                    ($bundle:expr) => {{
                        fn of<X: ecs_core::bundle::Bundle<Base>>(
                            world: &mut World<Base>,
                            entity: Entity,
                            _: X,
                        ) {
                            let _ = world.remove::<X>(entity);
                        }
                        of(&mut world, entity, $bundle);
                    }};
                }
                bundle!(what, remove);
            }
            Step::Despawn(n) => drop(pick(n).map(|entity| world.despawn(entity))),
            Step::InsertWhere(what) => {
                macro_rules! insert {
                    ($bundle:expr) => {
                        drop(world.insert_where::<With<Plain>, _>(|_| $bundle))
                    };
                }
                bundle!(what, insert);
            }
            Step::RemoveWhere(what) => drop(match what {
                0..2 => world.remove_where::<With<Plain>, A>(),
                2..4 => world.remove_where::<With<A>, B>(),
                4..6 => world.remove_where::<With<B>, (A, B)>(),
                _ => world.remove_where::<(), Plain>(),
            }),
            Step::DespawnWhere => drop(world.despawn_where::<(With<A>, With<Plain>)>()),
            Step::Clear => world.clear(),
            Step::Depart(n) => {
                let Some(entity) = pick(n) else { continue };
                // Whoever leaves takes with it what was heard.
                let mut known = known.lock().unwrap();
                let had = [known[0].remove(&entity), known[1].remove(&entity)];
                away.push((world.take(entity).unwrap(), had));
            }
            Step::Return => {
                let Some((transfer, had)) = away.pop() else { continue };
                match world.insert_transfer(transfer) {
                    Ok(entity) => {
                        for (known, had) in known.lock().unwrap().iter_mut().zip(had) {
                            if had {
                                known.insert(entity);
                            }
                        }
                    }
                    Err(refused) => away.push((refused.into_inner(), had)),
                }
            }
            Step::Write(n, what) => {
                let Some(entity) = pick(n) else { continue };
                macro_rules! insert {
                    ($bundle:expr) => {
                        drop(commands.insert(entity, $bundle))
                    };
                }
                match what {
                    0..12 => bundle!(what, insert),
                    12..15 => drop(commands.remove::<A>(entity)),
                    15..18 => drop(commands.remove::<B>(entity)),
                    18..20 => drop(commands.remove::<(A, Plain)>(entity)),
                    20..22 => drop(commands.spawn((A(0), Plain(0)))),
                    _ => drop(commands.despawn(entity)),
                }
            }
            Step::Apply => drop(commands.apply(&mut world)),
        }
        let has_a = world.view_filtered::<Entity, With<A>>().collect();
        let has_b = world.view_filtered::<Entity, With<B>>().collect();
        assert_eq!(*known.lock().unwrap(), [has_a, has_b]);
    }
}

proptest! {
    #![proptest_config(property(200, 4))]

    #[test]
    fn what_is_heard_is_what_is_there(steps in prop::collection::vec(step(), 1..scaled(120, 25) as usize)) {
        run(steps);
    }
}
