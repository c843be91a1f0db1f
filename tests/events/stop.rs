//! Stops with events under way, and worlds whose systems answer each other.

use std::time::{Duration, Instant};

use crate::*;

#[world_config(base = Base, role = accept, targets(Work))]
struct Door;
#[world_config(base = Base, targets(Store))]
struct Work;
#[world_config(base = Base)]
struct Store;
coordinator!(type Shop = (Door, Work, Store));

const WORK: u16 = 1;
const STORE: u16 = 2;
const LONG: Duration = Duration::from_secs(60);

/// Each note is passed on by the work, one in each run.
fn shop(count: u32) -> Shop {
    let mut shop = Shop::new();
    let mut kept = Schedule::new();
    keep_notes(shop.world_mut::<Store>(), &mut kept);
    *shop.schedule::<Store>() = kept;
    shop.add_system::<Door, _>(send_notes(WORK, count));
    let mut cursor = EventCursor::new();
    shop.add_system::<Work, _>(move |world: &mut World<Work>| {
        let notes: Vec<Note> = world.events::<Note>().read(&mut cursor).copied().collect();
        for note in notes {
            world.send_to(STORE, Note(1, note.1)).unwrap();
        }
    });
    shop
}

#[test]
fn stop_drains_events_under_way() {
    for placement in [Placement::PerWorld, Placement::Single] {
        // As many as there is room for at once: what was sent is finished.
        let stopped = shop(4).run(placement).unwrap().stop_within(LONG);
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert!(stopped.conservation.holds());
        assert_eq!(stopped.conservation.events(), 0);
        let sent = stopped.coordinator.stats().edge(0, WORK).unwrap().events_sent;
        assert_eq!(seen(stopped.coordinator.world::<Store>()).len() as u64, sent);
    }
}

#[test]
fn what_is_left_at_the_deadline_is_reported_and_arrives_later() {
    let mut shop = shop(0);
    for n in 0..4 {
        shop.world_mut::<Door>().send_to(WORK, Note(0, n)).unwrap();
    }
    // The store fails at once, and takes nothing in.
    shop.schedule::<Store>().add(|world: &mut World<Store>| {
        assert!(world.resource::<Job>().is_some(), "not yet");
    });
    shop.tick_world::<Store>().unwrap_err();
    let stopped = shop.run(Placement::Single).unwrap().stop_within(Duration::from_secs(2));
    let conservation = &stopped.conservation;
    assert!(conservation.holds(), "{conservation}");
    let mut shop = stopped.coordinator;
    shop.world_mut::<Store>().insert_resource(Job);
    shop.start().unwrap();
    assert!(shop.drain(100).unwrap());
    assert_eq!(seen(shop.world::<Store>()).len(), 4);
    assert!(shop.conservation().holds());
    assert_eq!(shop.conservation().events(), 0);
}

#[test]
fn events_for_a_world_that_has_failed_are_not_waited_for() {
    let mut shop = shop(4);
    shop.schedule::<Store>().add(|store: &mut World<Store>| {
        assert!(store.resource::<Job>().is_some(), "the store burns");
    });
    let running = shop.run(Placement::PerWorld).unwrap();
    let started = Instant::now();
    let stopped = running.join();
    assert!(started.elapsed() < LONG);
    assert_eq!(stopped.failures.len(), 1);
    assert!(stopped.conservation.holds());
    // Whatever is under way is known, and ends with the coordinator.
    let events = stopped.conservation.events();
    let closed = stopped.coordinator.close();
    assert!(closed.holds());
    let dropped: u64 = closed.edges.iter().map(|edge| edge.stats.counts.events_dropped).sum();
    let waiting: u64 = closed.worlds.iter().map(|world| world.events_waiting).sum();
    assert_eq!(dropped + waiting, events);
}

/// Systems in the reverse order of a chain of events: each run makes one step.
fn chain(world: &mut World<Work>, schedule: &mut Schedule<Work>) {
    let mut cursor = EventCursor::new();
    world.insert_resource(Seen::default());
    schedule.add(move |world: &mut World<Work>| {
        let notes: Vec<Note> = world.events::<Note>().read(&mut cursor).copied().collect();
        for note in notes {
            match note.1 {
                0 => world.resource_mut::<Seen>().unwrap().0.push(note),
                left => world.send(Note(note.0, left - 1)).unwrap(),
            }
        }
    });
    // Seen by the first system in the next run only.
    schedule.add(|_: &mut World<Work>| ());
}

#[test]
fn a_world_that_waits_makes_ticks_for_its_own_events() {
    let mut shop = Shop::new();
    let mut schedule = Schedule::new();
    chain(shop.world_mut::<Work>(), &mut schedule);
    *shop.schedule::<Work>() = schedule;
    shop.world_mut::<Door>().send_to(WORK, Note(0, 20)).unwrap();
    let stopped = shop.run(Placement::PerWorld).unwrap().stop_within(LONG);
    assert!(stopped.drained, "{stopped:?}");
    assert_eq!(seen(stopped.coordinator.world::<Work>()), [Note(0, 0)]);
}

#[test]
fn a_world_that_sends_in_each_run_does_not_hold_up_a_stop() {
    for pace in [static_ecs::Pace::OnDemand, static_ecs::Pace::Continuous] {
        let mut shop = Shop::new();
        shop.add_system::<Work, _>(|mut news: EventWriter<News>| news.send(News(1, 0)).unwrap());
        shop.set_pace::<Work>(pace);
        let running = shop.run(Placement::PerWorld).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let ticks = running.stats().worlds[WORK as usize].counts.ticks;
        if pace == static_ecs::Pace::OnDemand {
            // It has gone to sleep.
            assert!(ticks < 200, "{ticks} ticks");
        }
        let started = Instant::now();
        let stopped = running.stop_within(LONG);
        assert!(stopped.drained && started.elapsed() < LONG / 2, "{stopped:?}");
    }
}
