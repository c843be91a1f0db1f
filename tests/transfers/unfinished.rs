//! What a stop could not finish comes back as entities with their components.

use std::collections::BTreeMap;
use std::time::Duration;

use static_ecs::location::Whereabouts;
use static_ecs::prelude::*;

use crate::*;

/// The worlds stop the wrong way around, so that no id is a place.
#[world_config(base = Base, world_id = 1, max_entities = 4)]
struct Full;
#[world_config(base = Base, world_id = 0, source,
    routing(default_target = Full, Tag => Crowd), targets(Full, Ring, Spilling, Lingering))]
struct Start;
#[world_config(base = Base, world_id = 2, max_entities = 2, transfer_queue(spsc = true))]
struct Ring;
#[world_config(base = Base, world_id = 3, max_entities = 2, transfer_queue(on_full = spill(5)))]
struct Spilling;
#[world_config(base = Base, world_id = 4, transfer_queue(linger = 1_000_000_000))]
struct Lingering;
#[world_config(base = Base, world_id = 5, max_entities = 1)]
struct Crowd;
coordinator!(type Jam = (Full, Start, Ring, Spilling, Lingering, [Crowd; 2]));

const TICKS: usize = if cfg!(miri) { 6 } else { 40 };

/// Numbers, each with the world that it comes from and the one that it goes to.
fn taken(jam: &mut Jam) -> BTreeMap<u32, (u16, u16, bool)> {
    let taken = jam.take_unfinished().map(|mut transfer| {
        let number = transfer.unpack::<Number>().unwrap().0;
        (number, (transfer.source(), transfer.target(), transfer.flags().priority))
    });
    let taken: Vec<_> = taken.collect();
    let count = taken.len();
    let taken: BTreeMap<_, _> = taken.into_iter().collect();
    assert_eq!(taken.len(), count, "nobody comes twice");
    taken
}

fn send(jam: &mut Jam, number: u32, marker: TransferMarker) -> Entity {
    let start = jam.world_mut::<Start>();
    let entity = start.spawn(Number(number)).unwrap();
    start.insert(entity, marker).unwrap();
    entity
}

fn here(jam: &Jam) -> usize {
    let crowd: usize = jam.worlds::<Crowd>().map(World::len).sum();
    jam.world::<Full>().len()
        + jam.world::<Start>().len()
        + jam.world::<Ring>().len()
        + jam.world::<Spilling>().len()
        + jam.world::<Lingering>().len()
        + crowd
}

/// How many are spawned.
const ALL: usize = 100;

/// Sends up to 20 each way, with and without priority, and 20 to an array that shares an
/// inbox; 7 more stay and want nothing. Whose number is `25 * n + ..` goes to the world
/// with the id `n + 1`.
fn fill(jam: &mut Jam) {
    for target in 1..=4 {
        for n in 0..if target == 4 { 13 } else { 20 } {
            let marker = TransferMarker { priority: n % 5 == 0, ..TransferMarker::to(target) };
            send(jam, u32::from(target - 1) * 25 + n, marker);
        }
    }
    let start = jam.world_mut::<Start>();
    for number in 100..120 {
        let entity = start.spawn((Number(number), Tag)).unwrap();
        start.complete(entity).unwrap();
    }
    start.spawn_batch((200..207).map(|number| (Number(number),))).unwrap();
}

#[track_caller]
fn check(jam: &mut Jam) {
    let before = jam.conservation();
    assert!(before.holds(), "{before}");
    assert!(before.in_flight() > 0);
    let edges = jam.stats().edges;
    assert!(edges.iter().any(|edge| edge.counts.spilled == 5), "{edges:?}");
    assert!(jam.world::<Start>().outbox_len() > 0);
    let taken = taken(jam);
    let mut ways = [0; 5];
    for (&number, &(from, to, priority)) in &taken {
        let way = number / 25;
        // A member of the array may have a batch in hand.
        assert!(u32::from(to) == way + 1 || (way, to) == (4, 6), "{number} to {to}");
        assert_eq!((from, priority), (0, number < 100 && number % 5 == 0), "{number}");
        ways[way as usize] += 1;
    }
    assert_eq!(ways, [16, 18, 18, 2, 18]);
    assert_eq!(numbers(jam.world::<Start>()), (200..207).collect::<Vec<_>>());
    assert_eq!(taken.len() + here(jam), ALL);
    assert_eq!(jam.world::<Lingering>().len(), 11, "full batches went, and who has priority");
    let after = jam.conservation();
    assert!(after.holds(), "{after}");
    assert_eq!((after.in_flight(), after.live()), (0, 28));
    assert!(jam.stats().edges.iter().all(|edge| edge.counts.spilled == 0));
    assert_eq!(jam.take_unfinished().count(), 0);
    assert!(jam.drain(5).unwrap(), "nothing is left to do");
}

#[test]
fn what_waits_anywhere_is_handed_back_by_hand() {
    let mut jam = Jam::new();
    jam.start().unwrap();
    fill(&mut jam);
    for _ in 0..TICKS {
        jam.tick().unwrap();
    }
    check(&mut jam);
}

#[test]
fn what_waits_anywhere_is_handed_back_in_lock_step() {
    for placement in [Placement::Single, Placement::PerWorld] {
        let mut jam = Jam::new();
        fill(&mut jam);
        let mut stopped = jam.run_ticks(placement, TICKS as u64).unwrap();
        check(&mut stopped.coordinator);
    }
}

#[test]
fn what_waits_anywhere_is_handed_back_after_a_stop() {
    for placement in [Placement::Single, Placement::PerWorld] {
        let mut jam = Jam::new();
        fill(&mut jam);
        let running = jam.run(placement).unwrap();
        // 4 + 2 + 2 + 2, and 11 that don't linger.
        while running.stats().received() < 21 {
            std::thread::yield_now();
        }
        let mut stopped = running.stop_within(Duration::from_millis(30));
        assert!(!stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        check(&mut stopped.coordinator);
    }
}

#[test]
fn a_second_request_ends_a_stop_at_once_and_loses_nothing() {
    for placement in [Placement::Single, Placement::PerWorld] {
        let mut jam = Jam::new();
        fill(&mut jam);
        let running = jam.run(placement).unwrap();
        let (first, second) = (running.stop_handle(), running.stop_handle());
        first.stop_within(Duration::from_secs(600));
        let asker = std::thread::spawn(move || second.stop_within(Duration::ZERO));
        let mut stopped = running.join();
        asker.join().unwrap();
        assert!(!stopped.drained && stopped.conservation.holds(), "{stopped:?}");
        let jam = &mut stopped.coordinator;
        assert_eq!(taken(jam).len() + here(jam), ALL);
        assert!(jam.conservation().holds());
    }
}

/// A value that owns memory, and ids that go on elsewhere.
#[test]
fn they_keep_their_ids_and_values_are_dropped_once() {
    let drops = Drops::new(24);
    let mut jam = Jam::new();
    let mut entities = Vec::new();
    for index in 0..24 {
        let start = jam.world_mut::<Start>();
        let entity = start.spawn((drops.value(index),)).unwrap();
        let friend = entities.last().copied().unwrap_or(entity);
        start.insert(entity, Friend(friend)).unwrap();
        start.insert(entity, TransferMarker::to(3)).unwrap();
        entities.push(entity);
    }
    (0..3).for_each(|_| _ = jam.tick().unwrap());
    let left: Vec<_> = jam.take_unfinished().collect();
    assert_eq!((left.len(), drops.total()), (22, 0));
    assert!(
        left.iter().map(|transfer| transfer.entity()).eq(entities[2..].iter().copied().map(Some))
    );
    for (index, transfer) in left.into_iter().enumerate() {
        let index = index + 2;
        assert_eq!(transfer.get::<Owned>().map(|owned| owned.index), Some(index));
        assert_eq!(transfer.get::<Friend>().map(|friend| friend.0), Some(entities[index - 1]));
        match index % 2 {
            // By another way.
            0 => {
                let entity = jam.world_mut::<Lingering>().insert_transfer(transfer).unwrap();
                assert_eq!(entity, entities[index]);
            }
            _ => jam.world_mut::<Start>().end_transfer(transfer),
        }
    }
    assert_eq!((drops.total(), jam.world::<Lingering>().len()), (11, 11));
    assert!(jam.conservation().holds());
    assert_eq!(jam.locate(entities[4]), Whereabouts::At(4));
    assert_eq!(jam.locate(entities[5]), Whereabouts::Dead);
    drop(jam);
    drops.each_once();
}

#[test]
fn what_is_not_taken_goes_on() {
    let mut jam = Jam::new();
    jam.start().unwrap();
    fill(&mut jam);
    (0..TICKS).for_each(|_| _ = jam.tick().unwrap());
    // In the middle of a block, of a spill, and of an outbox.
    let mut count = 0;
    for some in [3, 21, 21, 1, 11] {
        count += jam.take_unfinished().take(some).count();
        assert!(jam.conservation().holds());
    }
    assert_eq!((count, here(&jam) as u64 + jam.conservation().in_flight()), (57, ALL as u64 - 57));
    let waiting = jam.world::<Start>().outbox_len();
    assert!(waiting > 0);
    // There is room again.
    for _ in 0..TICKS {
        for entity in jam.world::<Crowd>().entities().collect::<Vec<_>>() {
            jam.world_mut::<Crowd>().despawn(entity).unwrap();
        }
        jam.tick().unwrap();
    }
    assert!(jam.world::<Start>().outbox_len() < waiting);
    let left = taken(&mut jam);
    assert!(left.values().all(|way| way.1 == 4), "{left:?}");
    assert!(jam.conservation().holds());
}

#[test]
fn copies_and_those_without_a_way_stay() {
    let mut jam = Jam::new();
    let copy = TransferMarker { destroy_on_transfer: false, ..TransferMarker::to(1) };
    send(&mut jam, 0, copy);
    send(&mut jam, 1, TransferMarker::to(6));
    send(&mut jam, 2, TransferMarker::to(90));
    let full = jam.world_mut::<Full>().spawn((Number(3),)).unwrap();
    jam.world_mut::<Full>().complete(full).unwrap();
    send(&mut jam, 4, TransferMarker { priority: true, ..TransferMarker::to(1) });
    send(&mut jam, 5, TransferMarker::to(2));
    let taken = taken(&mut jam);
    assert!(taken.into_iter().eq([(4, (0, 1, true)), (5, (0, 2, false))]));
    assert_eq!(numbers(jam.world::<Start>()), [0, 1, 2]);
    let problems = jam.problems();
    assert_eq!(problems.len(), 3, "{problems:?}");
    // What is asked is still asked: the copy goes.
    assert_eq!(jam.world::<Start>().outbox_len(), 3);
    jam.tick().unwrap();
    jam.tick().unwrap();
    assert_eq!(numbers(jam.world::<Full>()), [0, 3]);
    assert!(jam.conservation().holds());
}

#[test]
fn whole_tables_that_wait_are_handed_back() {
    let mut jam = Jam::new();
    let start = jam.world_mut::<Start>();
    start.spawn_batch((0..30).map(|number| (Number(number),))).unwrap();
    let own = start.spawn((Number(30),)).unwrap();
    start.insert(own, TransferMarker::to(2)).unwrap();
    start.spawn_batch((31..35).map(|number| (Number(number), Tag))).unwrap();
    assert_eq!(start.transfer_query::<(With<Number>, Without<Tag>)>(1), 31);
    (0..3).for_each(|_| _ = jam.tick().unwrap());
    let before = jam.conservation();
    let taken = taken(&mut jam);
    assert_eq!(taken.len() as u64, before.in_flight() + before.live() - 4 - 4 - 1);
    assert!(taken.values().all(|&way| way == (0, 1, false)), "{taken:?}");
    assert_eq!((here(&jam), jam.world::<Ring>().len()), (9, 1));
    assert_eq!(jam.world::<Start>().outbox_len(), 0);
    assert!(jam.conservation().holds());
}
