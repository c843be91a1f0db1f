//! Events to entities: they come where the entity is, follow it when it moves, are given up
//! and counted when it can't be reached, and are never lost or doubled.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use static_ecs::Problem;
use static_ecs::error::{EntityError, Refusal};
use static_ecs::event::{MAX_FORWARDS, MAX_WAITS};

use crate::*;

/// To whom, and which.
#[derive(Event, Clone, Copy, Debug, PartialEq, Eq)]
struct Word(Entity, u32);

/// Goes on to the next cell in every tick.
#[derive(Component, Clone, Copy, Debug)]
struct Restless;

#[world_config(
    components(Job, Restless),
    events(Word(capacity = 64), Owned(capacity = 2)),
    transfer_queue(capacity = 64, batch_size = 8)
)]
struct Land;
#[world_config(
    base = Land,
    source,
    neighbours = static_ecs::config::neighbours::ring::<5>,
)]
struct Cell;
#[world_config(base = Land, source)]
struct Island;
coordinator!(type Ring = ([Cell; 5], Island));

const CELLS: u16 = 5;
const ISLAND: u16 = 5;
const LONG: Duration = Duration::from_secs(60);

/// What the readers of a cell have seen.
#[derive(Default, Resource)]
struct Heard(Vec<Word>);

#[derive(Resource)]
struct Whom(Entity);

/// Keeps what comes; whom it is to must be there.
fn listen(world: &mut World<Cell>, schedule: &mut Schedule<Cell>) {
    world.insert_resource(Heard::default());
    schedule.add(|mut words: EventReader<Word>, locator: Locator, mut heard: ResMut<Heard>| {
        for word in words.read() {
            assert_eq!(locator.locate(word.0), static_ecs::location::Location::Here);
            heard.0.push(*word);
        }
        assert_eq!(words.missed(), 0);
    });
}

fn ring() -> Ring {
    let mut ring = Ring::new();
    for cell in 0..CELLS as usize {
        let mut schedule = Schedule::new();
        listen(ring.world_at_mut::<Cell>(cell), &mut schedule);
        *ring.schedule_at::<Cell>(cell) = schedule;
    }
    ring
}

fn started() -> Ring {
    let mut ring = ring();
    ring.start().unwrap();
    ring
}

/// The numbers that a cell has heard.
fn heard(ring: &Ring, cell: usize) -> Vec<u32> {
    let heard = ring.world_at::<Cell>(cell).resource::<Heard>().unwrap();
    heard.0.iter().map(|word| word.1).collect()
}

fn all_heard(ring: &Ring) -> Vec<u32> {
    let mut all: Vec<u32> = (0..CELLS as usize).flat_map(|cell| heard(ring, cell)).collect();
    all.sort_unstable();
    all
}

fn undelivered(ring: &Ring) -> u64 {
    ring.stats().worlds.iter().map(|world| world.counts.events_undelivered).sum()
}

/// Sends an entity to a cell beside the one where it is.
fn go(ring: &mut Ring, from: usize, entity: Entity, to: u16) {
    ring.world_at_mut::<Cell>(from).insert(entity, TransferMarker::to(to)).unwrap();
}

#[test]
fn they_come_where_the_entity_is() {
    let mut ring = started();
    let here = ring.world_at_mut::<Cell>(0).spawn(Job).unwrap();
    ring.world_at_mut::<Cell>(0).send_to_entity(here, Word(here, 1)).unwrap();
    // At home, to the cell beside, and over two edges.
    ring.world_at_mut::<Cell>(1).send_to_entity(here, Word(here, 2)).unwrap();
    ring.world_at_mut::<Cell>(2).send_to_entity(here, Word(here, 3)).unwrap();
    for ticks in 1..=3 {
        ring.tick().unwrap();
        assert_eq!(heard(&ring, 0).len(), ticks);
        assert!(ring.conservation().holds());
    }
    assert_eq!(heard(&ring, 0), [1, 2, 3]);
    // Abroad.
    go(&mut ring, 0, here, 4);
    ring.tick().unwrap();
    ring.world_at_mut::<Cell>(0).send_to_entity(here, Word(here, 4)).unwrap();
    ring.tick().unwrap();
    ring.tick().unwrap();
    assert_eq!(heard(&ring, 4), [4]);
    assert_eq!(undelivered(&ring), 0);
}

#[test]
fn what_can_not_be_reached_is_handed_back() {
    let mut ring = started();
    let cell = ring.world_at_mut::<Cell>(0);
    let dead = cell.spawn(Job).unwrap();
    cell.despawn(dead).unwrap();
    let refused = cell.send_to_entity(dead, Word(dead, 1)).unwrap_err();
    assert_eq!(refused.why(), Refusal::Entity(EntityError::Dead(dead)));
    assert_eq!(refused.into_inner(), Word(dead, 1));
    // Taken out by hand, and of no coordinator.
    let taken = cell.spawn(Job).unwrap();
    let transfer = cell.take(taken).unwrap();
    let refused = cell.send_to_entity(taken, Word(taken, 2)).unwrap_err();
    assert_eq!(refused.why(), Refusal::Entity(EntityError::NotHere(taken)));
    cell.insert_transfer(transfer).unwrap();
    let stranger = World::<Cell>::with_origin(99).spawn(Job).unwrap();
    cell.send_to_entity(stranger, Word(stranger, 3)).unwrap_err();
    // No way leads to the island.
    let islander = ring.world_mut::<Island>().spawn(Job).unwrap();
    let cell = ring.world_at_mut::<Cell>(0);
    let refused = cell.send_to_entity(islander, Word(islander, 4)).unwrap_err();
    assert_eq!(refused.why(), Refusal::NoEdge { target: ISLAND });
    ring.tick().unwrap();
    assert_eq!(ring.problems(), [Problem::NoEdge { world: "Cell", target: ISLAND }]);
    // No more than the capacity in a line.
    let far = ring.world_at_mut::<Cell>(2).spawn(Job).unwrap();
    let cell = ring.world_at_mut::<Cell>(1);
    for n in 0..64 {
        cell.send_to_entity(far, Word(far, n)).unwrap();
    }
    let refused = cell.send_to_entity(far, Word(far, 64)).unwrap_err();
    assert_eq!(refused.why(), Refusal::EventsFull { event: "Word", capacity: 64 });
    assert!(ring.drain(10).unwrap());
    assert_eq!(heard(&ring, 2), (0..64).collect::<Vec<_>>());
    // Alone.
    let mut alone = World::<Cell>::new();
    let one = alone.spawn(Job).unwrap();
    alone.send_to_entity(one, Word(one, 0)).unwrap();
    assert_eq!(alone.events::<Word>().len(), 1);
}

#[test]
fn systems_and_commands_send_them() {
    let mut ring = ring();
    let job = ring.world_at_mut::<Cell>(0).spawn(Job).unwrap();
    ring.world_at_mut::<Cell>(1).insert_resource(Whom(job));
    ring.schedule_at::<Cell>(1).add(
        |whom: Res<Whom>, mut words: EventWriter<Word>, commands: &mut Commands<Cell>| {
            words.send_to_entity(whom.0, Word(whom.0, 1)).unwrap();
            commands.send_to_entity(whom.0, Word(whom.0, 2)).unwrap();
        },
    );
    ring.start().unwrap();
    ring.tick().unwrap();
    ring.tick().unwrap();
    assert_eq!(heard(&ring, 0), [1, 2]);
    // By a command to one who is dead: a miss.
    ring.world_at_mut::<Cell>(0).despawn(job).unwrap();
    let mut commands = Commands::<Cell>::with_capacity(4);
    commands.send_to_entity(job, Word(job, 3)).unwrap();
    let applied = commands.apply(ring.world_at_mut::<Cell>(0)).unwrap();
    assert_eq!(applied.missed, 1);
}

#[test]
fn they_follow_an_entity_that_moves() {
    let mut ring = started();
    let job = ring.world_at_mut::<Cell>(0).spawn(Job).unwrap();
    // It has left when the event comes, again and again.
    ring.world_at_mut::<Cell>(1).send_to_entity(job, Word(job, 1)).unwrap();
    for from in [0, 4] {
        go(&mut ring, from, job, (from as u16 + 4) % 5);
        ring.tick_world_at::<Cell>(from).unwrap();
        ring.tick().unwrap();
        assert!(all_heard(&ring).is_empty());
        assert!(ring.conservation().holds());
        assert_eq!(ring.conservation().events(), 1);
    }
    for _ in 0..3 {
        ring.tick().unwrap();
    }
    assert_eq!(heard(&ring, 3), [1]);
    assert!(ring.drain(10).unwrap());
    assert_eq!(undelivered(&ring), 0);
}

#[test]
fn one_that_is_ahead_of_its_entity_waits_for_it() {
    let mut ring = started();
    let job = ring.world_at_mut::<Cell>(0).spawn(Job).unwrap();
    go(&mut ring, 0, job, 1);
    ring.tick_world_at::<Cell>(0).unwrap();
    // Both are on their way; the cell takes no entity in.
    ring.world_at_mut::<Cell>(0).send_to_entity(job, Word(job, 1)).unwrap();
    ring.world_at_mut::<Cell>(1).send_to_entity(job, Word(job, 2)).unwrap();
    ring.set_intake_at::<Cell>(1, |_, _| ());
    for _ in 0..20 {
        ring.tick().unwrap();
        assert_eq!(ring.conservation().events(), 2);
    }
    assert!(!ring.drain(0).unwrap());
    ring.set_intake_at::<Cell>(1, |world, endpoint| _ = endpoint.receive(world));
    ring.tick().unwrap();
    assert_eq!(heard(&ring, 1), [2, 1]);
    assert!(ring.drain(10).unwrap());
}

#[test]
fn one_to_an_entity_that_dies_is_dropped_once_and_counted() {
    let drops = Arc::<AtomicUsize>::default();
    let mut ring = started();
    let job = ring.world_at_mut::<Cell>(1).spawn(Job).unwrap();
    let event = Owned(Box::new(1), drops.clone());
    ring.world_at_mut::<Cell>(0).send_to_entity(job, event).unwrap();
    ring.tick_world_at::<Cell>(0).unwrap();
    ring.world_at_mut::<Cell>(1).despawn(job).unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    ring.tick().unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    assert_eq!(undelivered(&ring), 1);
    assert_eq!(ring.world_at::<Cell>(1).inspect().events[0].undelivered, 0);
    assert_eq!(ring.world_at::<Cell>(1).inspect().events[1].undelivered, 1);
    // That happens: it is no problem.
    assert!(ring.problems().is_empty());
    ring.reset_stats();
    assert_eq!(undelivered(&ring), 0);
    assert!(ring.conservation().holds());
}

#[test]
fn one_that_never_catches_up_is_given_up() {
    let mut ring = ring();
    for cell in 0..CELLS as usize {
        ring.schedule_at::<Cell>(cell).add(|world: &mut World<Cell>| {
            let next = (world.id().unwrap() + 1) % CELLS;
            world.transfer_query::<With<Restless>>(next);
        });
    }
    ring.start().unwrap();
    let walker = ring.world_at_mut::<Cell>(1).spawn(Restless).unwrap();
    ring.world_at_mut::<Cell>(0).send_to_entity(walker, Word(walker, 1)).unwrap();
    // Who is ahead ticks first: the event is always a cell behind.
    let mut ticks = 0;
    while undelivered(&ring) == 0 {
        for cell in [4, 3, 2, 1, 0] {
            ring.tick_world_at::<Cell>(cell).unwrap();
        }
        ticks += 1;
        assert!(ticks < 100, "it is followed for ever");
    }
    // In each round it follows once, and twice past the last cell.
    assert!(ticks * 5 / 4 >= u32::from(MAX_FORWARDS), "{ticks} ticks");
    assert!(all_heard(&ring).is_empty());
    let problems = ring.problems();
    assert_eq!(problems, [Problem::EventsLate { world: "Cell", event: "Word" }]);
    assert!(problems[0].to_string().contains("let them stay longer"));
}

#[test]
fn one_whose_entity_does_not_come_is_given_up() {
    let mut ring = started();
    let job = ring.world_at_mut::<Cell>(0).spawn(Job).unwrap();
    go(&mut ring, 0, job, 1);
    ring.tick_world_at::<Cell>(0).unwrap();
    ring.world_at_mut::<Cell>(1).send_to_entity(job, Word(job, 1)).unwrap();
    ring.set_intake_at::<Cell>(1, |_, _| ());
    for _ in 0..MAX_WAITS {
        ring.tick_world_at::<Cell>(1).unwrap();
    }
    assert_eq!((undelivered(&ring), ring.conservation().events()), (0, 1));
    ring.tick_world_at::<Cell>(1).unwrap();
    assert_eq!((undelivered(&ring), ring.conservation().events()), (1, 0));
}

#[test]
fn one_to_an_entity_that_is_queued_in_this_tick_follows_it() {
    for in_step in [false, true] {
        let mut ring = started();
        let job = ring.world_at_mut::<Cell>(1).spawn(Job).unwrap();
        ring.world_at_mut::<Cell>(0).send_to_entity(job, Word(job, 1)).unwrap();
        if in_step {
            ring.step().unwrap();
        } else {
            ring.tick_world_at::<Cell>(0).unwrap();
        }
        // It leaves in the tick in which the event comes in.
        ring.set_intake_at::<Cell>(1, move |world, endpoint| {
            if let Ok(transfer) = world.take(job) {
                endpoint.queue_transfer(2, transfer).unwrap();
                if !in_step {
                    world.send_to_entity(job, Word(job, 2)).unwrap();
                }
            }
        });
        for _ in 0..4 {
            let ticked = if in_step { ring.step() } else { ring.tick() };
            ticked.unwrap();
        }
        let expected: &[u32] = if in_step { &[1] } else { &[1, 2] };
        let mut words = heard(&ring, 2);
        words.sort_unstable();
        assert_eq!((words.as_slice(), undelivered(&ring)), (expected, 0));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Spawn(usize),
    /// Whom, and to which side.
    Move(usize, bool),
    Despawn(usize),
    /// From where, and to whom.
    Send(usize, usize),
    TickOne(usize),
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cell = 0..CELLS as usize;
    let step = prop_oneof![
        2 => cell.clone().prop_map(Step::Spawn),
        4 => (0..64_usize, any::<bool>()).prop_map(|(who, side)| Step::Move(who, side)),
        1 => (0..64_usize).prop_map(Step::Despawn),
        6 => (cell.clone(), 0..64_usize).prop_map(|(from, who)| Step::Send(from, who)),
        4 => cell.prop_map(Step::TickOne),
        1 => Just(Step::Tick),
    ];
    prop::collection::vec(step, 0..200)
}

/// Where an entity is, if it is in a cell.
fn cell_of(ring: &Ring, entity: Entity) -> Option<usize> {
    (0..CELLS as usize).find(|&cell| ring.world_at::<Cell>(cell).contains(entity))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 200 },
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn each_is_heard_once_or_counted(steps in steps()) {
        let mut ring = started();
        let (mut jobs, mut sent) = (Vec::new(), 0);
        let mut here = vec![0_u64; CELLS as usize];
        for step in steps {
            match step {
                Step::Spawn(cell) => jobs.push(ring.world_at_mut::<Cell>(cell).spawn(Job).unwrap()),
                Step::Move(who, side) if who < jobs.len() => {
                    if let Some(cell) = cell_of(&ring, jobs[who]) {
                        let to = (cell as u16 + if side { 1 } else { CELLS - 1 }) % CELLS;
                        go(&mut ring, cell, jobs[who], to);
                    }
                }
                Step::Despawn(who) if who < jobs.len() => {
                    // What it was told and has not heard: the readers look for who is here.
                    if let Some(cell) = cell_of(&ring, jobs[who]) {
                        ring.tick_world_at::<Cell>(cell).unwrap();
                        let _ = ring.world_at_mut::<Cell>(cell).despawn(jobs[who]);
                    }
                }
                Step::Send(from, who) if who < jobs.len() => {
                    let world = ring.world_at_mut::<Cell>(from);
                    let local = world.contains(jobs[who]);
                    let word = Word(jobs[who], sent);
                    // Who is here and leaves is told in this tick.
                    if world.send_to_entity(jobs[who], word).is_ok() {
                        sent += 1;
                        here[from] += u64::from(local);
                    }
                }
                Step::TickOne(cell) => _ = ring.tick_world_at::<Cell>(cell).unwrap(),
                Step::Tick => _ = ring.tick().unwrap(),
                _ => {}
            }
            let conservation = ring.conservation();
            prop_assert!(conservation.holds());
            // Of one cell: sent here, and received.
            let told: u64 = (0..CELLS as usize).map(|cell| {
                let counts = ring.world_at::<Cell>(cell).events::<Word>().counts();
                // More were sent here that waited for their entity to come.
                assert!(counts.sent >= here[cell]);
                counts.sent + counts.received
            }).sum();
            prop_assert_eq!(u64::from(sent), told + undelivered(&ring) + conservation.events());
        }
        prop_assert!(ring.drain(1000).unwrap());
        let mut all = all_heard(&ring);
        prop_assert_eq!(all.len() as u64 + undelivered(&ring), u64::from(sent));
        all.dedup();
        prop_assert_eq!(all.len() as u64 + undelivered(&ring), u64::from(sent));
    }
}

/// A ring in which jobs walk about and others talk to them, for some ticks of each cell.
fn busy(ticks: u32) -> (Ring, Arc<AtomicUsize>) {
    let mut ring = ring();
    let jobs: Vec<Entity> = (0..CELLS as usize)
        .flat_map(|cell| (0..4).map(move |_| cell))
        .map(|cell| ring.world_at_mut::<Cell>(cell).spawn(Job).unwrap())
        .collect();
    let sent = Arc::<AtomicUsize>::default();
    for cell in 0..CELLS as usize {
        let (jobs, sent, mut tick) = (jobs.clone(), sent.clone(), 0_u32);
        ring.schedule_at::<Cell>(cell).add(move |world: &mut World<Cell>| {
            tick += 1;
            if tick > ticks {
                return;
            }
            let id = world.id().unwrap();
            let whom = jobs[(tick as usize * 7 + cell * 3) % jobs.len()];
            let word = Word(whom, tick * 8 + u32::from(id));
            // Who is here may leave in this tick, before it is read.
            if !world.contains(whom) && world.send_to_entity(whom, word).is_ok() {
                sent.fetch_add(1, Ordering::Relaxed);
            }
            if tick % 5 == 0 {
                let walker = jobs.iter().copied().find(|&job| world.contains(job));
                if let Some(walker) = walker {
                    let side = if tick % 2 == 0 { 1 } else { CELLS - 1 };
                    world.insert(walker, TransferMarker::to((id + side) % CELLS)).unwrap();
                }
            }
        });
    }
    (ring, sent)
}

fn placements() -> [Placement; 3] {
    [Placement::PerWorld, Placement::Single, Placement::Map(vec![0, 1, 0, 1, 0, 1])]
}

#[test]
fn on_threads_each_is_heard_once_or_counted() {
    let ticks = if cfg!(miri) { 20 } else { 2_000 };
    for placement in placements() {
        let (mut ring, sent) = busy(ticks);
        ring.set_pace::<Cell>(static_ecs::Pace::Continuous);
        let running = ring.run(placement).unwrap();
        let started = Instant::now();
        while running.stats().worlds[..CELLS as usize]
            .iter()
            .any(|world| world.counts.ticks < u64::from(ticks))
        {
            assert!(running.is_running() && started.elapsed() < LONG, "{:?}", running.stats());
            std::thread::sleep(Duration::from_millis(1));
        }
        let stopped = running.stop_within(LONG);
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert!(stopped.conservation.holds());
        let ring = &stopped.coordinator;
        let mut all = all_heard(ring);
        let count = sent.load(Ordering::Relaxed);
        assert!(count > ticks as usize, "{count} sent");
        assert_eq!(all.len() as u64 + undelivered(ring), count as u64);
        all.dedup();
        assert_eq!(all.len() as u64 + undelivered(ring), count as u64);
        // Few are too slow for a job that walks at every fifth tick.
        assert!(undelivered(ring) < count as u64 / 10, "{} given up", undelivered(ring));
    }
}

#[test]
fn lock_step_gives_the_same_everywhere() {
    let all = |ring: &Ring| -> Vec<Vec<u32>> {
        (0..CELLS as usize).map(|cell| heard(ring, cell)).collect()
    };
    let by_hand = {
        let (mut ring, _) = busy(100);
        ring.start().unwrap();
        (0..120).for_each(|_| _ = ring.step().unwrap());
        all(&ring)
    };
    assert!(by_hand.iter().flatten().count() > 300);
    for placement in placements() {
        let (ring, _) = busy(100);
        let stopped = ring.run_ticks(placement, 120).unwrap();
        assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
        assert_eq!(all(&stopped.coordinator), by_hand);
    }
}
