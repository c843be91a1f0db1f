//! Commands against what they should do.

use ecs_core::outbox::{Request, TransferMarker};
use ecs_core::world::World;

use crate::common::Owned;
use crate::model::{Flag, KINDS, Nested, Pair, Plain, Row, Small, Sole, Spark, Tag, Wide, marked};
use crate::steps::{FULL, with_bundle, with_type};

/// Written down, then made: the same as made at once.
pub fn commands(pair: &mut Pair, at: usize, kinds: Vec<(u8, u8, u32)>) {
    let mut made = 0;
    let mut missed = 0;
    let mut refused = 0;
    let mut expected = pair.models[at].clone();
    let mut births = Vec::new();
    for &(what, pick, value) in &kinds {
        let kind = pick % KINDS;
        let Some(entity) = pair.pick(at, pick) else { continue };
        let (commands, ledger) = (&mut pair.commands, &pair.ledger);
        let present = expected.contains_key(&entity);
        let effect = match what % 6 {
            0 => {
                with_bundle!(ledger, kind, value, bundle => commands.spawn(bundle).unwrap());
                if expected.len() + births.len() == 24 {
                    // It steps aside; the others are made.
                    refused += 1;
                    continue;
                }
                births.push(Row::of(kind, value));
                true
            }
            1 => {
                commands.despawn(entity).unwrap();
                expected.remove(&entity);
                present
            }
            2 => {
                with_bundle!(ledger, kind, value, bundle => commands.insert(entity, bundle).unwrap());
                if let Some(row) = expected.get_mut(&entity) {
                    row.insert(Row::of(kind, value));
                }
                present
            }
            3 => {
                with_type!(kind, B => commands.remove::<B>(entity).unwrap());
                let wanted = Row::of(kind, 0);
                let row = expected.get_mut(&entity).filter(|row| row.covers(&wanted));
                let covered = row.is_some();
                if let Some(row) = row {
                    row.split(&wanted);
                }
                covered
            }
            4 => {
                commands.complete(entity).unwrap();
                if let Some(row) = expected.get_mut(&entity) {
                    row.request = row.request.or(Some(Request::Completed));
                }
                present
            }
            _ => {
                let owned = ledger.owned(value);
                let run = move |world: &mut World<Small>| {
                    let owned = owned;
                    let marker = TransferMarker::to(owned.value as u16);
                    let _ = world.insert(entity, marker);
                };
                commands.run(run).unwrap();
                if let Some(row) = expected.get_mut(&entity) {
                    row.request = Some(marked(value));
                }
                true
            }
        };
        *if effect { &mut made } else { &mut missed } += 1;
    }
    let applied = match pair.commands.apply(&mut pair.worlds[at]) {
        Ok(applied) => {
            assert!(refused == 0 && pair.commands.is_empty());
            applied
        }
        Err(error) => {
            assert!(refused > 0 && error.why == FULL);
            assert_eq!(error.waiting, refused);
            assert_eq!(pair.commands.len(), refused);
            pair.commands.clear();
            error.applied
        }
    };
    assert_eq!((applied.made, applied.missed), (made, missed));
    let before: Vec<_> = pair.models[at].keys().copied().collect();
    for entity in before {
        if !expected.contains_key(&entity) {
            pair.died(at, entity);
        }
    }
    pair.models[at] = expected;
    // Who was born is known by elimination, in the order of the ids' slots or not.
    let known = &pair.models[at];
    let new: Vec<_> =
        pair.worlds[at].entities().filter(|entity| !known.contains_key(entity)).collect();
    assert_eq!(new.len(), births.len());
    for entity in new {
        let world = &pair.worlds[at];
        let found = Row {
            plain: world.get::<Plain>(entity).ok().map(|plain| plain.0),
            owned: world.get::<Owned>(entity).ok().map(|owned| owned.value),
            tag: world.has::<Tag>(entity),
            wide: world.get::<Wide>(entity).ok().map(|wide| wide.0),
            sole: world.get::<Sole>(entity).ok().map(|sole| *sole.0),
            spark: world.get::<Spark>(entity).ok().map(|spark| spark.0.value),
            flag: world.has::<Flag>(entity),
            request: world.request(entity).unwrap(),
        };
        let place = births.iter().position(|row| *row == found).expect("it was asked for");
        births.swap_remove(place);
        pair.born(at, entity, found);
    }
}
