//! What can happen, done to the worlds and to their models.

use std::collections::BTreeSet;

use ecs_core::entity::Entity;
use ecs_core::error::{AccessError, EntityError, Refusal};
use ecs_core::outbox::{Request, TransferMarker};
use ecs_core::query::{With, Without};
use ecs_core::transfer::TransferFlags;
use ecs_core::world::{CopyError, RemoveError, World};
use proptest::prelude::*;

use crate::common::Owned;
use crate::many::{batch, columns, insert_where};
use crate::model::{Flag, Flight, KINDS, Nested, Pair, Plain, Row, Small, Sole, Spark, Tag, Wide};
use crate::written::commands;

#[derive(Clone, Debug)]
pub enum Step {
    Spawn { at: usize, kind: u8, value: u32 },
    SpawnBatch { at: usize, kind: u8, count: usize, value: u32 },
    Despawn { at: usize, pick: u8 },
    Insert { at: usize, pick: u8, kind: u8, value: u32 },
    Remove { at: usize, pick: u8, kind: u8 },
    Write { at: usize, value: u32 },
    Complete { at: usize, pick: u8 },
    Recall { at: usize, pick: u8 },
    DrainOutbox { at: usize },
    Take { at: usize, pick: u8 },
    Copy { at: usize, pick: u8 },
    Split { at: usize, pick: u8, kind: u8 },
    Land { at: usize, pick: u8 },
    Lose { pick: u8 },
    Depart { at: usize, pick: u8, count: usize, odd: u8 },
    Arrive { at: usize, limit: usize },
    Pop,
    Push { pick: u8 },
    Reclaim { at: usize },
    Clear { at: usize },
    Shrink { at: usize },
    Reserve { at: usize },
    Write2 { at: usize, pick: u8, value: u32 },
    Commands { at: usize, kinds: Vec<(u8, u8, u32)> },
    SpawnColumns { at: usize, kind: u8, count: usize, value: u32 },
    InsertWhere { at: usize, filter: u8, kind: u8, value: u32 },
    RemoveWhere { at: usize, filter: u8, kind: u8 },
    DespawnWhere { at: usize, filter: u8 },
    DespawnBatch { at: usize, picks: Vec<u8> },
    WriteMany { at: usize, picks: [u8; 3], value: u32 },
    WriteSlices { at: usize, value: u32 },
}

pub fn step() -> impl Strategy<Value = Step> {
    let at = || 0..2usize;
    let (pick, kind, value) = (any::<u8>, || 0..KINDS, || 0..1000u32);
    prop_oneof![
        6 => (at(), kind(), value()).prop_map(|(at, kind, value)| Step::Spawn { at, kind, value }),
        2 => (at(), kind(), 0..8usize, value())
            .prop_map(|(at, kind, count, value)| Step::SpawnBatch { at, kind, count, value }),
        4 => (at(), pick()).prop_map(|(at, pick)| Step::Despawn { at, pick }),
        6 => (at(), pick(), kind(), value())
            .prop_map(|(at, pick, kind, value)| Step::Insert { at, pick, kind, value }),
        5 => (at(), pick(), kind()).prop_map(|(at, pick, kind)| Step::Remove { at, pick, kind }),
        1 => (at(), value()).prop_map(|(at, value)| Step::Write { at, value }),
        2 => (at(), pick(), value())
            .prop_map(|(at, pick, value)| Step::Write2 { at, pick, value }),
        2 => (at(), pick()).prop_map(|(at, pick)| Step::Complete { at, pick }),
        2 => (at(), pick()).prop_map(|(at, pick)| Step::Recall { at, pick }),
        1 => at().prop_map(|at| Step::DrainOutbox { at }),
        2 => (at(), pick()).prop_map(|(at, pick)| Step::Take { at, pick }),
        2 => (at(), pick()).prop_map(|(at, pick)| Step::Copy { at, pick }),
        2 => (at(), pick(), kind()).prop_map(|(at, pick, kind)| Step::Split { at, pick, kind }),
        4 => (at(), pick()).prop_map(|(at, pick)| Step::Land { at, pick }),
        1 => pick().prop_map(|pick| Step::Lose { pick }),
        5 => (at(), pick(), 0..8usize, any::<u8>())
            .prop_map(|(at, pick, count, odd)| Step::Depart { at, pick, count, odd }),
        5 => (at(), 0..8usize).prop_map(|(at, limit)| Step::Arrive { at, limit }),
        1 => Just(Step::Pop),
        2 => pick().prop_map(|pick| Step::Push { pick }),
        2 => at().prop_map(|at| Step::Reclaim { at }),
        1 => at().prop_map(|at| Step::Clear { at }),
        1 => at().prop_map(|at| Step::Shrink { at }),
        1 => at().prop_map(|at| Step::Reserve { at }),
        4 => (at(), proptest::collection::vec((any::<u8>(), any::<u8>(), value()), 0..12))
            .prop_map(|(at, kinds)| Step::Commands { at, kinds }),
        2 => (at(), kind(), 0..8usize, value())
            .prop_map(|(at, kind, count, value)| Step::SpawnColumns { at, kind, count, value }),
        3 => (at(), pick(), kind(), value())
            .prop_map(|(at, filter, kind, value)| Step::InsertWhere { at, filter, kind, value }),
        3 => (at(), pick(), kind())
            .prop_map(|(at, filter, kind)| Step::RemoveWhere { at, filter, kind }),
        1 => (at(), pick()).prop_map(|(at, filter)| Step::DespawnWhere { at, filter }),
        2 => (at(), proptest::collection::vec(any::<u8>(), 0..6))
            .prop_map(|(at, picks)| Step::DespawnBatch { at, picks }),
        2 => (at(), any::<[u8; 3]>(), value())
            .prop_map(|(at, picks, value)| Step::WriteMany { at, picks, value }),
        1 => (at(), value()).prop_map(|(at, value)| Step::WriteSlices { at, value }),
    ]
}

/// Does something with the bundle of a kind.
macro_rules! with_bundle {
    ($ledger:expr, $kind:expr, $value:expr, $bundle:ident => $then:expr) => {{
        let value: u32 = $value;
        match $kind {
            0 => with_bundle!(@ $bundle = (); $then),
            1 => with_bundle!(@ $bundle = Plain(value); $then),
            2 => with_bundle!(@ $bundle = (Plain(value), $ledger.owned(value)); $then),
            3 => with_bundle!(@ $bundle = (($ledger.owned(value), Tag), Wide(value)); $then),
            4 => with_bundle!(@ $bundle = (Plain(value), TransferMarker::to(value as u16)); $then),
            5 => with_bundle!(@ $bundle = Nested {
                plain: Plain(value),
                rest: ($ledger.owned(value), Sole(Box::new(value))),
            }; $then),
            6 => with_bundle!(@ $bundle = (Wide(value),); $then),
            7 => with_bundle!(@ $bundle = Spark($ledger.owned(value)); $then),
            8 => with_bundle!(@ $bundle = (Flag, Plain(value)); $then),
            _ => with_bundle!(@ $bundle = (
                Spark($ledger.owned(value)),
                $ledger.owned(value),
                Flag,
            ); $then),
        }
    }};
    (@ $bundle:ident = $value:expr; $then:expr) => {{
        let $bundle = $value;
        $then
    }};
}

pub(crate) use with_bundle;

/// Does something with the type of a kind's bundle.
macro_rules! with_type {
    ($kind:expr, $bundle:ident => $then:expr) => {
        match $kind {
            0 => with_type!(@ $bundle = (); $then),
            1 => with_type!(@ $bundle = Plain; $then),
            2 => with_type!(@ $bundle = (Plain, Owned); $then),
            3 => with_type!(@ $bundle = ((Owned, Tag), Wide); $then),
            4 => with_type!(@ $bundle = (Plain, TransferMarker); $then),
            5 => with_type!(@ $bundle = Nested; $then),
            6 => with_type!(@ $bundle = (Wide,); $then),
            7 => with_type!(@ $bundle = Spark; $then),
            8 => with_type!(@ $bundle = (Flag, Plain); $then),
            _ => with_type!(@ $bundle = (Spark, Owned, Flag); $then),
        }
    };
    (@ $bundle:ident = $type:ty; $then:expr) => {{
        type $bundle = $type;
        $then
    }};
}

pub(crate) use with_type;

/// Does something with the type of a filter, and with whether a row matches it.
macro_rules! with_filter {
    ($filter:expr, $type:ident, $matches:ident => $then:expr) => {
        match $filter % 6 {
            0 => with_filter!(@ $type = (), $matches = |_| true; $then),
            1 => with_filter!(@ $type = With<Plain>, $matches = |row| row.plain.is_some(); $then),
            2 => with_filter!(@ $type = Without<Owned>, $matches = |row| row.owned.is_none();
                $then),
            3 => with_filter!(@ $type = With<Flag>, $matches = |row| row.flag; $then),
            4 => with_filter!(@ $type = (Without<Spark>, With<Wide>),
                $matches = |row| row.spark.is_none() && row.wide.is_some(); $then),
            _ => with_filter!(@ $type = Without<TransferMarker>,
                $matches = |row| !matches!(row.request, Some(Request::Marked(_))); $then),
        }
    };
    (@ $type:ident = $filter:ty, $matches:ident = |$row:pat_param| $test:expr; $then:expr) => {{
        type $type = $filter;
        let $matches = |$row: &Row| $test;
        $then
    }};
}

fn remove(world: &mut World<Small>, entity: Entity, kind: u8) -> Result<(), RemoveError> {
    with_type!(kind, B => world.remove::<B>(entity).map(drop))
}

pub const FULL: Refusal = Refusal::WorldFull { limit: 24 };

impl Step {
    pub fn run(self, pair: &mut Pair) {
        match self {
            Step::Spawn { at, kind, value } => {
                let world = &mut pair.worlds[at];
                let room = world.room();
                let spawned = with_bundle!(pair.ledger, kind, value, bundle => {
                    world.spawn(bundle).map_err(|refused| refused.why())
                });
                match spawned {
                    Ok(entity) => pair.born(at, entity, Row::of(kind, value)),
                    Err(why) => assert!(why == FULL && room == 0),
                }
            }
            Step::SpawnBatch { at, kind, count, value } => {
                let world = &mut pair.worlds[at];
                let room = world.room();
                match batch(world, &pair.ledger, kind, count, value) {
                    Ok(entities) => {
                        assert_eq!(entities.len(), count);
                        for entity in entities {
                            pair.born(at, entity, Row::of(kind, value));
                        }
                    }
                    Err(why) => assert!(why == FULL && room < count),
                }
            }
            Step::Despawn { at, pick } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                pair.worlds[at].despawn(entity).unwrap();
                assert!(pair.worlds[at].despawn(entity).is_err());
                pair.died(at, entity);
            }
            Step::Insert { at, pick, kind, value } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                let world = &mut pair.worlds[at];
                with_bundle!(pair.ledger, kind, value, bundle => {
                    world.insert(entity, bundle).map_err(|refused| refused.why()).unwrap()
                });
                pair.models[at].get_mut(&entity).unwrap().insert(Row::of(kind, value));
            }
            Step::Remove { at, pick, kind } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                let row = pair.models[at].get_mut(&entity).unwrap();
                let wanted = Row::of(kind, 0);
                let removed = remove(&mut pair.worlds[at], entity, kind);
                assert_eq!(removed.is_ok(), row.covers(&wanted), "{removed:?}");
                if removed.is_ok() {
                    row.split(&wanted);
                }
            }
            Step::Write { at, value } => {
                for (plain, wide) in pair.worlds[at].query::<(&mut Plain, Option<&mut Wide>)>() {
                    plain.0 = value;
                    if let Some(wide) = wide {
                        wide.0 = value;
                    }
                }
                for row in pair.models[at].values_mut().filter(|row| row.plain.is_some()) {
                    row.plain = Some(value);
                    row.wide = row.wide.map(|_| value);
                }
            }
            Step::Write2 { at, pick, value } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                let row = pair.models[at].get_mut(&entity).unwrap();
                let world = &mut pair.worlds[at];
                match world.get_mut::<Plain>(entity) {
                    Ok(plain) => plain.0 = value,
                    Err(_) => assert!(row.plain.is_none()),
                }
                row.plain = row.plain.map(|_| value);
                type QueryData<'w> = (Entity, &'w mut Owned, Option<&'w mut Sole>);
                match world.query_one::<QueryData<'_>>(entity) {
                    Ok((found, owned, sole)) => {
                        assert_eq!(found, entity);
                        owned.value = value;
                        row.owned = Some(value);
                        if let Some(sole) = sole {
                            *sole.0 = value;
                            row.sole = Some(value);
                        }
                    }
                    Err(_) => assert!(row.owned.is_none()),
                }
            }
            Step::Complete { at, pick } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                pair.worlds[at].complete(entity).unwrap();
                let row = pair.models[at].get_mut(&entity).unwrap();
                row.request = row.request.or(Some(Request::Completed));
            }
            Step::Recall { at, pick } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                let row = pair.models[at].get_mut(&entity).unwrap();
                assert_eq!(pair.worlds[at].recall(entity), Ok(row.request.take()));
            }
            Step::DrainOutbox { at } => {
                let mut parcels = Vec::new();
                pair.worlds[at].drain_outbox(&mut parcels);
                // Every other one goes back.
                for (index, parcel) in parcels.into_iter().enumerate() {
                    let row = pair.models[at].get_mut(&parcel.entity).unwrap();
                    assert_eq!(row.request.take(), Some(parcel.request));
                    if index % 2 == 0 {
                        pair.worlds[at].put_back(parcel);
                        row.request = Some(parcel.request);
                    }
                }
            }
            Step::Take { at, pick } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                let transfer = pair.worlds[at].take(entity).unwrap();
                let mut row = pair.models[at].remove(&entity).unwrap();
                row.request = None;
                pair.flights.push(Flight { transfer, entity: Some(entity), row });
            }
            Step::Copy { at, pick } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                let row = pair.models[at][&entity].clone();
                match pair.worlds[at].copy(entity) {
                    Ok(transfer) => {
                        let copy = transfer.entity().expect("a copy has an id");
                        assert!(pair.seen.insert(copy) && row.sole.is_none());
                        let row = Row { request: None, ..row };
                        pair.flights.push(Flight { transfer, entity: Some(copy), row });
                    }
                    Err(error) => {
                        assert!(row.sole.is_some() && error == CopyError::NotClone("Sole"));
                    }
                }
            }
            Step::Split { at, pick, kind } => {
                let Some(entity) = pair.pick(at, pick) else { return };
                if kind == 4 {
                    return; // A marker stays in its world.
                }
                let wanted = Row::of(kind, 0);
                let row = pair.models[at].get_mut(&entity).unwrap();
                let world = &mut pair.worlds[at];
                let split = match kind {
                    0 => world.split::<()>(entity),
                    1 => world.split::<Plain>(entity),
                    2 => world.split::<(Plain, Owned)>(entity),
                    3 => world.split::<(Owned, Tag, Wide)>(entity),
                    5 => world.split::<Nested>(entity),
                    6 => world.split::<Wide>(entity),
                    7 => world.split::<Spark>(entity),
                    8 => world.split::<(Flag, Plain)>(entity),
                    _ => world.split::<(Spark, Owned, Flag)>(entity),
                };
                assert_eq!(split.is_ok(), row.covers(&wanted));
                if let Ok(transfer) = split {
                    let row = row.split(&wanted);
                    pair.flights.push(Flight { transfer, entity: None, row });
                }
            }
            Step::Land { at, pick } => land(pair, at, pick),
            Step::Lose { pick } => {
                if !pair.flights.is_empty() {
                    let flight = pair.flights.swap_remove(pick as usize % pair.flights.len());
                    pair.dead.extend(flight.entity);
                }
            }
            Step::Depart { at, pick, count, odd } => depart(pair, at, pick, count, odd),
            Step::Arrive { at, limit } => {
                let expected = limit.min(pair.block.len()).min(pair.worlds[at].room());
                let came = pair.worlds[at].arrive(&mut pair.block, limit).unwrap();
                assert_eq!(came, expected);
                arrived(pair, at, came);
            }
            Step::Pop => {
                let Some(transfer) = pair.block.pop(7) else { return };
                assert_eq!((transfer.source(), transfer.target()), (3, 7));
                let (entity, row) = pair.block_model.remove(0);
                pair.flights.push(Flight { transfer, entity, row });
            }
            Step::Push { pick } => push(pair, pick),
            Step::Reclaim { at } => {
                let mut returns = Vec::new();
                pair.worlds[at].drain_returns(&mut returns);
                let expected = std::mem::take(&mut pair.returns[at]);
                assert_eq!(returns.iter().copied().collect::<BTreeSet<_>>(), expected);
                assert_eq!(returns.len(), expected.len());
                for entity in returns {
                    let home = &mut pair.worlds[1 - at];
                    assert_eq!(home.check(entity), Err(EntityError::NotHere(entity)));
                    home.reclaim(entity);
                    // A second time it must not help.
                    home.reclaim(entity);
                    assert_eq!(home.check(entity), Err(EntityError::Dead(entity)));
                }
            }
            Step::Clear { at } => {
                pair.worlds[at].clear();
                for entity in pair.models[at].keys().copied().collect::<Vec<_>>() {
                    pair.died(at, entity);
                }
            }
            Step::Shrink { at } => {
                pair.worlds[at].shrink();
                for table in pair.worlds[at].tables() {
                    assert_eq!(table.capacity(), table.len());
                }
            }
            Step::Reserve { at } => {
                let room = pair.worlds[at].room();
                assert_eq!(pair.worlds[at].reserve::<(Owned, Tag, Wide)>(room), Ok(()));
                assert_eq!(pair.worlds[at].reserve::<(Owned, Tag, Wide)>(room + 1), Err(FULL));
            }
            Step::Commands { at, kinds } => commands(pair, at, kinds),
            Step::SpawnColumns { at, kind, count, value } => {
                let room = pair.worlds[at].room();
                match columns(&mut pair.worlds[at], &pair.ledger, kind, count, value) {
                    Ok((kind, entities)) => {
                        assert_eq!(entities.len(), count);
                        for entity in entities {
                            pair.born(at, entity, Row::of(kind, value));
                        }
                    }
                    Err(why) => assert!(why == FULL && room < count),
                }
            }
            Step::InsertWhere { at, filter, kind, value } => {
                let (world, ledger) = (&mut pair.worlds[at], &pair.ledger);
                with_filter!(filter, F, matches => {
                    let chosen = pair.models[at].values_mut().filter(|row| matches(row));
                    let chosen: Vec<_> = chosen.collect();
                    let inserted = insert_where::<F>(world, ledger, kind, value);
                    assert_eq!(inserted, Ok(chosen.len()));
                    chosen.into_iter().for_each(|row| row.insert(Row::of(kind, value)));
                });
            }
            Step::RemoveWhere { at, filter, kind } => {
                let wanted = Row::of(kind, 0);
                with_filter!(filter, F, matches => {
                    let chosen = pair.models[at].values_mut();
                    let chosen = chosen.filter(|row| matches(row) && row.covers(&wanted));
                    let chosen: Vec<_> = chosen.collect();
                    let world = &mut pair.worlds[at];
                    let removed = with_type!(kind, B => world.remove_where::<F, B>());
                    assert_eq!(removed, Ok(chosen.len()));
                    for row in chosen {
                        row.split(&wanted);
                    }
                });
            }
            Step::DespawnBatch { at, picks } => {
                // Some stand there twice, some are the other world's or dead.
                let picked = |&pick: &u8| pair.pick(at, pick);
                let mut chosen: Vec<_> = picks.iter().filter_map(picked).collect();
                let here: BTreeSet<_> = chosen.iter().copied().collect();
                chosen.extend(pair.models[1 - at].keys().take(1).chain(pair.dead.first()));
                assert_eq!(pair.worlds[at].despawn_batch(&chosen), here.len());
                for entity in here {
                    pair.died(at, entity);
                }
            }
            Step::WriteMany { at, picks, value } => {
                let Some(first) = pair.pick(at, picks[0]) else { return };
                let chosen = picks.map(|pick| pair.pick(at, pick).unwrap_or(first));
                let model = &mut pair.models[at];
                let differ = chosen.iter().collect::<BTreeSet<_>>().len() == chosen.len();
                let all = chosen.iter().all(|entity| model[entity].plain.is_some());
                match pair.worlds[at].query_many::<(Entity, &mut Plain), 3>(chosen) {
                    Ok(items) => {
                        assert!(differ && all);
                        for ((entity, plain), expected) in items.into_iter().zip(chosen) {
                            assert_eq!(entity, expected);
                            plain.0 = value;
                            model.get_mut(&entity).unwrap().plain = Some(value);
                        }
                    }
                    Err(error) => {
                        assert!(!differ || !all);
                        assert_eq!(matches!(error, AccessError::Twice(_)), !differ);
                    }
                }
            }
            Step::WriteSlices { at, value } => {
                for (entities, wides) in pair.worlds[at].query::<(Entity, &mut Wide)>().slices() {
                    assert_eq!(wides.as_ptr().addr() % 128, 0);
                    for (entity, wide) in entities.iter().zip(wides) {
                        let row = pair.models[at].get_mut(entity).unwrap();
                        assert_eq!(row.wide.replace(value), Some(wide.0));
                        wide.0 = value;
                    }
                }
                assert!(pair.models[at].values().all(|row| row.wide.is_none_or(|w| w == value)));
            }
            Step::DespawnWhere { at, filter } => with_filter!(filter, F, matches => {
                let chosen = pair.models[at].iter().filter(|(_, row)| matches(row));
                let chosen: Vec<_> = chosen.map(|(&entity, _)| entity).collect();
                assert_eq!(pair.worlds[at].despawn_where::<F>(), chosen.len());
                for entity in chosen {
                    pair.died(at, entity);
                }
            }),
        }
    }
}

fn land(pair: &mut Pair, at: usize, pick: u8) {
    if pair.flights.is_empty() {
        return;
    }
    let Flight { transfer, entity, row } =
        pair.flights.swap_remove(pick as usize % pair.flights.len());
    let room = pair.worlds[at].room();
    match pair.worlds[at].insert_transfer(transfer) {
        Ok(landed) => match entity {
            Some(entity) => {
                assert_eq!(landed, entity);
                pair.models[at].insert(entity, row);
            }
            None => pair.born(at, landed, row),
        },
        Err(refused) => {
            assert!(refused.why() == FULL && room == 0);
            pair.flights.push(Flight { transfer: refused.into_inner(), entity, row });
        }
    }
}

const FLAGS: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };

/// Entities of one archetype go into the block; `odd` puts one among them at
/// which the world must stop.
fn depart(pair: &mut Pair, at: usize, pick: u8, count: usize, odd: u8) {
    let Some(first) = pair.pick(at, pick) else { return };
    if !pair.block.is_empty() {
        return;
    }
    let shape = pair.models[at][&first].shape();
    let alike = pair.models[at].iter().filter(|(_, row)| row.shape() == shape);
    let mut chosen: Vec<_> = alike.map(|(&entity, _)| entity).take(count).collect();
    if pick.is_multiple_of(2) {
        chosen.reverse();
    }
    let mut expected = chosen.len();
    let place = odd as usize / 4 % (chosen.len() + 1);
    let other = pair.models[at].iter().find(|(_, row)| row.shape() != shape);
    let stop = match odd % 4 {
        0 => pair.dead.first().copied(),
        1 => pair.models[1 - at].keys().next().copied(),
        2 => other.map(|(&entity, _)| entity),
        _ => chosen.first().copied().filter(|_| place > 0),
    };
    if let Some(stop) = stop {
        chosen.insert(place, stop);
        expected = place;
    }
    let mask = pair.worlds[at].select(first).unwrap().mask;
    let rows = pair.block.begin(mask, 3, FLAGS);
    assert!(rows >= 1);
    let gone = pair.worlds[at].depart(&chosen, &mut pair.block, 9);
    assert_eq!(gone, expected.min(rows));
    pair.block_room = rows - gone;
    for entity in &chosen[..gone] {
        let mut row = pair.models[at].remove(entity).unwrap();
        row.request = None;
        pair.block_model.push((Some(*entity), row));
    }
}

fn arrived(pair: &mut Pair, at: usize, count: usize) {
    let fresh: Vec<_> = {
        let known = &pair.models[at];
        let rows: Vec<_> = pair.block_model.drain(..count).collect();
        let mut new = pair.worlds[at].entities().filter(|entity| !known.contains_key(entity));
        let mut fresh = Vec::new();
        for (entity, row) in rows {
            // The table's order is the block's.
            let came = new.next().expect("one for each");
            fresh.push((entity, came, row));
        }
        assert!(new.next().is_none());
        fresh
    };
    for (entity, came, row) in fresh {
        match entity {
            Some(entity) => {
                assert_eq!(entity, came);
                pair.models[at].insert(entity, row);
            }
            None => pair.born(at, came, row),
        }
    }
}

fn push(pair: &mut Pair, pick: u8) {
    if pair.flights.is_empty() {
        return;
    }
    let index = pick as usize % pair.flights.len();
    let mask = pair.flights[index].transfer.mask();
    if pair.block.is_empty() {
        pair.block_room = pair.block.begin(mask, 3, FLAGS);
    }
    if pair.block.mask() != mask || pair.block_room == 0 {
        return;
    }
    let before = pair.block.len();
    pair.block_room -= 1;
    let Flight { transfer, entity, row } = pair.flights.swap_remove(index);
    pair.block.push(transfer);
    assert_eq!(pair.block.len(), before + 1);
    pair.block_model.push((entity, row));
}
