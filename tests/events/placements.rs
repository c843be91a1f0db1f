//! On threads and in lock-step: all arrive, in order, wherever the worlds run.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use static_ecs::Running;

use crate::*;

#[world_config(base = Base, role = accept, targets(Sink))]
struct First;
#[world_config(base = Base, role = accept, routing(default_target = Middle), targets(Sink))]
struct Second;
#[world_config(base = Base, routing(default_target = Sink))]
struct Middle;
#[world_config(base = Base)]
struct Sink;
coordinator!(type Flow = (First, Second, [Middle; 2], Sink));

const MIDDLE: u16 = 2;
const SINK: u16 = 4;
const LONG: Duration = Duration::from_secs(60);

fn placements() -> [Placement; 3] {
    [Placement::PerWorld, Placement::Single, Placement::Map(vec![0, 1, 0, 1, 0])]
}

/// Two sources send to the sink, one of them also to the middle, which passes on.
fn flow(count: u32) -> Flow {
    let mut flow = Flow::new();
    flow.add_system::<First, _>(send_notes(SINK, count));
    flow.add_system::<Second, _>(send_notes(SINK, count));
    flow.add_system::<Second, _>(send_notes(MIDDLE, count));
    flow.add_system::<Second, _>(send_notes(MIDDLE + 1, count));
    flow.set_pace::<First>(static_ecs::Pace::Continuous);
    flow.set_pace::<Second>(static_ecs::Pace::Continuous);
    let mut cursor = EventCursor::<Note>::new();
    let mut kept = VecDeque::new();
    flow.add_system::<Middle, _>(move |world: &mut World<Middle>| {
        let id = world.id().unwrap();
        kept.extend(world.events::<Note>().read(&mut cursor).map(|note| note.1));
        assert_eq!(cursor.missed(), 0);
        while let Some(&number) = kept.front()
            && world.send_to(SINK, Note(id, number)).is_ok()
        {
            kept.pop_front();
        }
    });
    // Also while nothing comes.
    flow.set_pace::<Middle>(static_ecs::Pace::Continuous);
    let mut kept = Schedule::new();
    keep_notes(flow.world_mut::<Sink>(), &mut kept);
    *flow.schedule::<Sink>() = kept;
    flow
}

fn wait_for(running: &Running<Flow_>, received: u64) {
    let started = Instant::now();
    let to_sink = || {
        let stats = running.stats();
        stats
            .edges
            .iter()
            .filter(|edge| edge.to == static_ecs::EdgeEnd::World(SINK))
            .map(|edge| {
                assert!(edge.counts.events_received <= edge.counts.events_sent);
                edge.counts.events_received
            })
            .sum::<u64>()
    };
    while to_sink() < received {
        assert!(running.is_running() && started.elapsed() < LONG, "{:?}", running.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
}

type Flow_ = (First, Second, [Middle; 2], Sink);

#[test]
fn all_arrive_in_order_on_threads() {
    let count = if cfg!(miri) { 10 } else { 1000 };
    for placement in placements() {
        let running = flow(count).run(placement).unwrap();
        wait_for(&running, 4 * u64::from(count));
        let stopped = running.stop_within(LONG);
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert!(stopped.conservation.holds());
        let notes = seen(stopped.coordinator.world::<Sink>());
        assert_eq!(notes.len(), 4 * count as usize);
        assert!((0..SINK).all(|source| each_in_order(notes, source)));
    }
}

#[test]
fn lock_step_gives_the_same_everywhere() {
    let by_hand = {
        let mut flow = flow(30);
        flow.start().unwrap();
        (0..50).for_each(|_| _ = flow.step().unwrap());
        seen(flow.world::<Sink>()).to_vec()
    };
    assert!(by_hand.len() > 60);
    for placement in placements() {
        let stopped = flow(30).run_ticks(placement, 50).unwrap();
        assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
        assert_eq!(seen(stopped.coordinator.world::<Sink>()), by_hand);
    }
}

#[test]
fn an_event_wakes_its_target() {
    // Far fewer ticks than a world that looks again and again would need.
    let count = 20;
    let mut flow = Flow::new();
    let mut next = 0;
    flow.add_system::<First, _>(move |world: &mut World<First>| {
        // Refused while the target's thread gets no time.
        if next < count && world.send_to(SINK, Note(0, next)).is_ok() {
            next += 1;
        }
    });
    flow.set_pace::<First>(static_ecs::Pace::Every(Duration::from_millis(2)));
    let mut kept = Schedule::new();
    keep_notes(flow.world_mut::<Sink>(), &mut kept);
    *flow.schedule::<Sink>() = kept;
    let running = flow.run(Placement::PerWorld).unwrap();
    wait_for(&running, u64::from(count));
    let stopped = running.stop_within(LONG);
    let ticks = stopped.coordinator.stats().worlds[SINK as usize].counts.ticks;
    assert!(ticks < 10 * u64::from(count) + 100, "{ticks} ticks");
    assert_eq!(seen(stopped.coordinator.world::<Sink>()).len(), count as usize);
}

#[test]
fn an_entity_that_left_before_is_there() {
    let count = if cfg!(miri) { 20 } else { 2_000 };
    let mut flow = Flow::new();
    let seen = Arc::<AtomicUsize>::default();
    let (mut sent, known) = (0, seen.clone());
    flow.add_system::<First, _>(move |world: &mut World<First>| {
        // There is always room for both.
        if sent < count && sent < known.load(Ordering::Relaxed) + 16 {
            let job = world.spawn(Job).unwrap();
            world.insert(job, TransferMarker::to(SINK)).unwrap();
            world.send_to(SINK, Sent(job)).unwrap();
            sent += 1;
        }
    });
    // More may come between entities and systems.
    flow.set_intake::<Sink>(|world, endpoint| {
        endpoint.receive(world);
        std::thread::sleep(Duration::from_micros(20));
    });
    let (mut cursor, known) = (EventCursor::new(), seen.clone());
    flow.add_system::<Sink, _>(move |world: &mut World<Sink>| {
        for sent in world.events::<Sent>().read(&mut cursor) {
            assert!(world.contains(sent.0), "{sent:?} is not here yet");
            known.fetch_add(1, Ordering::Relaxed);
        }
    });
    flow.set_pace::<First>(static_ecs::Pace::Continuous);
    flow.set_pace::<Sink>(static_ecs::Pace::Continuous);
    let running = flow.run(Placement::PerWorld).unwrap();
    let started = Instant::now();
    while seen.load(Ordering::Relaxed) < count && running.is_running() {
        assert!(started.elapsed() < LONG, "{:?}", running.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
    let stopped = running.stop_within(LONG);
    assert!(stopped.failures.is_empty(), "{stopped:?}");
    assert_eq!(seen.load(Ordering::Relaxed), count);
}
