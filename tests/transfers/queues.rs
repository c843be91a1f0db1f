//! Capacity, batches, rings and inboxes, memory.

use static_ecs::prelude::*;
use static_ecs::{edge_bytes, schema::Schema};

use crate::*;

/// Two sources into one world with these queue settings.
macro_rules! funnel {
    ($($setting:tt)*) => {
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Left;
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Right;
        #[world_config(base = Base, $($setting)*)]
        struct Sink;
        coordinator!(type Funnel = (Left, Right, Sink));
    };
}

macro_rules! capacity_is_exact {
    ($($setting:tt)*) => {{
        funnel!(transfer_queue(capacity = 8, batch_size = 4, $($setting)*));
        let mut funnel = Funnel::new();
        // Of three archetypes in turn: batches of all sizes.
        let left = funnel.world_mut::<Left>();
        for number in 0..30 {
            let entity = left.spawn((Number(number),)).unwrap();
            match number % 3 {
                0 => {}
                1 => left.insert(entity, (Tag,)).unwrap(),
                _ => left.insert(entity, (Friend(entity),)).unwrap(),
            }
            left.complete(entity).unwrap();
        }
        funnel.tick_world::<Left>().unwrap();
        assert_eq!(funnel.pending_transfers_for(2), 8);
        assert_eq!(funnel.world::<Left>().len(), 22);
        funnel.tick_world::<Left>().unwrap();
        assert_eq!(funnel.pending_transfers_for(2), 8, "not one more");
        for _ in 0..3 {
            let popped = funnel.pop_transfer_for(2).unwrap();
            funnel.world_mut::<Sink>().insert_transfer(popped).unwrap();
        }
        funnel.tick_world::<Left>().unwrap();
        assert_eq!(funnel.pending_transfers_for(2), 8, "exactly as many as were taken");
        assert_eq!(funnel.world::<Left>().len(), 19);

        // Each in a batch of its own: the queue has a place for each.
        let mut funnel = Funnel::new();
        for number in 0..8 {
            funnel.queue_transfer(0, 2, transfer(0, 2, number)).unwrap();
        }
        assert!(funnel.queue_transfer(0, 2, transfer(0, 2, 8)).unwrap_err().is_full());
        // Priority has room of its own.
        funnel.queue_transfer(0, 2, transfer(0, 2, 9).with_priority(true)).unwrap();
        assert_eq!(funnel.stats().edge(0, 2).unwrap().batches, 9);
        funnel.tick_world::<Sink>().unwrap();
        assert_eq!(numbers(funnel.world::<Sink>()), [0, 1, 2, 3, 4, 5, 6, 7, 9]);
        assert!(funnel.conservation().holds());
    }};
}

#[test]
fn capacity_is_exact_in_entities_in_a_ring() {
    capacity_is_exact!(spsc = true);
}

#[test]
fn capacity_is_exact_in_entities_in_an_inbox() {
    capacity_is_exact!(spsc = false);
}

#[test]
fn a_batch_is_one_queue_operation_and_no_larger_than_its_size() {
    funnel!(transfer_queue(capacity = 1024, batch_size = 64));
    let mut funnel = Funnel::new();
    spawn_complete(funnel.world_mut::<Left>(), 0..300);
    funnel.tick_world::<Left>().unwrap();
    let edge = *funnel.stats().edge(0, 2).unwrap();
    assert_eq!((edge.taken, edge.batches), (300, 5), "4 of 64, and one of 44");
    funnel.tick_world::<Sink>().unwrap();
    assert_eq!(numbers(funnel.world::<Sink>()), (0..300).collect::<Vec<_>>());
}

#[test]
fn a_batch_holds_one_archetype() {
    funnel!(transfer_queue(capacity = 64, batch_size = 64));
    let mut funnel = Funnel::new();
    let left = funnel.world_mut::<Left>();
    for number in 0..10 {
        let entity = left.spawn((Number(number),)).unwrap();
        if number % 2 == 0 {
            left.insert(entity, (Tag,)).unwrap();
        }
        left.complete(entity).unwrap();
    }
    funnel.tick_world::<Left>().unwrap();
    assert_eq!(funnel.stats().edge(0, 2).unwrap().batches, 2);
    funnel.tick_world::<Sink>().unwrap();
    assert_eq!(funnel.world::<Sink>().view::<(&Number, &Tag)>().count(), 5);
}

/// Sources with a ring each are drained in turns, a batch at a time, and who
/// comes first changes from tick to tick.
#[test]
fn several_sources_are_drained_in_turns() {
    funnel!(transfer_queue(capacity = 64, batch_size = 2, spsc = true), max_entities = 6);
    let mut funnel = Funnel::new();
    spawn_complete(funnel.world_mut::<Left>(), 100..140);
    spawn_complete(funnel.world_mut::<Right>(), 200..240);
    let mut from_left = 0;
    for round in 1..=10 {
        funnel.tick().unwrap();
        let came = numbers(funnel.world::<Sink>());
        assert_eq!(came.len(), 6);
        from_left += came.iter().filter(|&&number| number < 200).count();
        assert!(from_left.abs_diff(round * 6 - from_left) <= 2, "{from_left} after {round}");
        funnel.world_mut::<Sink>().clear();
    }
}

/// The pop calls are as fair, entity by entity.
#[test]
fn pops_are_fair_over_sources() {
    funnel!(transfer_queue(capacity = 64, batch_size = 8, spsc = true));
    let mut funnel = Funnel::new();
    spawn_complete(funnel.world_mut::<Left>(), 0..20);
    spawn_complete(funnel.world_mut::<Right>(), 0..5);
    funnel.tick_world::<Left>().unwrap();
    funnel.tick_world::<Right>().unwrap();
    let mut out = Vec::new();
    funnel.pop_transfer_batch_for(2, &mut out, 10);
    assert_eq!(out.iter().filter(|transfer| transfer.source() == 1).count(), 5);
}

#[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 16, spsc = true))]
struct Measured;

const BLOCK: usize = static_ecs::block::block_bytes::<Base>(16);
/// Both lanes, each with a block and two places in each of two queues for every
/// entity.
const RING: usize = 2 * 64 * (BLOCK + 2 * 2 * size_of::<usize>());
const _: () = assert!(edge_bytes::<Base>(Measured::DESC.queue, 1) == RING);
const _: () = assert!(edge_bytes::<Base>(Measured::DESC.queue, 3) == 3 * RING);

#[test]
fn edge_memory_is_a_constant() {
    const INBOX: usize = {
        let queue = static_ecs::config::QueueConfig { spsc: false, ..Measured::DESC.queue };
        edge_bytes::<Base>(queue, 3)
    };
    // Sources share an inbox: only the blocks that each may have in hand are theirs.
    assert_eq!(INBOX, RING + 3 * 2 * BLOCK);
    // The bytes of a block: its header, and rows of up to 64 bytes.
    let row: usize = Base::COMPONENTS.iter().map(|info| info.size).sum::<usize>() + 8;
    assert!(BLOCK >= 64 + 16 * row && BLOCK < 64 + 16 * row + 256, "{BLOCK} {row}");
}

/// What a world sends by hand, in its intake, is under the same rules.
#[test]
fn an_intake_takes_in_by_hand() {
    funnel!(transfer_queue(capacity = 8));
    let mut funnel = Funnel::new();
    funnel.set_intake::<Sink>(|world, endpoint| {
        while let Some(mut transfer) = endpoint.pop_transfer() {
            transfer.get_mut::<Number>().unwrap().0 += 1000;
            world.insert_transfer(transfer).unwrap();
        }
    });
    spawn_complete(funnel.world_mut::<Left>(), 0..3);
    funnel.tick().unwrap();
    assert_eq!(numbers(funnel.world::<Sink>()), [1000, 1001, 1002]);
    assert!(funnel.conservation().holds());
}

#[test]
fn each_member_of_an_array_can_have_an_intake() {
    #[world_config(base = Base, source, targets(Sink))]
    struct Spring;
    #[world_config(base = Base, neighbours = nobody)]
    struct Sink;
    const fn nobody(_: usize, _: usize) -> bool {
        false
    }
    coordinator!(type Falls = (Spring, [Sink; 2]));

    let mut falls = Falls::new();
    for member in 0..2 {
        falls.set_intake_at::<Sink>(member, move |world, endpoint| {
            while let Some(mut transfer) = endpoint.pop_transfer() {
                transfer.get_mut::<Number>().unwrap().0 += 100 * member as u32;
                world.insert_transfer(transfer).unwrap();
            }
        });
    }
    for target in [1, 2] {
        let spring = falls.world_mut::<Spring>();
        spring.spawn((Number(1), TransferMarker::to(target))).unwrap();
    }
    falls.tick().unwrap();
    assert_eq!(numbers(falls.world_at::<Sink>(0)), [1]);
    assert_eq!(numbers(falls.world_at::<Sink>(1)), [101]);
}
