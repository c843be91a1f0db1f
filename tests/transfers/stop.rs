//! How running worlds end.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use static_ecs::driver::{Driver, Port};
use static_ecs::prelude::*;
use static_ecs::{Cause, Overloaded};

use crate::*;

#[world_config(base = Base, role = accept, routing(default_target = Work))]
struct Door;
#[world_config(base = Base, role = io, routing(default_target = Store))]
struct Work;
#[world_config(base = Base)]
struct Store;
coordinator!(type Shop = (Door, Work, Store));

/// Enough for Miri as well.
const LONG: Duration = Duration::from_secs(300);

fn shop() -> Shop {
    let mut shop = Shop::new();
    shop.add_system::<Work, _>(complete_all::<Work>);
    shop
}

#[test]
fn stop_drains_what_is_under_way() {
    for placement in [Placement::PerWorld, Placement::Single, Placement::Map(vec![0, 1, 0])] {
        let mut shop = shop();
        let count = if cfg!(miri) { 30 } else { 2_000 };
        spawn_complete(shop.world_mut::<Door>(), 0..count);
        // At once: nothing has arrived yet.
        let stopped = shop.run(placement).unwrap().stop_within(LONG);
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert_eq!(stopped.coordinator.world::<Store>().len(), count as usize);
        assert!(stopped.conservation.holds());
        assert!(!stopped.coordinator.is_running());
    }
}

#[test]
fn what_has_stopped_can_run_again() {
    let mut shop = shop();
    for round in 1..=3 {
        spawn_complete(shop.world_mut::<Door>(), 0..20);
        let stopped = shop.run(Placement::PerWorld).unwrap().stop_within(LONG);
        assert!(stopped.drained, "{stopped:?}");
        shop = stopped.into_result().unwrap();
        assert_eq!(shop.world::<Store>().len(), round * 20);
        // Also by hand.
        spawn_complete(shop.world_mut::<Door>(), 0..0);
        shop.start().unwrap();
        assert!(shop.drain(10).unwrap());
    }
}

/// A source that makes entities in each tick asks `try_admit`, and ends so.
#[test]
fn sources_stop_first() {
    let mut shop = shop();
    shop.set_pace::<Door>(Pace::Continuous);
    let refused = Arc::new(AtomicBool::new(false));
    let seen = refused.clone();
    shop.add_system::<Door, _>(move |world: &mut World<Door>| match world.try_admit(4) {
        Ok(()) => _ = spawn_complete(world, 0..4),
        Err(Overloaded::Stopping) => seen.store(true, Ordering::Relaxed),
        Err(_) => {}
    });
    let running = shop.run(Placement::PerWorld).unwrap();
    while running.stats().received() < 200 {
        std::thread::yield_now();
    }
    let begun = Instant::now();
    let stopped = running.stop();
    assert!(begun.elapsed() < Duration::from_secs(4), "not by its deadline");
    assert!(stopped.drained && stopped.conservation.holds(), "{stopped:?}");
    assert!(refused.load(Ordering::Relaxed));
    let shop = stopped.coordinator;
    assert_eq!((shop.world::<Door>().len(), shop.world::<Work>().len()), (0, 0));
    assert_eq!(shop.world::<Store>().len() as u64, shop.stats().transfers_received[2]);
}

#[test]
fn a_deadline_that_passes_is_reported_and_nothing_is_lost() {
    #[world_config(base = Base, source, routing(default_target = Full))]
    struct Many;
    #[world_config(base = Base, max_entities = 4)]
    struct Full;
    coordinator!(type Jam = (Many, Full));
    let drops = Drops::new(30);
    let mut jam = Jam::new();
    for index in 0..30 {
        let entity = jam.world_mut::<Many>().spawn((drops.value(index),)).unwrap();
        jam.world_mut::<Many>().complete(entity).unwrap();
    }
    let running = jam.run(Placement::PerWorld).unwrap();
    while running.stats().received() < 4 {
        std::thread::yield_now();
    }
    let begun = Instant::now();
    let stopped = running.stop_within(Duration::from_millis(50));
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert!(!stopped.drained && stopped.failures.is_empty());
    assert_eq!((stopped.conservation.live(), stopped.conservation.in_flight()), (4 + 18, 8));
    assert!(stopped.conservation.holds(), "{}", stopped.conservation);
    assert_eq!(drops.total(), 0);
    drop(stopped);
    drops.each_once();
}

/// A stop does not wait for a world that waits for room.
#[test]
fn a_stop_ends_a_blocking_send() {
    #[world_config(base = Base, source, routing(default_target = Full))]
    struct Many;
    #[world_config(base = Base, max_entities = 4, transfer_queue(capacity = 4, on_full = block(600s)))]
    struct Full;
    coordinator!(type Jam = (Many, Full));
    for placement in [Placement::PerWorld, Placement::Single] {
        let mut jam = Jam::new();
        spawn_complete(jam.world_mut::<Many>(), 0..30);
        let running = jam.run(placement).unwrap();
        while running.stats().received() < 4 {
            std::thread::yield_now();
        }
        let begun = Instant::now();
        let stopped = running.stop_within(Duration::from_millis(50));
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert!(!stopped.drained && stopped.conservation.holds());
    }
}

#[test]
fn a_panic_in_one_world_stops_the_others_in_order() {
    for placement in [Placement::PerWorld, Placement::Single] {
        let drops = Drops::new(60);
        let mut shop = shop();
        shop.add_system::<Store, _>(|world: &mut World<Store>| {
            assert!(world.len() < 20, "the store is too small");
        });
        for index in 0..60 {
            let entity = shop.world_mut::<Door>().spawn((drops.value(index),)).unwrap();
            shop.world_mut::<Door>().complete(entity).unwrap();
        }
        let running = shop.run(placement).unwrap();
        let handle = running.stop_handle();
        let stopped = running.join();
        handle.stop();
        let [failure] = &stopped.failures[..] else { panic!("{stopped:?}") };
        assert_eq!((failure.world, failure.id), ("Store", 2));
        assert!(matches!(&failure.cause, Cause::Panic(text) if text.contains("too small")));
        assert_eq!(failure.to_string(), "world `Store` (id 2) panicked: the store is too small");
        assert!(stopped.conservation.holds(), "{}", stopped.conservation);
        let found = stopped.conservation.live() + stopped.conservation.in_flight();
        assert_eq!((found, drops.total()), (60, 0), "what remains is in there");
        assert!(stopped.coordinator.world::<Store>().len() >= 20);
        let error = stopped.into_result().unwrap_err();
        assert_eq!(error.world, "Store");
        drops.each_once();
    }
}

#[test]
fn a_system_that_fails_stops_the_others_in_order() {
    let mut shop = shop();
    shop.add_system::<Store, _>(|world: &mut World<Store>| match world.len() {
        0..5 => Ok(()),
        _ => Err("no more"),
    });
    spawn_complete(shop.world_mut::<Door>(), 0..30);
    let stopped = shop.run(Placement::PerWorld).unwrap().join();
    let [failure] = &stopped.failures[..] else { panic!("{stopped:?}") };
    assert!(
        matches!(&failure.cause, Cause::System(error) if error.to_string().contains("no more"))
    );
    assert!(stopped.conservation.holds());
}

/// Fails, or panics, where it is told.
#[derive(Clone, Copy, PartialEq)]
enum Broken {
    Start,
    StartPanics,
    Poll,
    ClosePanics,
    TimeoutPanics,
}

impl Driver<Work> for Broken {
    fn start(&mut self, _: &mut World<Work>, _: &mut Port<'_>) -> std::io::Result<()> {
        assert!(*self != Broken::StartPanics, "a broken driver");
        match self {
            Broken::Start => Err(std::io::Error::other("a broken driver")),
            _ => Ok(()),
        }
    }
    fn poll(
        &mut self,
        _: &mut World<Work>,
        _: &mut Port<'_>,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        assert!(*self != Broken::Start, "it must not be polled");
        if *self == Broken::Poll { Err("a broken driver".into()) } else { Ok(false) }
    }
    fn timeout(&self) -> Option<Duration> {
        assert!(*self != Broken::TimeoutPanics, "a broken driver");
        None
    }
    fn close(&mut self, _: &mut World<Work>, _: &mut Port<'_>) {
        assert!(*self != Broken::ClosePanics, "a broken driver");
    }
}

#[test]
fn a_driver_that_fails_or_panics_is_a_failure_of_its_world() {
    use Broken::*;
    for broken in [Start, StartPanics, Poll, ClosePanics, TimeoutPanics] {
        for placement in [Placement::PerWorld, Placement::Single] {
            let mut shop = Shop::new();
            shop.set_driver::<Work>(broken);
            spawn_complete(shop.world_mut::<Door>(), 0..5);
            let running = shop.run(placement).unwrap();
            let stopped = if broken == ClosePanics { running.stop() } else { running.join() };
            let text = stopped.failures.iter().map(ToString::to_string).collect::<String>();
            assert!(text.contains("a broken driver"), "{stopped:?}");
            assert!(stopped.conservation.holds());
            assert_eq!(stopped.conservation.live() + stopped.conservation.in_flight(), 5);
        }
    }
}

/// Makes one more entity when it closes.
struct LastWord;

impl Driver<Work> for LastWord {
    fn poll(
        &mut self,
        _: &mut World<Work>,
        _: &mut Port<'_>,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        Ok(false)
    }
    fn close(&mut self, world: &mut World<Work>, _: &mut Port<'_>) {
        spawn_complete(world, 7..8);
    }
}

#[test]
fn what_a_driver_begins_when_it_closes_is_finished() {
    for placement in [Placement::PerWorld, Placement::Single] {
        let mut shop = Shop::new();
        shop.set_driver::<Work>(LastWord);
        let running = shop.run(placement).unwrap();
        // All are asleep.
        std::thread::sleep(Duration::from_millis(20));
        let stopped = running.stop();
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert_eq!(numbers(stopped.coordinator.world::<Store>()), [7]);
    }
}

#[test]
fn a_failed_world_ticks_no_more_until_it_is_started_again() {
    let mut shop = shop();
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    shop.add_system::<Store, _>(move |_: &mut World<Store>| {
        if is_broken.load(Ordering::Relaxed) { Err("broken") } else { Ok(()) }
    });
    spawn_complete(shop.world_mut::<Door>(), 0..5);
    shop.tick().unwrap_err();
    for _ in 0..3 {
        shop.tick().unwrap();
    }
    let ticks = |shop: &Shop| shop.stats().worlds[2].counts.ticks;
    assert_eq!(ticks(&shop), 1);
    broken.store(false, Ordering::Relaxed);
    shop.start().unwrap();
    shop.tick().unwrap();
    assert_eq!(ticks(&shop), 2);
    assert!(shop.drain(10).unwrap());
    assert_eq!(shop.world::<Store>().len(), 5);
}

#[test]
fn a_dropped_handle_stops_the_worlds() {
    let drops = Drops::new(10);
    let mut shop = shop();
    for index in 0..10 {
        let entity = shop.world_mut::<Door>().spawn((drops.value(index),)).unwrap();
        shop.world_mut::<Door>().complete(entity).unwrap();
    }
    let running = shop.run(Placement::PerWorld).unwrap();
    assert!(running.is_running());
    drop(running);
    drops.each_once();
}

#[test]
fn a_stop_from_another_thread_ends_a_join() {
    let running = shop().run(Placement::PerWorld).unwrap();
    let handle = running.stop_handle();
    let asker = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        handle.stop();
    });
    assert!(running.join().drained);
    asker.join().unwrap();
}
