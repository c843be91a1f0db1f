//! A world fails: it keeps its entities, and the others stop, go on, or go on with it, as was
//! said. A world that hangs is told of.

mod asked;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use static_ecs::prelude::*;
use static_ecs::{Cause, Handling, Pace, Running};

#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Job(u64);

#[world_config(components(Job), transfer_queue(capacity = 64, batch_size = 8))]
struct Base;
#[world_config(base = Base, role = accept, routing(default_target = Work), targets(Side))]
struct Source;
#[world_config(base = Base, routing(default_target = Sink))]
struct Work;
#[world_config(base = Base)]
struct Side;
#[world_config(base = Base)]
struct Sink;
coordinator!(type Plant = (Source, Work, Side, Sink));

const WORK: usize = 1;
const SIDE: u16 = 2;
const LONG: Duration = Duration::from_secs(60);

/// Jobs with these numbers make the system that sees them panic, once each.
const BAD: u64 = 1000;

/// A system that completes all jobs, and panics for each bad one, which it makes good first.
fn work(world: &mut World<Work>) {
    let jobs: Vec<(Entity, Job)> = world.view::<(Entity, &Job)>().map(|(e, j)| (e, *j)).collect();
    for (entity, Job(number)) in jobs {
        if number >= BAD {
            world.get_mut::<Job>(entity).unwrap().0 = number - BAD;
            panic!("job {number} is bad");
        }
        world.complete(entity).unwrap();
    }
}

/// Sends `count` jobs to work, of which each tenth is bad, and as many to the side.
fn plant(policy: Supervision, count: u64) -> Plant {
    let mut plant = Plant::new();
    plant.supervise::<Work>(policy);
    let source = plant.world_mut::<Source>();
    for number in 0..count {
        let bad = if number % 10 == 9 { BAD } else { 0 };
        let job = source.spawn(Job(number + bad)).unwrap();
        source.complete(job).unwrap();
        source.spawn((Job(number), TransferMarker::to(SIDE))).unwrap();
    }
    plant.add_system::<Work, _>(work);
    plant
}

fn jobs<W: WorldConfig<Schema = Base>>(world: &World<W>) -> Vec<u64> {
    let mut jobs: Vec<u64> = world.view::<&Job>().map(|job| job.0).collect();
    jobs.sort_unstable();
    jobs
}

fn wait_until(running: &Running<(Source, Work, Side, Sink)>, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < LONG, "{:?}", running.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How many entities a world had at the end of its last tick.
fn entities(running: &Running<(Source, Work, Side, Sink)>, world: usize) -> u64 {
    running.stats().worlds[world].counts.entities
}

fn placements() -> [Placement; 3] {
    [Placement::PerWorld, Placement::Single, Placement::Map(vec![0, 1, 0, 1])]
}

#[test]
fn a_world_that_is_restarted_goes_on_with_its_entities() {
    for placement in placements() {
        let running = plant(Supervision::Restart { most: 5 }, 50).run(placement).unwrap();
        wait_until(&running, || entities(&running, 3) == 50);
        let survived = running.take_survived();
        assert_eq!(survived.len(), 5);
        assert!(survived.iter().all(|failure| {
            let panicked = matches!(&failure.cause, Cause::Panic(text) if text.contains("is bad"));
            panicked && failure.handling == Handling::Restarted && failure.world == "Work"
        }));
        assert!(running.is_running() && running.take_survived().is_empty());
        assert_eq!(running.stats().worlds[WORK].counts.failures, 5);
        let stopped = running.stop_within(LONG);
        assert!(stopped.drained && stopped.failures.is_empty() && stopped.survived.is_empty());
        assert!(stopped.conservation.holds());
        assert_eq!(jobs(stopped.coordinator.world::<Sink>()), (0..50).collect::<Vec<_>>());
        assert_eq!(jobs(stopped.coordinator.world::<Side>()), (0..50).collect::<Vec<_>>());
    }
}

#[test]
fn one_that_fails_again_and_again_stops_all() {
    let mut plant = plant(Supervision::Restart { most: 3 }, 8);
    let ticks = Arc::<AtomicUsize>::default();
    let count = ticks.clone();
    plant.add_system::<Work, _>(move |world: &mut World<Work>| {
        // A good tick in between counts from the start.
        let tick = count.fetch_add(1, Ordering::Relaxed);
        assert!(tick == 2 || world.len() > 99, "again");
    });
    plant.set_pace::<Work>(Pace::Continuous);
    let stopped = plant.run(Placement::PerWorld).unwrap().join();
    assert_eq!((stopped.survived.len(), stopped.failures.len()), (5, 1));
    assert_eq!(stopped.failures[0].handling, Handling::Stopping);
    assert_eq!(ticks.load(Ordering::Relaxed), 2 + 1 + 4);
    assert!(stopped.conservation.holds());
}

#[test]
fn the_others_go_on_without_it() {
    for placement in placements() {
        let running = plant(Supervision::GoOn, 40).run(placement).unwrap();
        wait_until(&running, || {
            entities(&running, SIDE as usize) == 40
                && running.stats().worlds[WORK].counts.failures == 1
        });
        assert!(running.is_running());
        // What is on its way to the failed world is not waited for.
        let stopped = running.stop_within(LONG);
        assert!(stopped.drained);
        assert_eq!((stopped.survived.len(), stopped.failures.len()), (1, 0));
        assert_eq!(stopped.survived[0].handling, Handling::GoingOn);
        assert!(stopped.conservation.holds());
        let plant = &stopped.coordinator;
        let waiting = stopped.conservation.in_flight() as usize;
        let elsewhere = plant.world::<Source>().len() + plant.world::<Sink>().len();
        assert_eq!(plant.world::<Work>().len() + waiting + elsewhere, 40);
        assert!(!plant.world::<Work>().is_empty(), "it keeps what it had");
    }
}

#[test]
fn unless_it_is_said_all_stop() {
    let stopped = plant(Supervision::default(), 50).run(Placement::PerWorld).unwrap().join();
    assert_eq!((stopped.failures.len(), stopped.survived.len()), (1, 0));
    assert_eq!(stopped.failures[0].handling, Handling::Stopping);
    assert!(stopped.conservation.holds());
}

#[test]
fn by_hand_each_failure_is_told_and_the_next_tick_goes_on() {
    let mut plant = plant(Supervision::Restart { most: 3 }, 30);
    plant.start().unwrap();
    let mut failures = 0;
    for _ in 0..100 {
        if let Err(failure) = plant.tick() {
            assert_eq!(failure.handling, Handling::Restarted);
            failures += 1;
        }
    }
    assert_eq!(failures, 3);
    assert_eq!(jobs(plant.world::<Sink>()), (0..30).collect::<Vec<_>>());
    // The policy is for ticks; a world that is replaced would only fail again.
    *plant.world_mut::<Work>() = World::new();
    assert_eq!(plant.tick().unwrap_err().handling, Handling::Stopping);
}

#[test]
fn in_lock_step_it_is_the_same_everywhere() {
    let by_hand = {
        let mut plant = plant(Supervision::Restart { most: 6 }, 60);
        plant.start().unwrap();
        (0..12).for_each(|_| drop(plant.step()));
        [jobs(plant.world::<Work>()), jobs(plant.world::<Sink>())]
    };
    assert!(!by_hand[1].is_empty());
    for placement in placements() {
        let plant = plant(Supervision::Restart { most: 6 }, 60);
        let stopped = plant.run_ticks(placement, 12).unwrap();
        assert!(stopped.failures.is_empty() && !stopped.survived.is_empty());
        let plant = &stopped.coordinator;
        assert_eq!([jobs(plant.world::<Work>()), jobs(plant.world::<Sink>())], by_hand);
    }
}

#[test]
fn no_more_than_a_few_failures_are_kept() {
    let mut plant = Plant::new();
    plant.supervise::<Work>(Supervision::Restart { most: u32::MAX });
    plant.add_system::<Work, _>(|world: &mut World<Work>| assert!(world.len() > 99, "always"));
    plant.set_pace::<Work>(Pace::Continuous);
    let running = plant.run(Placement::Single).unwrap();
    wait_until(&running, || running.stats().worlds[WORK].counts.failures > 100);
    let stopped = running.stop_within(Duration::ZERO);
    assert_eq!((stopped.survived.len(), stopped.failures.len()), (64, 0));
}

#[test]
fn a_tick_that_takes_too_long_is_told_once_while_it_lasts() {
    let (told, late) = mpsc::channel();
    let released = Arc::<AtomicU64>::default();
    let gate = released.clone();
    let mut plant = Plant::new();
    plant.watch(Duration::from_millis(5), move |overdue| _ = told.send(overdue));
    plant.add_system::<Side, _>(move |_: &mut World<Side>| {
        while gate.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let running = plant.run(Placement::PerWorld).unwrap();
    let overdue = late.recv_timeout(LONG).unwrap();
    assert_eq!((overdue.world, overdue.id), ("Side", SIDE));
    assert!(overdue.ticking_for > Duration::from_millis(5));
    assert!(overdue.to_string().starts_with("world `Side` (id 2) has been in one tick for"));
    // Not again for the same tick.
    std::thread::sleep(Duration::from_millis(30));
    assert!(late.try_iter().all(|overdue| overdue.id != SIDE));
    released.store(1, Ordering::Relaxed);
    let stopped = running.stop_within(LONG);
    assert!(stopped.failures.is_empty());
    // It watches the next run, too.
    released.store(0, Ordering::Relaxed);
    let running = stopped.coordinator.run(Placement::Single).unwrap();
    let again = late.iter().find(|overdue| overdue.id == SIDE);
    assert!(again.is_some());
    released.store(1, Ordering::Relaxed);
    running.stop_within(LONG);
}
