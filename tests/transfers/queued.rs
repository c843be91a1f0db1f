//! Entities that a world queues and pops one by one while it ticks: they travel in batches
//! and are accounted for together, and nobody can tell but by the counts.

use static_ecs::Endpoint;

use crate::*;

#[world_config(base = Base, source, targets(Sink))]
struct Start;
#[world_config(base = Base, source, targets(Sink))]
struct Other;
#[world_config(base = Base)]
struct Sink;
coordinator!(type Funnel = (Start, Other, Sink));

const SINK: u16 = 2;

/// Takes these out of the world and queues them; answers how many went.
fn send<W: WorldConfig<Schema = Base>>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<Base>,
    most: usize,
) -> usize {
    let leaving: Vec<Entity> = world.view::<Entity>().take(most).collect();
    let mut sent = 0;
    for entity in leaving {
        let number = world.get::<Number>(entity).unwrap().0;
        let transfer = world.take(entity).unwrap().with_priority(number >= 100);
        match endpoint.queue_transfer(SINK, transfer) {
            Ok(()) => sent += 1,
            Err(error) => {
                assert!(error.is_full());
                world.insert_transfer(error.into_inner()).unwrap();
                break;
            }
        }
    }
    sent
}

fn funnel(count: u32) -> Funnel {
    let mut funnel = Funnel::new();
    for number in 0..count {
        funnel.world_mut::<Start>().spawn(Number(number)).unwrap();
    }
    funnel.start().unwrap();
    funnel
}

#[test]
fn they_go_in_batches_and_in_order() {
    let mut funnel = funnel(0);
    let start = funnel.world_mut::<Start>();
    for number in [0, 1, 2, 3, 4, 100, 5, 101] {
        start.spawn(Number(number)).unwrap();
    }
    funnel.set_intake::<Start>(|world, endpoint| {
        send(world, endpoint, 8);
    });
    funnel.tick_world::<Start>().unwrap();
    let counts = *funnel.stats().edge(0, SINK).unwrap();
    // Six in two batches of four at most, and two with priority.
    assert_eq!((counts.taken, counts.batches, counts.full), (8, 3, 0));
    assert!(funnel.conservation().holds());
    let numbers: Vec<u32> = std::iter::from_fn(|| funnel.pop_transfer_for(SINK))
        .map(|mut one| one.unpack::<Number>().unwrap().0)
        .collect();
    assert_eq!(numbers, [100, 101, 0, 1, 2, 3, 4, 5]);
}

#[test]
fn sets_of_components_do_not_mix() {
    let mut funnel = funnel(3);
    let start = funnel.world_mut::<Start>();
    start.spawn((Number(3), Tag)).unwrap();
    start.spawn((Number(4), Tag)).unwrap();
    funnel.set_intake::<Start>(|world, endpoint| {
        send(world, endpoint, 8);
    });
    funnel.tick_world::<Start>().unwrap();
    assert_eq!(funnel.stats().edge(0, SINK).unwrap().batches, 2);
    funnel.tick_world::<Sink>().unwrap();
    let sink = funnel.world::<Sink>();
    assert_eq!((numbers(sink), sink.view::<&Tag>().count()), ((0..5).collect(), 2));
}

#[test]
fn a_full_queue_hands_back_at_once_and_shows_all_to_its_target() {
    let mut funnel = funnel(20);
    let waiting = Arc::<AtomicUsize>::default();
    let told = waiting.clone();
    funnel.set_intake::<Start>(move |world, endpoint| {
        // Eight have room.
        assert_eq!(send(world, endpoint, 20), 8);
        told.store(1, Ordering::Relaxed);
    });
    funnel.tick_world::<Start>().unwrap();
    assert_eq!(waiting.load(Ordering::Relaxed), 1);
    let counts = *funnel.stats().edge(0, SINK).unwrap();
    assert_eq!((counts.taken, counts.full), (8, 1));
    assert_eq!((funnel.world::<Start>().len(), funnel.conservation().in_flight()), (12, 8));
    // What the other has no room for waits with it.
    funnel.world_mut::<Other>().spawn(Number(50)).unwrap();
    funnel.set_intake::<Other>(|world, endpoint| assert_eq!(send(world, endpoint, 1), 0));
    funnel.tick_world::<Other>().unwrap();
    funnel.tick_world::<Sink>().unwrap();
    assert_eq!(numbers(funnel.world::<Sink>()), (0..8).collect::<Vec<_>>());
    assert!(funnel.conservation().holds());
}

#[test]
fn room_that_was_held_and_not_used_comes_back() {
    let mut funnel = funnel(3);
    for number in 0..5 {
        funnel.world_mut::<Other>().spawn(Number(50 + number)).unwrap();
    }
    funnel.set_intake::<Start>(|world, endpoint| assert_eq!(send(world, endpoint, 3), 3));
    funnel.set_intake::<Other>(|world, endpoint| assert_eq!(send(world, endpoint, 5), 5));
    funnel.tick_world::<Start>().unwrap();
    funnel.tick_world::<Other>().unwrap();
    assert_eq!(funnel.endpoint(SINK).pending_transfers(), 8);
    funnel.tick_world::<Sink>().unwrap();
    assert_eq!(funnel.world::<Sink>().len(), 8);
    assert_eq!(funnel.endpoint(SINK).pending_transfers(), 0);
}

#[test]
fn they_have_left_though_a_system_panics() {
    let mut funnel = funnel(3);
    funnel.set_intake::<Start>(|world, endpoint| assert_eq!(send(world, endpoint, 3), 3));
    funnel
        .schedule::<Start>()
        .add(|world: &mut World<Start>| assert!(world.len() == 99, "later in the tick"));
    funnel.tick_world::<Start>().unwrap_err();
    let conservation = funnel.conservation();
    assert!(conservation.holds());
    assert_eq!((conservation.live(), conservation.in_flight()), (0, 3));
    funnel.tick_world::<Sink>().unwrap();
    assert_eq!(numbers(funnel.world::<Sink>()), [0, 1, 2]);
}

#[test]
fn pops_are_accounted_for_when_the_tick_ends() {
    let mut funnel = funnel(8);
    funnel.set_intake::<Start>(|world, endpoint| assert_eq!(send(world, endpoint, 8), 8));
    funnel.tick_world::<Start>().unwrap();
    let popped = Arc::<AtomicUsize>::default();
    let count = popped.clone();
    funnel.set_intake::<Sink>(move |world, endpoint| {
        for _ in 0..3 {
            let Some(transfer) = endpoint.pop_transfer() else { break };
            world.insert_transfer(transfer).unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    for (tick, came) in [(0, 3), (1, 6), (2, 8)] {
        if tick < 2 {
            funnel.tick_world::<Sink>().unwrap();
        } else {
            while funnel.world::<Sink>().len() < 8 {
                let transfer = funnel.pop_transfer_for(SINK).unwrap();
                funnel.world_mut::<Sink>().insert_transfer(transfer).unwrap();
            }
        }
        assert_eq!(funnel.endpoint(SINK).pending_transfers(), 8 - came);
        let counts = *funnel.stats().edge(0, SINK).unwrap();
        assert_eq!((counts.received, funnel.conservation().holds()), (came as u64, true));
    }
    assert_eq!(numbers(funnel.world::<Sink>()), (0..8).collect::<Vec<_>>());
}

#[test]
fn on_threads_they_all_come_and_the_counts_add_up() {
    let count = if cfg!(miri) { 30 } else { 20_000 };
    for placement in [Placement::PerWorld, Placement::Single] {
        let mut funnel = Funnel::new();
        let sources = [Arc::<AtomicUsize>::default(), Arc::default()];
        macro_rules! source {
            ($world:ty, $number:expr) => {
                let left = sources[$number].clone();
                funnel.set_intake::<$world>(move |world, endpoint| {
                    let more = (count - left.load(Ordering::Relaxed)).min(7);
                    for number in 0..more {
                        // Beside who was handed back, there is room.
                        let number = number as u32 + if number % 3 == 0 { 100 } else { 0 };
                        world.spawn(Number(number)).unwrap();
                    }
                    left.fetch_add(more, Ordering::Relaxed);
                    send(world, endpoint, usize::MAX);
                });
                funnel.set_pace::<$world>(static_ecs::Pace::Continuous);
            };
        }
        source!(Start, 0);
        source!(Other, 1);
        let came = Arc::<AtomicUsize>::default();
        let told = came.clone();
        funnel.set_intake::<Sink>(move |world, endpoint| {
            for _ in 0..11 {
                let Some(transfer) = endpoint.pop_transfer() else { break };
                let entity = world.insert_transfer(transfer).unwrap();
                world.despawn(entity).unwrap();
                told.fetch_add(1, Ordering::Relaxed);
            }
        });
        let running = funnel.run(placement).unwrap();
        let started = std::time::Instant::now();
        while came.load(Ordering::Relaxed) < 2 * count {
            let late = started.elapsed() > std::time::Duration::from_secs(60);
            assert!(running.is_running() && !late, "{:?}", running.stats());
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let stopped = running.stop_within(std::time::Duration::from_secs(60));
        assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
        assert_eq!(stopped.conservation.live() + stopped.conservation.in_flight(), 0);
    }
}

#[world_config(base = Base, source, targets(Tock))]
struct Tick;
#[world_config(base = Base, source, targets(Tick))]
struct Tock;
coordinator!(type Clock = (Tick, Tock));

#[test]
fn worlds_that_exchange_over_full_queues_do_not_wait_for_each_other() {
    let rounds = if cfg!(miri) { 40 } else { 10_000 };
    let mut clock = Clock::new();
    let came = Arc::<AtomicUsize>::default();
    macro_rules! exchange {
        ($world:ty, $other:expr) => {
            let count = came.clone();
            clock.set_intake::<$world>(move |world, endpoint| {
                // One for one, for as long as both queues are full.
                while let Some(mut transfer) = endpoint.pop_transfer() {
                    if count.fetch_add(1, Ordering::Relaxed) >= rounds {
                        world.insert_transfer(transfer).unwrap();
                        continue;
                    }
                    while let Err(full) = endpoint.queue_transfer($other, transfer) {
                        assert!(full.is_full());
                        transfer = full.into_inner();
                        std::thread::yield_now();
                        if count.load(Ordering::Relaxed) >= rounds {
                            world.insert_transfer(transfer).unwrap();
                            break;
                        }
                    }
                }
            });
        };
    }
    exchange!(Tick, 1);
    exchange!(Tock, 0);
    for (from, to) in [(0, 1), (1, 0)] {
        for number in 0..8 {
            let mut transfer = Clock::create_transfer(from, to);
            transfer.pack(Number(number)).unwrap();
            clock.queue_transfer(from, to, transfer).unwrap();
        }
    }
    let running = clock.run(Placement::PerWorld).unwrap();
    let started = std::time::Instant::now();
    while came.load(Ordering::Relaxed) < rounds {
        let late = started.elapsed() > std::time::Duration::from_secs(60);
        assert!(running.is_running() && !late, "{:?}", running.stats());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let stopped = running.stop_within(std::time::Duration::from_secs(60));
    assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
    assert_eq!(stopped.conservation.live() + stopped.conservation.in_flight(), 16);
}
