//! What is less than a batch waits for more, for a bounded number of ticks.

use static_ecs::prelude::*;

use crate::*;

macro_rules! pair {
    ($($setting:tt)*) => {
        #[world_config(base = Base, source, routing(default_target = Sink), targets(Sink))]
        struct Start;
        #[world_config(
            base = Base,
            transfer_queue(capacity = 16, batch_size = 4, linger = 3, $($setting)*)
        )]
        struct Sink;
        coordinator!(type Pair = (Start, Sink));
    };
}

/// How many left in a tick of the source, and how many batches in all.
macro_rules! tick {
    ($pair:expr) => {{
        let sent = $pair.tick_world::<Start>().unwrap().sent;
        (sent, $pair.stats().edge(0, 1).unwrap().batches)
    }};
}

#[test]
fn a_part_of_a_batch_waits_for_its_ticks() {
    pair!();
    let mut pair = Pair::new();
    spawn_complete(pair.world_mut::<Start>(), 0..6);
    assert_eq!(tick!(pair), (4, 1), "a full batch goes at once");
    let waiting = pair.tick_world::<Start>().unwrap().waiting;
    assert_eq!(waiting, 2);
    assert_eq!(tick!(pair), (0, 1));
    assert_eq!(tick!(pair), (2, 2), "after 3 ticks");
    // From then on anew.
    spawn_complete(pair.world_mut::<Start>(), 6..7);
    for _ in 0..3 {
        assert_eq!(tick!(pair), (0, 2));
    }
    assert_eq!(tick!(pair), (1, 3));
}

#[test]
fn a_batch_that_fills_goes() {
    pair!();
    let mut pair = Pair::new();
    let mut entities = spawn_complete(pair.world_mut::<Start>(), 0..3);
    assert_eq!(tick!(pair), (0, 0));
    entities.extend(spawn_complete(pair.world_mut::<Start>(), 3..6));
    assert_eq!(tick!(pair), (4, 1), "the oldest");
    assert!(entities[..4].iter().all(|&entity| !pair.world::<Start>().contains(entity)));
    assert!(entities[4..].iter().all(|&entity| pair.world::<Start>().contains(entity)));
}

/// One that comes in each tick does not keep the others waiting.
#[test]
fn nobody_waits_for_longer_than_its_ticks() {
    pair!();
    let mut pair = Pair::new();
    let mut waits = std::collections::VecDeque::new();
    for tick in 0..40 {
        waits.extend(spawn_complete(pair.world_mut::<Start>(), tick..tick + 1));
        tick!(pair);
        waits.retain(|&entity| pair.world::<Start>().contains(entity));
        assert!(waits.len() <= 3, "{} wait", waits.len());
        pair.tick_world::<Sink>().unwrap();
    }
    let edge = *pair.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.batches), (40, 10));
}

#[test]
fn priority_and_tables_do_not_wait() {
    pair!();
    let mut pair = Pair::new();
    let urgent = TransferMarker { priority: true, ..1.into() };
    pair.world_mut::<Start>().spawn((Number(1), urgent)).unwrap();
    assert_eq!(tick!(pair), (1, 1));
    pair.world_mut::<Start>().spawn(Number(2)).unwrap();
    pair.world_mut::<Start>().transfer_query::<()>(1);
    assert_eq!(tick!(pair), (1, 2));
}

#[test]
fn who_waits_for_a_batch_to_fill_is_no_pressure() {
    pair!();
    let mut pair = Pair::new();
    pair.start().unwrap();
    spawn_complete(pair.world_mut::<Start>(), 0..2);
    assert_eq!(tick!(pair).0, 0);
    assert!(pair.world_mut::<Start>().try_admit(1).is_ok());
}

#[test]
fn who_found_no_room_goes_as_soon_as_there_is_some() {
    pair!();
    let mut pair = Pair::new();
    spawn_complete(pair.world_mut::<Start>(), 0..18);
    assert_eq!(tick!(pair).0, 16);
    spawn_complete(pair.world_mut::<Start>(), 18..20);
    assert_eq!(tick!(pair).0, 0, "a full batch, and no room");
    pair.tick_world::<Sink>().unwrap();
    spawn_complete(pair.world_mut::<Start>(), 20..21);
    assert_eq!(tick!(pair).0, 5, "all at once");
}

/// A stop does not leave them behind, nor does lock-step.
#[test]
fn all_arrive_in_the_end() {
    pair!();
    for threaded in [false, true] {
        let mut pair = Pair::new();
        spawn_complete(pair.world_mut::<Start>(), 0..7);
        if threaded {
            let stopped = pair.run(Placement::PerWorld).unwrap().stop();
            assert!(stopped.drained);
            pair = stopped.coordinator;
        } else {
            pair.start().unwrap();
            for _ in 0..6 {
                pair.step().unwrap();
            }
        }
        assert_eq!(numbers(pair.world::<Sink>()), (0..7).collect::<Vec<_>>());
        assert_eq!(pair.stats().edge(0, 1).unwrap().batches, 2);
        assert!(pair.conservation().holds());
    }
}
