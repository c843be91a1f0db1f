//! Many entities at once, of each kind.

use ecs_core::entity::Entity;
use ecs_core::error::Refusal;
use ecs_core::outbox::TransferMarker;
use ecs_core::query::Filter;
use ecs_core::world::World;

use crate::common::Ledger;
use crate::model::{Flag, Plain, Small, Sole, Spark, Tag, Wide};

pub fn batch(
    world: &mut World<Small>,
    ledger: &Ledger,
    kind: u8,
    count: usize,
    value: u32,
) -> Result<Vec<Entity>, Refusal> {
    macro_rules! spawn {
        ($bundle:expr) => {
            world
                .spawn_batch((0..count).map(|_| $bundle))
                .map(<[Entity]>::to_vec)
                .map_err(|refused| refused.why())
        };
    }
    match kind {
        0 => spawn!(()),
        1 => spawn!(Plain(value)),
        2 => spawn!((Plain(value), ledger.owned(value))),
        3 => spawn!((ledger.owned(value), Tag, Wide(value))),
        4 => spawn!((Plain(value), TransferMarker::to(value as u16))),
        5 => spawn!((Plain(value), ledger.owned(value), Sole(Box::new(value)))),
        6 => spawn!(Wide(value)),
        7 => spawn!(Spark(ledger.owned(value))),
        8 => spawn!((Plain(value), Flag)),
        _ => spawn!((Spark(ledger.owned(value)), Flag, ledger.owned(value))),
    }
}

/// By columns of all kinds; answers the kind too.
pub fn columns(
    world: &mut World<Small>,
    ledger: &Ledger,
    kind: u8,
    count: usize,
    value: u32,
) -> Result<(u8, Vec<Entity>), Refusal> {
    let owned = || (0..count).map(|_| ledger.owned(value)).collect::<Vec<_>>();
    let plain = vec![Plain(value); count];
    macro_rules! spawn {
        ($kind:expr, $columns:expr) => {
            match world.spawn_columns($columns) {
                Ok(entities) => Ok(($kind, entities.to_vec())),
                Err(refused) => Err(refused.why()),
            }
        };
    }
    match kind % 4 {
        0 => spawn!(1, (plain.as_slice(),)),
        1 => spawn!(2, (owned(), plain)),
        2 => {
            let sparks = owned().into_iter().map(Spark).collect::<Box<[_]>>();
            spawn!(9, (sparks, vec![Flag; count], owned()))
        }
        _ => {
            let short = world.spawn_columns((plain, vec![Wide(0); count + 1]));
            let Err(short) = short else { panic!("the columns differ") };
            assert_eq!(short.why(), Refusal::UnequalColumns { first: count, other: count + 1 });
            spawn!(8, (short.into_inner().0, vec![Flag; count]))
        }
    }
}

pub fn insert_where<F: Filter<Small>>(
    world: &mut World<Small>,
    ledger: &Ledger,
    kind: u8,
    value: u32,
) -> Result<usize, Refusal> {
    macro_rules! insert {
        ($bundle:expr) => {
            world.insert_where::<F, _>(|_| $bundle)
        };
    }
    match kind {
        0 => insert!(()),
        1 => insert!(Plain(value)),
        2 => insert!((Plain(value), ledger.owned(value))),
        3 => insert!((ledger.owned(value), Tag, Wide(value))),
        4 => insert!((Plain(value), TransferMarker::to(value as u16))),
        5 => insert!((Plain(value), ledger.owned(value), Sole(Box::new(value)))),
        6 => insert!(Wide(value)),
        7 => insert!(Spark(ledger.owned(value))),
        8 => insert!((Plain(value), Flag)),
        _ => insert!((Spark(ledger.owned(value)), Flag, ledger.owned(value))),
    }
}
