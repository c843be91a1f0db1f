//! Blocks of any archetype: what goes in comes out, in order, and nothing else
//! is touched.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::block::{Block, block_bytes};
use ecs_core::entity::Entity;
use ecs_core::error::Refusal;
use ecs_core::schema::{Mask, Schema};
use ecs_core::transfer::{EntityTransfer, TransferFlags};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use proptest::collection::vec;
use proptest::prelude::*;

use common::{Ledger, Owned, property, scaled};

const FLAGS: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: true, full_transfer: true };

/// Components of odd sizes and all alignments, each filled with one number.
macro_rules! schema {
    ($($name:ident: $align:literal, $size:literal, $bit:literal;)*) => {
        $(
            #[derive(Component, Clone, Copy, Debug, PartialEq)]
            #[component(crate = ecs_core)]
            #[repr(C, align($align))]
            struct $name([u8; $size]);
        )*

        #[world_config(crate = ecs_core, components($($name,)* Owned), max_entities = 512)]
        struct Base;

        /// An entity with the components of `mask`, all made of `number`.
        fn pack(ledger: &Ledger, mask: Mask, number: u8) -> EntityTransfer<Base> {
            let mut transfer = EntityTransfer::new(0, 0);
            $(
                if mask & 1 << $bit != 0 {
                    transfer.pack($name([number; $size])).unwrap();
                }
            )*
            if mask & OWNED != 0 {
                transfer.pack(ledger.owned(number.into())).unwrap();
            }
            transfer
        }

        fn check_transfer(transfer: &EntityTransfer<Base>, mask: Mask, number: u8) {
            assert_eq!(transfer.mask(), mask);
            $(
                let value = transfer.get::<$name>();
                assert_eq!(value.is_some(), mask & 1 << $bit != 0);
                assert!(value.is_none_or(|value| is_whole(value, &value.0, number)));
            )*
            let owned = transfer.get::<Owned>();
            assert_eq!(owned.map(|owned| owned.value), has_owned(mask, number));
        }

        fn check_world(world: &World<Base>, entity: Entity, mask: Mask, number: u8) {
            assert_eq!(world.select(entity).unwrap().mask, mask);
            $(
                let value = world.get::<$name>(entity).ok();
                assert_eq!(value.is_some(), mask & 1 << $bit != 0);
                assert!(value.is_none_or(|value| is_whole(value, &value.0, number)));
            )*
            let owned = world.get::<Owned>(entity).ok();
            assert_eq!(owned.map(|owned| owned.value), has_owned(mask, number));
        }
    };
}

schema! {
    A0: 1, 0, 0;
    A1: 1, 1, 1;
    A3: 1, 3, 2;
    A300: 1, 300, 3;
    B0: 2, 0, 4;
    B6: 2, 6, 5;
    C12: 4, 12, 6;
    D8: 8, 8, 7;
    D40: 8, 40, 8;
    E48: 16, 48, 9;
    F32: 32, 32, 10;
    G64: 64, 64, 11;
    H0: 128, 0, 12;
    H128: 128, 128, 13;
    H256: 128, 256, 14;
}
const OWNED: Mask = 1 << 15;

fn is_whole<T>(value: &T, bytes: &[u8], number: u8) -> bool {
    let aligned = std::ptr::from_ref(value).addr().is_multiple_of(align_of::<T>());
    aligned && bytes.iter().all(|&byte| byte == number)
}

fn has_owned(mask: Mask, number: u8) -> Option<u32> {
    (mask & OWNED != 0).then_some(number.into())
}

#[derive(Clone, Debug)]
enum Step {
    Depart(usize),
    Arrive(usize),
    Push,
    Pop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..9usize).prop_map(Step::Depart),
        (0..9usize).prop_map(Step::Arrive),
        Just(Step::Push),
        Just(Step::Pop),
    ];
    vec(step, 0..scaled(30, 10) as usize)
}

proptest! {
    #![proptest_config(property(600, 4))]

    /// A block under way, as a queue of numbers.
    #[test]
    fn a_block_is_a_queue(mask in 0..=Base::ALL, batch in 1..24u32, steps in steps()) {
        let ledger = Ledger::default();
        let mut source = World::<Base>::with_origin(1);
        let mut target = World::<Base>::with_origin(2);
        let mut numbers = 0..=u8::MAX;
        let mut waiting = Vec::new();
        for _ in 0..scaled(40, 10) {
            let number = numbers.next().unwrap();
            let entity = source.insert_transfer(pack(&ledger, mask, number)).unwrap();
            waiting.push((entity, number));
        }
        let mut block = Block::new(block_bytes::<Base>(batch));
        let rows = block.begin(mask, 5, FLAGS);
        prop_assert!(rows >= 1);
        prop_assert_eq!((block.mask(), block.source(), block.flags()), (mask, 5, FLAGS));
        let (mut model, mut put) = (Vec::<(Option<Entity>, u8)>::new(), 0);
        for step in steps {
            match step {
                Step::Depart(count) => {
                    let count = count.min(waiting.len());
                    // From the end, from the front, and from between.
                    let from = (waiting.len() - count).checked_div(put % 3).unwrap_or(0);
                    let chosen: Vec<_> = waiting[from..from + count].to_vec();
                    let ids: Vec<_> = chosen.iter().map(|&(entity, _)| entity).collect();
                    let gone = source.depart(&ids, &mut block, 9);
                    prop_assert_eq!(gone, count.min(rows - put));
                    waiting.drain(from..from + gone);
                    model.extend(chosen[..gone].iter().map(|&(id, number)| (Some(id), number)));
                    put += gone;
                }
                Step::Arrive(limit) => {
                    let before = target.len();
                    let came = target.arrive(&mut block, limit).unwrap();
                    prop_assert_eq!(came, limit.min(model.len()));
                    let all: Vec<_> = target.entities().collect();
                    for (entity, (id, number)) in all[before..].iter().zip(model.drain(..came)) {
                        prop_assert!(id.is_none_or(|id| id == *entity));
                        check_world(&target, *entity, mask, number);
                    }
                }
                Step::Push if put < rows => {
                    let Some(number) = numbers.next() else { break };
                    block.push(pack(&ledger, mask, number));
                    model.push((None, number));
                    put += 1;
                }
                Step::Push => {}
                Step::Pop => {
                    let popped = block.pop(3);
                    prop_assert_eq!(popped.is_some(), !model.is_empty());
                    if let Some(transfer) = popped {
                        let (id, number) = model.remove(0);
                        check_transfer(&transfer, mask, number);
                        prop_assert_eq!(transfer.entity(), id);
                        prop_assert_eq!((transfer.source(), transfer.target()), (5, 3));
                        prop_assert_eq!(transfer.flags(), FLAGS);
                    }
                }
            }
            prop_assert_eq!(block.ids(), model.iter().map(|(id, _)| *id).collect::<Vec<_>>());
            prop_assert_eq!((block.len(), block.is_empty()), (model.len(), model.is_empty()));
            if block.is_empty() && put == rows {
                // Used again, for the same or another archetype.
                prop_assert_eq!(block.begin(mask, 5, FLAGS), rows);
                put = 0;
            }
        }
        for &(entity, number) in &waiting {
            check_world(&source, entity, mask, number);
        }
        let live = source.len() + target.len() + model.len();
        prop_assert_eq!(ledger.live(), if mask & OWNED == 0 { 0 } else { live });
        drop((block, source, target));
        ledger.check_empty();
    }

    /// Each layout has room for as many rows as it says, and ends in the block.
    #[test]
    fn a_block_can_be_filled(mask in 0..=Base::ALL, batch in 1..300u32) {
        let ledger = Ledger::default();
        let mut block = Block::<Base>::new(block_bytes::<Base>(batch));
        let rows = block.begin(mask, 0, FLAGS);
        let used = rows.min(scaled(300, 12) as usize);
        for number in 0..used {
            block.push(pack(&ledger, mask, number as u8));
        }
        for number in 0..used {
            check_transfer(&block.pop(0).unwrap(), mask, number as u8);
        }
        prop_assert!(block.pop(0).is_none());
        // 64 bytes for each entity: what fits into that, with its id, fits as often.
        let infos = Base::COMPONENTS.iter().enumerate();
        let bytes: usize =
            infos.filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, info)| info.size).sum();
        prop_assert!(bytes + 8 > 64 || rows >= batch as usize, "{rows} of {batch}");
    }
}

#[test]
fn a_block_of_nothing_holds_ids() {
    let mut block = Block::<Base>::new(block_bytes::<Base>(64));
    assert!(block.begin(0, 1, FLAGS) >= 64);
    let mut world = World::<Base>::new();
    let ids = world.spawn_batch(vec![(); 64]).unwrap().to_vec();
    assert_eq!(world.depart(&ids, &mut block, 0), 64);
    assert!(block.ids().iter().copied().eq(ids.iter().copied().map(Some)));
    assert_eq!(world.arrive(&mut block, usize::MAX), Ok(64));
    assert!(world.entities().eq(ids));
}

#[test]
fn arrivals_stop_where_the_world_is_full() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    world.spawn_batch(vec![(); 510]).unwrap();
    let mut block = Block::new(block_bytes::<Base>(64));
    block.begin(OWNED, 0, FLAGS);
    for number in 0..3 {
        block.push(pack(&ledger, OWNED, number));
    }
    assert_eq!(world.arrive(&mut block, 8), Ok(2));
    assert_eq!(world.arrive(&mut block, 8), Ok(0));
    assert_eq!((block.len(), world.room(), ledger.live()), (1, 0, 3));
    let refused = world.insert_transfer(block.pop(0).unwrap()).unwrap_err();
    assert_eq!(refused.why(), Refusal::WorldFull { limit: 512 });
    check_transfer(&refused.into_inner(), OWNED, 2);
    assert_eq!(ledger.live(), 2);
}

#[world_config(crate = ecs_core, base = Base, archetypes(only(A1, D8), closed))]
struct Closed;

#[test]
fn a_closed_world_refuses_other_archetypes() {
    let ledger = Ledger::default();
    let mut world = World::<Closed>::new();
    let mut block = Block::new(block_bytes::<Base>(4));
    block.begin(OWNED, 0, FLAGS);
    block.push(pack(&ledger, OWNED, 1));
    assert_eq!(world.arrive(&mut block, 1), Err(Refusal::ClosedArchetype));
    assert_eq!(block.len(), 1);
    let refused = world.insert_transfer(block.pop(0).unwrap()).unwrap_err();
    assert_eq!(refused.why(), Refusal::ClosedArchetype);
    let only = (1 << 1) | (1 << 7);
    let entity = world.insert_transfer(pack(&ledger, only, 7)).unwrap();
    assert_eq!(world.remove::<A1>(entity), Err(ecs_core::world::RemoveError::ClosedArchetype));
    let refused = world.insert(entity, A0([])).unwrap_err();
    assert_eq!(refused.why(), Refusal::ClosedArchetype);
    world.insert(entity, A1([8])).unwrap();
    assert_eq!(world.get::<A1>(entity), Ok(&A1([8])));
}

#[test]
#[should_panic(expected = "one batch at a time")]
fn a_block_is_begun_when_it_is_empty() {
    let mut block = Block::<Base>::new(block_bytes::<Base>(1));
    block.begin(0, 0, FLAGS);
    block.push(EntityTransfer::new(0, 0));
    block.begin(0, 0, FLAGS);
}

#[test]
#[should_panic(expected = "another archetype")]
fn a_block_takes_one_archetype() {
    let mut block = Block::<Base>::new(block_bytes::<Base>(1));
    block.begin(1, 0, FLAGS);
    block.push(EntityTransfer::new(0, 0));
}

#[test]
#[should_panic(expected = "another archetype")]
fn a_block_takes_nothing_before_it_is_begun() {
    Block::<Base>::new(block_bytes::<Base>(1)).push(EntityTransfer::new(0, 0));
}

#[test]
#[should_panic(expected = "at least one entity")]
fn a_block_holds_an_entity_with_all_components() {
    let _ = Block::<Base>::new(block_bytes::<Base>(1) - 64);
}

#[test]
fn a_mask_of_other_components_is_no_archetype() {
    let mut block = Block::<Base>::new(block_bytes::<Base>(1));
    common::panics(|| block.begin(1 << 100, 0, FLAGS));
    assert_eq!(block.mask(), 0);
    block.begin(1, 0, FLAGS);
}
