//! How worlds in lock-step end.

use std::time::{Duration, Instant};

use crate::*;

#[world_config(base = Base, source, routing(default_target = Work))]
struct Door;
#[world_config(base = Base, routing(default_target = Store))]
struct Work;
#[world_config(base = Base)]
struct Store;
coordinator!(type Shop = (Door, Work, Store));

const LONG: Duration = Duration::from_secs(300);

fn placements() -> [Placement; 3] {
    [Placement::PerWorld, Placement::Single, Placement::Map(vec![0, 1, 0])]
}

fn shop() -> Shop {
    let mut shop = Shop::new();
    shop.add_system::<Work, _>(|world: &mut World<Work>, commands: &mut Commands<Work>| {
        for entity in world.query::<Entity>() {
            commands.complete(entity).unwrap();
        }
    });
    shop
}

#[test]
fn a_stop_drains_what_is_under_way() {
    for placement in placements() {
        let mut shop = shop();
        send(shop.world_mut::<Door>(), 0..100);
        let running = shop.run_lock_step(placement, Pace::Continuous).unwrap();
        let stopped = running.stop_within(LONG);
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert!(stopped.conservation.holds());
        assert_eq!(rows(stopped.coordinator.world::<Store>()), (0..100).collect::<Vec<_>>());
    }
}

/// Also trees that wait for room, each of which fills the queue.
#[test]
fn a_stop_drains_trees() {
    #[world_config(
        components(Number, ChildOf, Children),
        transfer_queue(capacity = 8, batch_size = 2)
    )]
    struct Forest;
    #[world_config(base = Forest, source, targets(There))]
    struct Here;
    #[world_config(base = Forest)]
    struct There;
    coordinator!(type Move = (Here, There));
    for placement in [Placement::PerWorld, Placement::Single] {
        let mut all = Move::new();
        let here = all.world_mut::<Here>();
        let mut slept = false;
        here.on_depart(move |_, _, _| {
            if !std::mem::replace(&mut slept, true) {
                // Until the stop is asked for.
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        for tree in 0..5 {
            let root = here.spawn((Number(tree),)).unwrap();
            (0..7).for_each(|_| _ = here.spawn_child(root, (Number(0),)).unwrap());
            here.send_tree(root, TransferMarker::to(1)).unwrap();
        }
        let stopped = all.run_lock_step(placement, Pace::Continuous).unwrap().stop_within(LONG);
        assert!(stopped.drained && stopped.conservation.holds(), "{stopped:?}");
        assert_eq!(stopped.coordinator.world::<There>().len(), 40);
    }
}

#[test]
fn a_stop_ends_sources_and_what_never_rests() {
    let mut shop = shop();
    shop.add_system::<Door, _>(|world: &mut World<Door>| {
        if world.try_admit(2).is_ok() {
            send(world, 0..2);
        }
    });
    // It asks nobody, and halts when its turn has come.
    shop.add_system::<Store, _>(|world: &mut World<Store>| {
        let here: Vec<Entity> = world.entities().collect();
        here.into_iter().for_each(|entity| world.despawn(entity).unwrap());
    });
    let running = shop.run_lock_step(Placement::PerWorld, Pace::Continuous).unwrap();
    while running.stats().received() < 50 {
        std::thread::yield_now();
    }
    assert!(running.is_running());
    let begun = Instant::now();
    let stopped = running.stop();
    assert!(begun.elapsed() < Duration::from_secs(4), "not by its deadline");
    assert!(stopped.drained && stopped.conservation.holds(), "{stopped:?}");
    assert_eq!(stopped.conservation.in_flight() + stopped.conservation.live(), 0);
}

#[test]
fn a_deadline_that_passes_ends_the_drain() {
    #[world_config(base = Base, source, routing(default_target = Full))]
    struct Many;
    #[world_config(base = Base, max_entities = 4)]
    struct Full;
    coordinator!(type Jam = (Many, Full));
    let mut jam = Jam::new();
    send(jam.world_mut::<Many>(), 0..30);
    let running = jam.run_lock_step(Placement::PerWorld, Pace::Continuous).unwrap();
    let stopped = running.stop_within(Duration::from_millis(30));
    assert!(!stopped.drained && stopped.failures.is_empty());
    assert!(stopped.conservation.holds(), "{}", stopped.conservation);
    assert_eq!((stopped.conservation.live(), stopped.conservation.in_flight()), (4 + 18, 8));
}

#[test]
fn a_number_of_ticks_ends_at_their_boundary() {
    for placement in placements() {
        let mut shop = shop();
        send(shop.world_mut::<Door>(), 0..4);
        let stopped = shop.run_ticks(placement.clone(), 2).unwrap();
        assert!(!stopped.drained);
        assert!(stopped.coordinator.stats().worlds.iter().all(|world| world.counts.ticks == 2));
        // Received in the second tick, and sent on.
        assert_eq!(stopped.conservation.in_flight(), 4);
        let none = stopped.coordinator.run_ticks(placement.clone(), 0).unwrap();
        let after = none.coordinator.run_ticks(placement, 1).unwrap();
        assert!(after.drained && after.conservation.holds());
        assert_eq!(rows(after.coordinator.world::<Store>()), [0, 1, 2, 3]);
        assert!(after.coordinator.stats().worlds.iter().all(|world| world.counts.ticks == 3));
    }
}

/// Whoever fails does not leave the others waiting, and they end in the same tick
/// in each placement.
#[test]
fn a_failure_stops_the_others_in_order() {
    enum How {
        System,
        Error,
        Hook,
    }
    for how in [How::System, How::Error, How::Hook] {
        let mut ticks = Vec::new();
        for placement in placements() {
            let mut shop = shop();
            // What is on its way to a world that has failed finds room in its queue.
            send(shop.world_mut::<Door>(), 0..16);
            match how {
                How::System => {
                    _ = shop.add_system::<Store, _>(|world: &mut World<Store>| {
                        assert!(world.len() < 5, "the store is too small");
                    })
                }
                How::Error => {
                    _ = shop.add_system::<Store, _>(|world: &mut World<Store>| {
                        if world.len() < 5 { Ok(()) } else { Err("the store is too small") }
                    })
                }
                How::Hook => shop.world_mut::<Work>().on_depart(|world, _, _| {
                    let number = world.counts().departed;
                    assert!(number < 5, "the store is too small");
                }),
            }
            let running = shop.run_lock_step(placement, Pace::Continuous).unwrap();
            let stopped = running.join();
            assert_eq!(stopped.failures.len(), 1, "{stopped:?}");
            let text = stopped.failures[0].to_string();
            assert!(text.contains("the store is too small"), "{text}");
            assert!(stopped.conservation.holds(), "{}", stopped.conservation);
            ticks.push((stopped.conservation.live(), stopped.conservation.in_flight()));
        }
        assert!(ticks.iter().all(|found| *found == ticks[0]), "{ticks:?}");
    }
}

/// What fails while others still send is known to all in the next tick.
#[test]
fn a_failure_is_told_at_a_boundary() {
    let ticks = placements().map(|placement| {
        let mut shop = shop();
        send(shop.world_mut::<Door>(), 0..16);
        shop.world_mut::<Door>().on_depart(|_, _, _| {
            std::thread::sleep(Duration::from_millis(20));
        });
        shop.world_mut::<Work>().on_depart(|_, _, _| panic!("it can't leave"));
        let stopped = shop.run_lock_step(placement, Pace::Continuous).unwrap().join();
        let stats = stopped.coordinator.stats();
        stats.worlds.iter().map(|world| world.counts.ticks).collect::<Vec<_>>()
    });
    assert!(ticks.iter().all(|found| *found == ticks[0]), "{ticks:?}");
}

#[test]
fn a_placement_that_does_not_fit_hands_the_coordinator_back() {
    let mut shop = shop();
    send(shop.world_mut::<Door>(), 0..4);
    let error = shop.run_lock_step(Placement::Map(vec![0]), Pace::Continuous).unwrap_err();
    assert_eq!(error.into_inner().world::<Door>().len(), 4);
}

#[test]
fn a_dropped_handle_stops_the_worlds() {
    let mut shop = shop();
    let alive = std::sync::Arc::new(());
    let held = alive.clone();
    shop.add_system::<Door, _>(move |_: &mut World<Door>| {
        _ = &held;
    });
    drop(shop.run_lock_step(Placement::PerWorld, Pace::Continuous).unwrap());
    assert_eq!(std::sync::Arc::strong_count(&alive), 1);
}
