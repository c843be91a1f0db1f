//! No entity is lost or doubled, and no reader ever sees more than there is.

use std::sync::atomic::AtomicBool;

use static_ecs::prelude::*;
use static_ecs::{EdgeCounts, EdgeEnd};

use crate::*;

#[world_config(base = Base, source, routing(default_target = Second))]
struct First;
#[world_config(base = Base, routing(default_target = First, Tag => Third))]
struct Second;
#[world_config(base = Base, max_entities = 4)]
struct Third;
coordinator!(type Three = (First, Second, Third));

#[test]
fn each_edge_and_each_world_is_balanced() {
    let mut three = Three::new();
    let entities = spawn_complete(three.world_mut::<First>(), 0..20);
    for &entity in &entities[..6] {
        three.world_mut::<First>().insert(entity, (Tag,)).unwrap();
    }
    three.world_mut::<First>().despawn(entities[19]).unwrap();
    three.add_system::<Second, _>(complete_all::<Second>);
    // In every state on the way, not only at its end.
    for _ in 0..12 {
        for world in 0..3 {
            match world {
                0 => three.tick_world::<First>().unwrap(),
                1 => three.tick_world::<Second>().unwrap(),
                _ => three.tick_world::<Third>().unwrap(),
            };
            let conservation = three.conservation();
            assert!(conservation.holds(), "{conservation}");
            assert_eq!(conservation.live() + conservation.in_flight(), 19);
        }
    }
    let conservation = three.conservation();
    let [first, _, third] = &conservation.worlds[..] else { panic!("three worlds") };
    assert_eq!((first.counts.spawned, first.counts.despawned, first.live), (20, 1, 13));
    assert_eq!((third.counts.arrived, third.live), (4, 4), "no more than its `max_entities`");
    let to_third = conservation.edges.iter().find(|edge| edge.stats.to == EdgeEnd::World(2));
    let to_third = to_third.unwrap();
    assert_eq!((to_third.stats.counts.received, to_third.in_flight), (4, 2));
    let text = conservation.to_string();
    assert!(text.contains("First (0): 20 spawned + 13 arrived = 13 live"), "{text}");
    assert!(!text.contains("does not hold"));
}

/// The equations are checked, not defined: a block that is counted wrong shows.
#[test]
fn what_does_not_balance_does_not_hold() {
    let mut three = Three::new();
    spawn_complete(three.world_mut::<First>(), 0..5);
    three.tick_world::<First>().unwrap();
    let conservation = three.conservation();
    assert!(conservation.holds());
    let mut wrong = conservation.clone();
    wrong.edges[0].in_flight -= 1;
    assert!(!wrong.holds() && wrong.to_string().contains("does not hold"));
    let mut wrong = conservation.clone();
    wrong.worlds[0].live += 1;
    assert!(!wrong.holds() && wrong.to_string().contains("does not hold"));
}

#[test]
fn recall_takes_back_what_a_failed_world_has_not_received() {
    let mut three = Three::new();
    let entities = spawn_complete(three.world_mut::<First>(), 0..6);
    let urgent = TransferMarker { target_world: 1, priority: true, destroy_on_transfer: true };
    let urgent = three.world_mut::<First>().spawn((Number(9), urgent)).unwrap();
    three.add_system::<Second, _>(|_: &mut World<Second>| -> () { panic!("broken") });
    three.tick_world::<Second>().unwrap_err();
    three.tick().unwrap();
    assert_eq!(three.pending_transfers_for(1), 7);
    assert_eq!(three.recall(1), 7);
    assert_eq!(three.recall(1), 0);
    assert_eq!(three.recall(99), 0);
    assert_eq!(three.pending_transfers_for(1), 0);
    let first = three.world::<First>();
    assert!(entities.iter().chain([&urgent]).all(|&entity| first.contains(entity)));
    assert_eq!(first.outbox_len(), 0);
    let edge = *three.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.returned, edge.received), (7, 7, 0));
    assert!(three.conservation().holds());
}

#[test]
fn close_counts_what_it_drops() {
    let mut three = Three::new();
    spawn_complete(three.world_mut::<First>(), 0..6);
    three.tick_world::<First>().unwrap();
    let conservation = three.close();
    let edge = &conservation.edges[0];
    assert_eq!((edge.stats.counts.taken, edge.stats.counts.dropped, edge.in_flight), (6, 6, 0));
    assert!(conservation.holds());
}

fn is_plausible(counts: &EdgeCounts) -> bool {
    counts.received + counts.returned + counts.shed + counts.dropped <= counts.taken
}

/// Worlds run on threads while others read, and reset, the statistics.
#[test]
fn no_reader_ever_sees_more_received_than_taken() {
    #[world_config(base = Base, source, routing(default_target = Pong))]
    struct Ping;
    #[world_config(
        base = Base,
        routing(default_target = Ping),
        transfer_queue(capacity = 64, batch_size = 4, spsc = true)
    )]
    struct Pong;
    #[world_config(
        base = Base,
        source,
        routing(default_target = Drain),
        max_entities = 64
    )]
    struct Spout;
    #[world_config(base = Base, transfer_queue(capacity = 4, batch_size = 4, on_full = shed))]
    struct Drain;
    coordinator!(type Game = (Ping, Pong, Spout, Drain));

    let mut game = Game::new();
    game.add_system::<Ping, _>(complete_all::<Ping>);
    game.add_system::<Pong, _>(complete_all::<Pong>);
    game.add_system::<Spout, _>(|world: &mut World<Spout>| {
        for number in 0..if world.try_admit(8).is_ok() { 8 } else { 0 } {
            let entity = world.spawn((Number(number),)).unwrap();
            world.complete(entity).unwrap();
        }
    });
    game.add_system::<Drain, _>(|world: &mut World<Drain>| world.clear());
    game.set_pace::<Spout>(Pace::Continuous);
    spawn_complete(game.world_mut::<Ping>(), 0..50);
    let reader = game.stats_reader();
    let running = game.run(Placement::PerWorld).unwrap();
    let done = AtomicBool::new(false);
    let reads: u32 = if cfg!(miri) { 50 } else { 5_000 };
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                reader.reset();
                std::thread::sleep(std::time::Duration::from_micros(50));
            }
        });
        // Until something was shed, since the last reset or before.
        let (mut left, mut shed) = (reads, false);
        while left > 0 || !shed {
            left = left.saturating_sub(1);
            let stats = reader.read();
            shed |= stats.edges.iter().any(|edge| edge.counts.shed > 0);
            for edge in &stats.edges {
                assert!(is_plausible(&edge.counts), "{edge:?}");
            }
            let (sent, received) = (stats.sent(), stats.received());
            assert!(received <= sent, "{received} of {sent}");
        }
        done.store(true, Ordering::Relaxed);
        running.stop_within(std::time::Duration::from_millis(100))
    });
    assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
}
