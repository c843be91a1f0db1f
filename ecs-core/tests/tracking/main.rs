//! What was added, changed and removed is seen once by each who looks, whatever was done
//! to the entities: compared with a plain map of when it was.
#![allow(missing_docs, unreachable_pub)]

mod by_hand;
#[path = "../common/mod.rs"]
mod common;
mod model;
mod systems;

use std::collections::BTreeSet;

use ecs_core::block::{Block, block_bytes};
use ecs_core::bundle::Bundle;
use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::query::{Or, With, Without};
use ecs_core::track::{Added, Changed, Mut, Ref, RemovedReader, Tick};
use ecs_core::transfer::{EntityTransfer, TransferFlags};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use proptest::prelude::*;

use common::{property, scaled};
use model::{KINDS, Model, PLAIN, Record};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
pub struct Plain(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, track)]
pub struct T(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, storage = "sparse", track)]
pub struct P(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, track)]
pub struct G;

#[world_config(crate = ecs_core, components(Plain, T, P, G), max_entities = 400)]
#[derive(Debug)]
pub struct Base;

/// Calls `$call!` with the bundle of a mask.
macro_rules! bundle {
    ($mask:expr, $call:ident) => {
        match $mask & 15 {
            0 => $call!(()),
            1 => $call!(T(1)),
            2 => $call!(P(1)),
            3 => $call!((T(2), P(2))),
            4 => $call!(G),
            5 => $call!((T(1), G)),
            6 => $call!((P(1), G)),
            7 => $call!((T(1), P(1), G)),
            8 => $call!(Plain(1)),
            9 => $call!((Plain(1), T(1))),
            10 => $call!((Plain(1), P(1))),
            11 => $call!((Plain(1), T(1), P(1))),
            12 => $call!((Plain(1), G)),
            13 => $call!((Plain(1), T(1), G)),
            14 => $call!((Plain(1), P(1), G)),
            _ => $call!((Plain(1), T(1), P(1), G)),
        }
    };
}

#[derive(Clone, Debug)]
enum Step {
    Spawn(u8),
    Batch(u8, usize),
    Columns(usize),
    Insert(usize, u8),
    Remove(usize, u8),
    Despawn(usize),
    InsertWhere(u8, bool),
    RemoveWhere(u8),
    DespawnWhere(u8),
    GetMut(usize),
    Query(u8),
    Write(usize, u8),
    Apply,
    Leave(usize),
    Return,
    Batches(usize),
    Clone(usize),
    CloneWorld,
    Shrink,
    Pass(u8),
    Look(usize, bool),
}

/// More than a word's rows.
fn many() -> usize {
    scaled(80, 8) as usize
}

fn step() -> impl Strategy<Value = Step> {
    let one = || 0..512_usize;
    let mask = || 0..16_u8;
    prop_oneof![
        6 => mask().prop_map(Step::Spawn),
        3 => (mask(), 1..many()).prop_map(|(mask, count)| Step::Batch(mask, count)),
        1 => (1..many()).prop_map(Step::Columns),
        8 => (one(), mask()).prop_map(|(n, mask)| Step::Insert(n, mask)),
        8 => (one(), mask()).prop_map(|(n, mask)| Step::Remove(n, mask)),
        6 => one().prop_map(Step::Despawn),
        2 => (mask(), any::<bool>()).prop_map(|(mask, all)| Step::InsertWhere(mask, all)),
        2 => mask().prop_map(Step::RemoveWhere),
        1 => mask().prop_map(Step::DespawnWhere),
        6 => one().prop_map(Step::GetMut),
        6 => (0..8_u8).prop_map(Step::Query),
        8 => (one(), 0..48_u8).prop_map(|(n, what)| Step::Write(n, what)),
        3 => Just(Step::Apply),
        3 => one().prop_map(Step::Leave),
        3 => Just(Step::Return),
        2 => one().prop_map(Step::Batches),
        2 => one().prop_map(Step::Clone),
        1 => Just(Step::CloneWorld),
        1 => Just(Step::Shrink),
        3 => (0..3_u8).prop_map(Step::Pass),
        10 => (0..3_usize, any::<bool>()).prop_map(|(who, writes)| Step::Look(who, writes)),
    ]
}

/// Somebody who looks now and then.
#[derive(Default)]
struct Looker {
    seen: Tick,
    step: u32,
    removed: (RemovedReader<T>, RemovedReader<P>, RemovedReader<G>),
}

#[derive(Default)]
struct Run {
    model: Model,
    lookers: [Looker; 3],
    away: Vec<(EntityTransfer<Base>, Record)>,
    /// Commands that wait, as the model makes them.
    written: Vec<(Entity, u8, u8)>,
    /// How often many ticks were skipped.
    far: u8,
}

fn run(steps: Vec<Step>) {
    let mut world = World::<Base>::new();
    let mut run = Run::default();
    let mut commands = Commands::<Base>::with_capacity(1000);
    for (now, step) in (1..).zip(steps) {
        run.step(&mut world, &mut commands, now, step);
        assert_eq!(world.len(), run.model.entities.len());
    }
    for who in 0..3 {
        run.look(&mut world, who, u32::MAX, false);
    }
}

impl Run {
    fn step(
        &mut self,
        world: &mut World<Base>,
        commands: &mut Commands<Base>,
        now: u32,
        step: Step,
    ) {
        let all: Vec<Entity> = world.entities().collect();
        let pick = |n: usize| all.get(n % all.len().max(1)).copied();
        let model = &mut self.model;
        match step {
            Step::Spawn(mask) => {
                macro_rules! spawn {
                    ($bundle:expr) => {
                        world.spawn($bundle).map_err(drop)
                    };
                }
                if let Ok(entity) = bundle!(mask, spawn) {
                    model.insert(entity, mask, now);
                }
            }
            Step::Batch(mask, count) => {
                macro_rules! batch {
                    ($bundle:expr) => {
                        world
                            .spawn_batch((0..count).map(|_| $bundle))
                            .map(<[_]>::to_vec)
                            .unwrap_or_default()
                    };
                }
                let ids: Vec<Entity> = bundle!(mask, batch);
                ids.into_iter().for_each(|entity| model.insert(entity, mask, now));
            }
            Step::Columns(count) => {
                let columns = (vec![T(3); count], vec![P(3); count]);
                if let Ok(ids) = world.spawn_columns(columns) {
                    ids.iter().for_each(|&entity| model.insert(entity, 3, now));
                }
            }
            Step::Insert(n, mask) => {
                let Some(entity) = pick(n) else { return };
                macro_rules! insert {
                    ($bundle:expr) => {
                        world.insert(entity, $bundle).unwrap()
                    };
                }
                bundle!(mask, insert);
                model.insert(entity, mask, now);
            }
            Step::Remove(n, mask) => {
                let Some(entity) = pick(n) else { return };
                macro_rules! remove {
                    ($bundle:expr) => {
                        remove(world, entity, || $bundle)
                    };
                }
                let removed = bundle!(mask, remove);
                assert_eq!(removed, model.remove(entity, mask, now));
            }
            Step::Despawn(n) => {
                let Some(entity) = pick(n) else { return };
                world.despawn(entity).unwrap();
                model.despawn(entity, now);
            }
            Step::InsertWhere(mask, all) => {
                macro_rules! insert {
                    ($bundle:expr) => {
                        match all {
                            true => world.insert_where::<With<Plain>, _>(|_| $bundle).unwrap(),
                            false => world.insert_where::<Without<P>, _>(|_| $bundle).unwrap(),
                        }
                    };
                }
                let count = bundle!(mask, insert);
                let chosen = model.those(|r| if all { r.plain } else { r.tracked[1].is_none() });
                assert_eq!(count, chosen.len());
                chosen.into_iter().for_each(|entity| model.insert(entity, mask, now));
            }
            Step::RemoveWhere(mask) => {
                macro_rules! remove {
                    ($bundle:expr) => {
                        remove_where(world, || $bundle)
                    };
                }
                let count = bundle!(mask, remove);
                let chosen = model.those(|record| record.plain && record.mask() & mask == mask);
                assert_eq!(count, chosen.len());
                for entity in chosen {
                    model.remove(entity, mask, now);
                }
            }
            Step::DespawnWhere(which) => {
                let is: fn(&Record) -> bool = match which {
                    0 => {
                        world.despawn_where::<(With<T>, With<Plain>, With<G>)>();
                        |r| r.mask() & 13 == 13
                    }
                    1 => {
                        world.despawn_where::<(With<P>, With<Plain>, Without<G>)>();
                        |r| r.mask() & 14 == 10
                    }
                    _ => {
                        world.despawn_where::<(Without<P>, With<G>, Without<Plain>)>();
                        |r| r.mask() & 14 == 4
                    }
                };
                for entity in model.those(is) {
                    model.despawn(entity, now);
                }
            }
            Step::GetMut(n) => {
                let Some(entity) = pick(n) else { return };
                if let Ok(t) = world.get_mut::<T>(entity) {
                    t.0 += 1;
                    model.touch(entity, 0, now);
                }
                if let Ok((p, g)) = world.query_one::<(&mut P, Option<&mut G>)>(entity) {
                    p.0 += 1;
                    let has_g = g.is_some();
                    model.touch(entity, 1, now);
                    if has_g {
                        model.touch(entity, 2, now);
                    }
                }
            }
            Step::Query(which) => query(world, model, which, now),
            Step::Write(n, what) => {
                let Some(entity) = pick(n) else { return };
                macro_rules! insert {
                    ($bundle:expr) => {
                        drop(commands.insert(entity, $bundle))
                    };
                }
                macro_rules! remove {
                    ($bundle:expr) => {
                        write_remove(commands, entity, || $bundle)
                    };
                }
                let mask = what & 15;
                match what >> 4 {
                    0 => bundle!(mask, insert),
                    1 => bundle!(mask, remove),
                    _ if mask == 0 => drop(commands.despawn(entity)),
                    _ => return,
                }
                self.written.push((entity, what >> 4, mask));
            }
            Step::Apply => {
                commands.apply(world).unwrap();
                for (entity, what, mask) in self.written.drain(..) {
                    match what {
                        0 if model.entities.contains_key(&entity) => {
                            model.insert(entity, mask, now);
                        }
                        1 => drop(model.remove(entity, mask, now)),
                        2 => model.despawn(entity, now),
                        _ => {}
                    }
                }
            }
            Step::Leave(n) => {
                let Some(entity) = pick(n) else { return };
                let record = model.entities.remove(&entity).unwrap();
                self.away.push((world.take(entity).unwrap(), record));
            }
            Step::Return => {
                let Some((transfer, mut record)) = self.away.pop() else { return };
                match world.insert_transfer(transfer) {
                    Ok(entity) => {
                        record.arrive(now);
                        model.entities.insert(entity, record);
                    }
                    Err(refused) => self.away.push((refused.into_inner(), record)),
                }
            }
            Step::Batches(n) => {
                let Some(first) = pick(n) else { return };
                there_and_back(world, model, first, now);
            }
            Step::Clone(n) => {
                let Some(entity) = pick(n) else { return };
                if let Ok(clone) = world.clone_entity(entity) {
                    let mask = model.entities[&entity].mask();
                    model.insert(clone, mask, now);
                }
            }
            Step::CloneWorld => {
                let clone = world.clone();
                let mut looker = Looker::default();
                // The clone knows what was changed, and not what was removed.
                let mut of_clone = Run { model: Model::default(), ..Run::default() };
                of_clone.model.entities.clone_from(&model.entities);
                std::mem::swap(&mut looker, &mut of_clone.lookers[0]);
                let mut clone = clone;
                of_clone.look(&mut clone, 0, u32::MAX, true);
            }
            Step::Shrink => world.shrink(),
            Step::Pass(how) => match how {
                0 => drop(world.advance()),
                // Not further than two looks may be apart.
                1 if self.far < 3 => {
                    self.far += 1;
                    world.skip_ticks(1 << 29);
                }
                _ => world.skip_ticks(3),
            },
            Step::Look(who, writes) => self.look(world, who, now, writes),
        }
    }

    /// One of those who look compares what it sees with what the model knows.
    fn look(&mut self, world: &mut World<Base>, who: usize, now: u32, writes: bool) {
        let Self { model, lookers, .. } = self;
        let looker = &mut lookers[who];
        let since = looker.step;
        let mut world = world.since(&mut looker.seen);
        macro_rules! sees {
            ($filter:ty, $is:expr) => {
                let seen = collect(world.view_filtered::<Entity, $filter>());
                assert_eq!(seen, model.those($is), "{}", stringify!($filter));
            };
        }
        let added =
            |record: &Record, kind: usize| record.tracked[kind].is_some_and(|h| h.added > since);
        let changed =
            |record: &Record, kind: usize| record.tracked[kind].is_some_and(|h| h.changed > since);
        sees!(Added<T>, |r| added(r, 0));
        sees!(Added<P>, |r| added(r, 1));
        sees!(Added<G>, |r| added(r, 2));
        sees!(Changed<T>, |r| changed(r, 0));
        sees!(Changed<P>, |r| changed(r, 1));
        sees!(Changed<G>, |r| changed(r, 2));
        sees!((Changed<T>, With<Plain>), |r| changed(r, 0) && r.plain);
        sees!(Or<(Added<T>, Changed<P>, With<G>)>, |r| added(r, 0)
            || changed(r, 1)
            || r.tracked[2].is_some());
        for (entity, t, p) in world.view::<(Entity, Option<Ref<'_, T>>, Option<Ref<'_, P>>)>() {
            let record = &model.entities[&entity];
            let told = |was: (bool, bool), kind| {
                assert_eq!(was, (added(record, kind), changed(record, kind)));
            };
            let _ = t.inspect(|t| told((t.is_added(), t.is_changed()), 0));
            let _ = p.inspect(|p| told((p.is_added(), p.is_changed()), 1));
        }
        assert_eq!(
            collect(world.removed(&mut looker.removed.0).read()),
            model.removed_since(0, since)
        );
        assert_eq!(
            collect(world.removed(&mut looker.removed.1).read()),
            model.removed_since(1, since)
        );
        assert_eq!(
            collect(world.removed(&mut looker.removed.2).read()),
            model.removed_since(2, since)
        );
        if writes {
            // What it writes itself is no news to it, now and later.
            let before = collect(world.view_filtered::<Entity, Changed<T>>());
            for t in world.query_filtered::<&mut T, Without<P>>() {
                t.0 += 1;
            }
            let own = model.those(|r| r.tracked[0].is_some() && r.tracked[1].is_none());
            let after = collect(world.view_filtered::<Entity, Changed<T>>());
            assert_eq!(after, &before - &own);
            own.into_iter().for_each(|entity| model.touch(entity, 0, now));
        }
        looker.step = now;
    }
}

fn collect(entities: impl Iterator<Item = Entity>) -> BTreeSet<Entity> {
    entities.collect()
}

fn remove<B: Bundle<Base>>(world: &mut World<Base>, entity: Entity, _: impl Fn() -> B) -> bool {
    world.remove::<B>(entity).is_ok()
}

fn write_remove<B: Bundle<Base>>(commands: &mut Commands<Base>, entity: Entity, _: impl Fn() -> B) {
    commands.remove::<B>(entity).unwrap();
}

fn remove_where<B: Bundle<Base>>(world: &mut World<Base>, _: impl Fn() -> B) -> usize {
    world.remove_where::<With<Plain>, B>().unwrap()
}

/// Values are given to be changed in each way that there is.
fn query(world: &mut World<Base>, model: &mut Model, which: u8, now: u32) {
    let touched: Vec<Entity> = match which {
        0 => world.query::<(Entity, &mut T)>().map(|(entity, _)| entity).collect(),
        1 => {
            let mut touched = Vec::new();
            world.query_filtered::<(Entity, &mut T), With<Plain>>().for_each(|(entity, t)| {
                t.0 += 1;
                touched.push(entity);
            });
            touched
        }
        2 => {
            let slices = world.query_filtered::<(Entity, &mut T), With<G>>().slices();
            slices.flat_map(|(entities, _)| entities.to_vec()).collect()
        }
        3 => {
            let chunks = world.query_filtered::<(Entity, &mut T), With<P>>().chunks(10);
            chunks.take(3).flat_map(|chunk| chunk.map(|(entity, _)| entity)).collect()
        }
        4 => {
            // Only what is written.
            let mut touched = Vec::new();
            for (entity, mut t) in world.query::<(Entity, Mut<'_, T>)>() {
                let even = t.0 % 2 == 0;
                assert!(!t.set_if_neq(T(t.0)));
                t.bypass_change_detection().0 += 2;
                if even {
                    t.0 += 1;
                    touched.push(entity);
                }
            }
            touched
        }
        5 => {
            let some: Vec<Entity> = world.entities().step_by(3).collect();
            let mut touched = Vec::new();
            world.lookup::<&mut T>().for_each(&some, |entity, _| touched.push(entity));
            touched
        }
        6 => {
            // Not all of what could be given.
            world.query::<(Entity, &mut T)>().take(70).map(|(entity, _)| entity).collect()
        }
        _ => {
            let mut touched = Vec::new();
            let mut lookup = world.lookup::<Mut<'_, P>>();
            for &entity in model.entities.keys() {
                if let Ok(mut p) = lookup.get(entity)
                    && p.set_if_neq(P(5))
                {
                    touched.push(entity);
                }
            }
            touched.into_iter().for_each(|entity| model.touch(entity, 1, now));
            return;
        }
    };
    touched.into_iter().for_each(|entity| model.touch(entity, 0, now));
}

/// Those that are like the first leave in one block, and come back.
fn there_and_back(world: &mut World<Base>, model: &mut Model, first: Entity, now: u32) {
    let mask = world.select(first).unwrap().mask;
    let like = |&entity: &Entity| world.select(entity).unwrap().mask == mask;
    let entities: Vec<Entity> = world.entities().filter(like).step_by(2).collect();
    let mut block = Block::<Base>::new(block_bytes::<Base>(100));
    let flags = TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };
    block.begin(mask, 0, flags);
    let gone = world.depart(&entities, &mut block, 1);
    assert!(gone > 0);
    assert_eq!(world.arrive(&mut block, usize::MAX).unwrap(), gone);
    for entity in &entities[..gone] {
        model.entities.get_mut(entity).unwrap().arrive(now);
    }
}

proptest! {
    #![proptest_config(property(200, 3))]

    #[test]
    fn changes_are_as_their_model(steps in prop::collection::vec(step(), 1..scaled(100, 25) as usize)) {
        run(steps);
    }
}

const _: () = assert!(PLAIN == 8 && KINDS == 3);
