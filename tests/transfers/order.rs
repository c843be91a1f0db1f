//! Who goes first, and copies.

use std::sync::Mutex;

use static_ecs::prelude::*;
use static_ecs::{PRIORITY_BURST, Problem};

use crate::*;

#[world_config(base = Base, source, routing(default_target = Sink))]
struct Start;
#[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 4, spsc = true))]
struct Sink;
coordinator!(type Pair = (Start, Sink));

/// Notes the numbers that arrive at the sink, in order.
fn note_arrivals(pair: &mut Pair) -> Arc<Mutex<Vec<u32>>> {
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let noted = arrived.clone();
    pair.world_mut::<Sink>().on_arrive(move |world, entity| {
        noted.lock().unwrap().push(world.get::<Number>(entity).unwrap().0);
    });
    arrived
}

#[test]
fn entities_of_one_archetype_keep_their_order() {
    let mut pair = Pair::new();
    let arrived = note_arrivals(&mut pair);
    spawn_complete(pair.world_mut::<Start>(), 0..200);
    while pair.tick().unwrap().is_busy() {}
    assert_eq!(*arrived.lock().unwrap(), (0..200).collect::<Vec<_>>());
}

#[test]
fn explicit_markers_go_before_completed_entities() {
    let mut pair = Pair::new();
    let arrived = note_arrivals(&mut pair);
    let start = pair.world_mut::<Start>();
    spawn_complete(start, 0..3);
    for number in 10..13 {
        start.spawn((Number(number), TransferMarker::to(1))).unwrap();
    }
    // A marker replaces a completion, and stays in force after one.
    let both = spawn_complete(start, 13..14)[0];
    start.insert(both, (TransferMarker::to(1),)).unwrap();
    start.complete(both).unwrap();
    pair.tick().unwrap();
    assert_eq!(*arrived.lock().unwrap(), [10, 11, 12, 13, 0, 1, 2]);
}

#[test]
fn priority_is_drained_first_but_does_not_starve_the_rest() {
    let mut pair = Pair::new();
    let arrived = note_arrivals(&mut pair);
    for number in 0..3 {
        pair.queue_transfer(0, 1, transfer(0, 1, number)).unwrap();
    }
    for number in 100..120 {
        pair.queue_transfer(0, 1, transfer(0, 1, number).with_priority(true)).unwrap();
    }
    pair.tick_world::<Sink>().unwrap();
    assert_eq!(PRIORITY_BURST, 8);
    let mut expected: Vec<u32> = (100..108).collect();
    expected.push(0);
    expected.extend(108..116);
    expected.push(1);
    expected.extend(116..120);
    expected.push(2);
    assert_eq!(*arrived.lock().unwrap(), expected);
}

#[test]
fn pops_take_priority_first_with_the_same_burst() {
    let mut pair = Pair::new();
    for number in 0..2 {
        pair.queue_transfer(0, 1, transfer(0, 1, number)).unwrap();
    }
    for number in 100..110 {
        pair.queue_transfer(0, 1, transfer(0, 1, number).with_priority(true)).unwrap();
    }
    let popped = std::iter::from_fn(|| pair.pop_transfer_for(1));
    let popped: Vec<u32> = popped.map(|mut one| one.unpack::<Number>().unwrap().0).collect();
    assert_eq!(popped, [100, 101, 102, 103, 104, 105, 106, 107, 0, 108, 109, 1]);
}

#[test]
fn a_marker_with_priority_overtakes() {
    let mut pair = Pair::new();
    let arrived = note_arrivals(&mut pair);
    let start = pair.world_mut::<Start>();
    for (number, priority) in [(0, false), (1, true), (2, false), (3, true)] {
        let marker = TransferMarker { target_world: 1, priority, destroy_on_transfer: true };
        start.spawn((Number(number), marker)).unwrap();
    }
    pair.tick().unwrap();
    assert_eq!(*arrived.lock().unwrap(), [1, 3, 0, 2]);
}

/// Where there is little room, tables take turns by age.
#[test]
fn no_archetype_waits_behind_another_for_good() {
    #[world_config(base = Base, source, routing(default_target = Narrow))]
    struct Busy;
    #[world_config(base = Base, transfer_queue(capacity = 2, batch_size = 2))]
    struct Narrow;
    coordinator!(type Strait = (Busy, Narrow));
    for tagged_first in [false, true] {
        let mut strait = Strait::new();
        // The table that is first in line is the one that is there first.
        let first = strait.world_mut::<Busy>().spawn((Number(0),)).unwrap();
        strait.world_mut::<Busy>().insert(first, (Tag,)).unwrap();
        strait.world_mut::<Busy>().despawn(first).unwrap();
        let rare = |world: &mut World<Busy>| {
            let rare = world.spawn((Number(u32::MAX),)).unwrap();
            if !tagged_first {
                world.insert(rare, (Tag,)).unwrap();
            }
            world.complete(rare).unwrap();
            rare
        };
        let busy = strait.world_mut::<Busy>();
        let rare = rare(busy);
        let mut ticks = 0;
        while !strait.world::<Narrow>().contains(rare) {
            // More of the other kind in each tick than there is room for.
            let busy = strait.world_mut::<Busy>();
            for _ in 0..4 {
                let entity = busy.spawn((Number(1),)).unwrap();
                if tagged_first {
                    busy.insert(entity, (Tag,)).unwrap();
                }
                busy.complete(entity).unwrap();
            }
            strait.tick().unwrap();
            ticks += 1;
            assert!(ticks < 10, "it still waits");
        }
    }
}

#[test]
fn a_copy_has_a_fresh_id_of_the_senders() {
    let mut pair = Pair::new();
    let copy = TransferMarker { target_world: 1, priority: false, destroy_on_transfer: false };
    let start = pair.world_mut::<Start>();
    let friend = start.spawn((Number(7), Tag)).unwrap();
    let entity = start.spawn((Number(8), Friend(friend), copy)).unwrap();
    pair.tick().unwrap();
    pair.tick().unwrap();
    assert_eq!(pair.world::<Start>().get::<Number>(entity), Ok(&Number(8)), "it stays");
    assert_eq!(pair.world::<Start>().outbox_len(), 0, "and goes once");
    let sink = pair.world::<Sink>();
    let arrived: Vec<Entity> = sink.entities().collect();
    let &[copied] = &arrived[..] else { panic!("{arrived:?}") };
    assert_ne!(copied, entity);
    assert_eq!(copied.origin(), pair.world::<Start>().origin());
    assert_eq!(sink.get::<Number>(copied), Ok(&Number(8)));
    assert_eq!(sink.get::<Friend>(copied), Ok(&Friend(friend)));
    assert!(pair.conservation().holds());
}

#[test]
fn a_copy_of_what_is_not_clone_stays_and_is_counted() {
    let mut pair = Pair::new();
    let drops = Drops::new(2);
    let copy = TransferMarker { target_world: 1, priority: true, destroy_on_transfer: false };
    let start = pair.world_mut::<Start>();
    let entities = [0, 1].map(|index| start.spawn((drops.value(index), copy)).unwrap());
    let plain = start.spawn((Number(1), copy)).unwrap();
    pair.tick().unwrap();
    pair.tick().unwrap();
    let start = pair.world::<Start>();
    assert!(entities.iter().chain([&plain]).all(|&entity| start.contains(entity)));
    assert_eq!(start.outbox_len(), 0);
    assert_eq!(numbers(pair.world::<Sink>()), [1]);
    assert_eq!(pair.stats().worlds[0].counts.not_clone, 2);
    assert_eq!(pair.pending_transfers_for(1), 0, "no room is lost");
    let problem = Problem::NotClone { world: "Start", component: "Owned" };
    assert_eq!(pair.problems(), [problem]);
    assert_eq!(drops.total(), 0);
    assert!(pair.conservation().holds());
    drop(pair);
    drops.each_once();
}
