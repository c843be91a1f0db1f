//! What happens when a queue is full, and how pressure reaches the first world.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use static_ecs::Overloaded;
use static_ecs::prelude::*;
use static_ecs::world::DepartureKind;

use crate::*;

/// A source and a sink with room for 8 in flight.
macro_rules! pair {
    ($($setting:tt)*) => {
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Start;
        #[world_config(
            base = Base,
            max_entities = 16,
            transfer_queue(capacity = 8, batch_size = 4, $($setting)*)
        )]
        struct Sink;
        coordinator!(type Pair = (Start, Sink));
    };
}

#[test]
fn retain_keeps_them_and_tries_again() {
    pair!(on_full = retain);
    let mut pair = Pair::new();
    let entities = spawn_complete(pair.world_mut::<Start>(), 0..30);
    pair.tick_world::<Start>().unwrap();
    let start = pair.world::<Start>();
    assert_eq!((start.len(), start.outbox_len()), (22, 22));
    assert!(entities[8..].iter().all(|&entity| start.contains(entity)), "the oldest went");
    assert_eq!(start.get::<Number>(entities[29]), Ok(&Number(29)));
    pair.tick_world::<Sink>().unwrap();
    pair.tick_world::<Start>().unwrap();
    assert_eq!(pair.world::<Start>().outbox_len(), 14);
    // One of those that wait can be called back, changed, or ended.
    let start = pair.world_mut::<Start>();
    start.recall(entities[20]).unwrap();
    start.despawn(entities[21]).unwrap();
    start.insert(entities[22], (Tag,)).unwrap();
    let mut came = 0;
    while pair.tick().unwrap().is_busy() {
        came += pair.world::<Sink>().len();
        pair.world_mut::<Sink>().clear();
    }
    assert_eq!((came, pair.world::<Start>().len()), (28, 1));
    assert!(pair.conservation().holds());
}

#[test]
fn shed_drops_the_oldest_through_the_depart_hook_but_no_priority() {
    pair!(on_full = shed);
    let mut pair = Pair::new();
    let shed = Arc::new(Mutex::new(Vec::new()));
    let noted = shed.clone();
    pair.world_mut::<Start>().on_depart(move |world, entity, departure| {
        if departure.kind == DepartureKind::Shed {
            assert_eq!(departure.target, 1);
            noted.lock().unwrap().push(world.get::<Number>(entity).unwrap().0);
        }
    });
    let urgent = TransferMarker { target_world: 1, priority: true, destroy_on_transfer: true };
    for number in 100..112 {
        pair.world_mut::<Start>().spawn((Number(number), urgent)).unwrap();
    }
    let entities = spawn_complete(pair.world_mut::<Start>(), 0..12);
    pair.tick_world::<Start>().unwrap();
    assert_eq!(*shed.lock().unwrap(), [0, 1, 2, 3]);
    assert!(!pair.world::<Start>().contains(entities[0]));
    let edge = *pair.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.shed), (8 + 12, 4));
    assert_eq!(pair.world::<Start>().outbox_len(), 4, "priority waits");
    assert!(pair.conservation().holds());
    pair.tick_world::<Sink>().unwrap();
    pair.tick_world::<Start>().unwrap();
    assert_eq!(pair.world::<Start>().len(), 0);
    assert_eq!(pair.stats().edge(0, 1).unwrap().shed, 4);
    // The slots of what was shed are used again.
    let mut bytes = Vec::new();
    for _ in 0..1000 {
        spawn_complete(pair.world_mut::<Start>(), 0..12);
        pair.tick_world::<Start>().unwrap();
        bytes.push(pair.world::<Start>().bytes());
    }
    assert_eq!(bytes[999], bytes[9]);
    assert!(pair.conservation().holds());
}

#[test]
fn spill_holds_a_limited_number_at_the_source_then_retains() {
    pair!(on_full = spill(6));
    let mut pair = Pair::new();
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let noted = arrived.clone();
    pair.world_mut::<Sink>().on_arrive(move |world, entity| {
        noted.lock().unwrap().push(world.get::<Number>(entity).unwrap().0);
    });
    spawn_complete(pair.world_mut::<Start>(), 0..20);
    pair.tick_world::<Start>().unwrap();
    let start = pair.world::<Start>();
    assert_eq!((start.len(), start.outbox_len()), (6, 6), "8 in the queue, 6 in the spill");
    let edge = *pair.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.spilled), (14, 6));
    assert_eq!(pair.stats().worlds[0].counts.waiting, 12);
    let conservation = pair.conservation();
    assert!(conservation.holds(), "{conservation}");
    assert_eq!(conservation.edges[0].in_flight, 14);
    // Who sends by hand waits behind the spill.
    pair.pop_transfer_for(1).unwrap();
    let error = pair.queue_transfer(0, 1, transfer(0, 1, 99)).unwrap_err();
    assert!(error.is_full());
    while pair.tick().unwrap().is_busy() {
        pair.world_mut::<Sink>().clear();
    }
    assert_eq!(*arrived.lock().unwrap(), (1..20).collect::<Vec<_>>(), "order is kept");
    assert_eq!(pair.stats().edge(0, 1).unwrap().spilled, 0);
    assert!(pair.conservation().holds());
}

#[test]
fn spill_is_dropped_with_the_coordinator() {
    pair!(on_full = spill(6));
    let drops = Drops::new(20);
    let mut pair = Pair::new();
    for index in 0..20 {
        let entity = pair.world_mut::<Start>().spawn((drops.value(index),)).unwrap();
        pair.world_mut::<Start>().complete(entity).unwrap();
    }
    pair.tick_world::<Start>().unwrap();
    let conservation = pair.close();
    assert_eq!(conservation.edges[0].stats.counts.dropped, 14);
    assert!(conservation.holds(), "{conservation}");
    drops.each_once();
}

/// A spilled batch for which there is never room as a whole, since a cycle's
/// inbox admits one at a time here, goes in parts.
#[test]
fn spill_goes_in_parts() {
    #[world_config(base = Base, source, routing(default_target = Here))]
    struct Outside;
    #[world_config(
        base = Base,
        routing(default_target = There),
        transfer_queue(capacity = 4, batch_size = 4, on_full = spill(16))
    )]
    struct Here;
    #[world_config(base = Base, routing(default_target = Here))]
    struct There;
    coordinator!(type Circle = (Outside, Here, There));
    let mut circle = Circle::new();
    spawn_complete(circle.world_mut::<Outside>(), 0..20);
    for _ in 0..40 {
        circle.tick().unwrap();
    }
    assert_eq!(numbers(circle.world::<Here>()), (0..20).collect::<Vec<_>>());
    assert!(circle.conservation().holds());
}

#[test]
fn block_ticks_a_target_on_the_same_thread() {
    pair!(on_full = block(10s));
    let mut pair = Pair::new();
    pair.add_system::<Sink, _>(|world: &mut World<Sink>| world.clear());
    spawn_complete(pair.world_mut::<Start>(), 0..100);
    pair.tick_world::<Start>().unwrap();
    assert_eq!(pair.world::<Start>().len(), 0, "all in one tick of its own");
    assert!(pair.stats().worlds[1].counts.ticks >= 10);
    pair.tick().unwrap();
    assert_eq!(pair.stats().received(), 100);
    assert!(pair.conservation().holds());
}

#[test]
fn block_gives_up_after_its_time() {
    pair!(on_full = block(20ms));
    let mut pair = Pair::new();
    // Room for 16 and 8 in flight: 6 stay.
    spawn_complete(pair.world_mut::<Start>(), 0..30);
    let begun = Instant::now();
    pair.tick_world::<Start>().unwrap();
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(20) && took < Duration::from_secs(2), "{took:?}");
    let start = pair.world::<Start>();
    assert_eq!((start.len(), start.outbox_len()), (6, 6), "then as `retain`");
    assert_eq!(pair.pending_transfers_for(1), 8);
    assert!(pair.conservation().holds());
}

#[test]
fn block_acts_as_retain_where_the_target_has_failed() {
    pair!(on_full = block(60s));
    let mut pair = Pair::new();
    pair.add_system::<Sink, _>(|_: &mut World<Sink>| Err("broken"));
    spawn_complete(pair.world_mut::<Start>(), 0..30);
    let failure = pair.tick_world::<Start>().unwrap_err();
    assert_eq!((failure.world, failure.id), ("Sink", 1), "ticked by who waited for it");
    let begun = Instant::now();
    pair.tick().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(pair.world::<Start>().outbox_len() > 0);
    assert!(pair.conservation().holds());
}

#[test]
fn block_waits_for_a_target_on_another_thread() {
    pair!(on_full = block(10s));
    let mut pair = Pair::new();
    pair.add_system::<Sink, _>(|world: &mut World<Sink>| {
        std::thread::sleep(Duration::from_millis(2));
        world.clear();
    });
    spawn_complete(pair.world_mut::<Start>(), 0..100);
    let running = pair.run(Placement::PerWorld).unwrap();
    while running.stats().received() < 100 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let stopped = running.stop();
    assert!(stopped.drained && stopped.conservation.holds(), "{stopped:?}");
    let ticks = stopped.coordinator.stats().worlds[0].counts.ticks;
    assert!(ticks < 20, "it waited within its tick, {ticks}");
}

#[world_config(base = Base, role = accept, routing(default_target = Io))]
struct Accept;
#[world_config(
    base = Base,
    role = io,
    max_entities = 16,
    routing(default_target = Compute, Tag => Accept),
    transfer_queue(capacity = 8, batch_size = 4)
)]
struct Io;
#[world_config(
    base = Base,
    role = compute,
    max_entities = 8,
    routing(default_target = Io),
    transfer_queue(capacity = 8, batch_size = 4)
)]
struct Compute;
coordinator!(type Server = (Accept, Io, Compute));

fn full_circle() -> Server {
    let mut server = Server::new();
    server.add_system::<Io, _>(complete_all::<Io>);
    server.add_system::<Compute, _>(complete_all::<Compute>);
    spawn_complete(server.world_mut::<Accept>(), 0..1000);
    server
}

/// Io and Compute are full, both queues between them are full, and Accept still
/// presses: what goes around goes on.
#[test]
fn a_full_cycle_still_turns() {
    let mut server = full_circle();
    for _ in 0..50 {
        server.tick().unwrap();
    }
    let full = server.conservation().in_flight() + server.conservation().live();
    assert_eq!(full, 1000);
    assert!(server.world::<Accept>().len() > 900, "the circle takes no more");
    let before = server.stats();
    for _ in 0..100 {
        server.tick().unwrap();
    }
    let after = server.stats();
    for (from, to) in [(1, 2), (2, 1)] {
        let moved =
            after.edge(from, to).unwrap().received - before.edge(from, to).unwrap().received;
        assert!(moved >= 100, "{from} -> {to}: {moved} in 100 ticks");
    }
    assert!(server.conservation().holds());
}

/// The same with rings, where room in the world is what is left free.
#[test]
fn a_full_cycle_of_rings_still_turns() {
    #[world_config(base = Base, role = accept, routing(default_target = Near))]
    struct Door;
    #[world_config(
        base = Base,
        role = io,
        max_entities = 16,
        routing(default_target = Off),
        transfer_queue(capacity = 8, batch_size = 4, spsc = true)
    )]
    struct Near;
    #[world_config(
        base = Base,
        max_entities = 8,
        routing(default_target = Near),
        transfer_queue(capacity = 8, batch_size = 4, spsc = true)
    )]
    struct Off;
    coordinator!(type Circle = (Door, Near, Off));
    let mut circle = Circle::new();
    circle.add_system::<Near, _>(complete_all::<Near>);
    circle.add_system::<Off, _>(complete_all::<Off>);
    spawn_complete(circle.world_mut::<Door>(), 0..1000);
    for _ in 0..50 {
        circle.tick().unwrap();
    }
    let before = circle.stats().edge(2, 1).unwrap().received;
    for _ in 0..100 {
        circle.tick().unwrap();
    }
    assert!(circle.stats().edge(2, 1).unwrap().received - before >= 100);
    assert!(circle.world::<Door>().len() > 900);
    assert!(circle.conservation().holds());
}

#[test]
fn a_full_cycle_still_turns_on_threads() {
    for placement in [Placement::PerWorld, Placement::Single] {
        let running = full_circle().run(placement).unwrap();
        let (mut received, mut moved) = (0, Instant::now());
        while received < 5_000 {
            let now = running.stats().edge(2, 1).unwrap().received;
            if now > received {
                (received, moved) = (now, Instant::now());
            }
            let still = moved.elapsed();
            assert!(still < Duration::from_secs(20), "it stands still: {:?}", running.stats());
            std::thread::sleep(Duration::from_millis(1));
        }
        let stopped = running.stop_within(Duration::from_millis(50));
        assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
        let found = stopped.conservation.live() + stopped.conservation.in_flight();
        assert_eq!(found, 1000);
    }
}

#[test]
fn pressure_reaches_the_first_world_and_goes_away_again() {
    #[world_config(base = Base, source, routing(default_target = Second))]
    struct First;
    #[world_config(base = Base, routing(default_target = Third))]
    struct Second;
    #[world_config(base = Base, max_entities = 8, transfer_queue(capacity = 8, batch_size = 4))]
    struct Third;
    coordinator!(type Chain = (First, Second, Third));
    let mut chain = Chain::new();
    chain.add_system::<Second, _>(complete_all::<Second>);
    assert_eq!(chain.world::<First>().try_admit(4), Ok(()));
    spawn_complete(chain.world_mut::<First>(), 0..30);
    for _ in 0..10 {
        chain.tick().unwrap();
    }
    let pressed = chain.world::<First>().try_admit(1).unwrap_err();
    assert!(matches!(pressed, Overloaded::Downstream { world: "Second" | "Third" }), "{pressed}");
    assert!(chain.world::<Third>().try_admit(1).is_err(), "and is its own");
    let mut ticks = 0;
    while chain.world::<First>().try_admit(1).is_err() {
        chain.world_mut::<Third>().clear();
        chain.tick().unwrap();
        ticks += 1;
        assert!(ticks < 20, "it stays");
    }
}

#[test]
fn try_admit_counts_the_room_of_the_world_itself() {
    #[world_config(base = Base, max_entities = 4)]
    struct Small;
    let mut small = World::<Small>::new();
    assert_eq!(small.try_admit(4), Ok(()));
    assert_eq!(small.try_admit(5), Err(Overloaded::WorldFull { room: 4 }));
    small.spawn((Tag,)).unwrap();
    assert_eq!(small.try_admit(4), Err(Overloaded::WorldFull { room: 3 }));
    // On a cycle, a batch is left free.
    let server = Server::new();
    assert_eq!(server.world::<Io>().try_admit(12), Ok(()));
    assert_eq!(server.world::<Io>().try_admit(13), Err(Overloaded::WorldFull { room: 12 }));
}

/// What a system writes down for a full world waits for room; the world goes on.
#[test]
fn commands_that_a_full_world_refuses_wait() {
    #[world_config(base = Base, source, max_entities = 4, routing(default_target = Large))]
    struct Narrow;
    #[world_config(base = Base)]
    struct Large;
    coordinator!(type Pair = (Narrow, Large));

    let mut pair = Pair::new();
    let mut made = 0;
    pair.schedule::<Narrow>().add(move |_: &mut World<Narrow>, commands: &mut Commands<Narrow>| {
        for _ in 0..6.min(12 - made) {
            commands.spawn((Number(made),)).unwrap();
            made += 1;
        }
    });
    pair.add_system::<Narrow, _>(complete_all::<Narrow>);
    let running = pair.run(Placement::PerWorld).unwrap();
    // Nothing but the commands that wait makes the world tick again.
    while running.stats().received() < 12 {
        assert!(running.is_running(), "it is no failure");
        std::thread::yield_now();
    }
    let stopped = running.stop();
    assert!(stopped.failures.is_empty(), "{stopped:?}");
    let expected: Vec<u32> = (0..12).collect();
    assert_eq!(numbers(stopped.coordinator.world::<Large>()), expected);
}
