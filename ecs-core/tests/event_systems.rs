//! Readers and writers of events as parameters of systems, one by one and on threads.
#![allow(missing_docs, unreachable_pub)]

use std::sync::{Arc, Mutex};

use ecs_core::commands::{BufferFull, Commands};
use ecs_core::event::EventCounts;
use ecs_core::schedule::{Executor, Job, OnError, Reason, Schedule, Stage};
use ecs_core::system::{BoxError, EventReader, EventWriter, Local};
use ecs_core::world::World;
use ecs_macros::{Component, Event, world_config};

#[derive(Component)]
#[component(crate = ecs_core)]
struct Tag;

#[derive(Event, Debug)]
#[event(crate = ecs_core)]
struct Ping(u32);

#[derive(Event, Debug)]
#[event(crate = ecs_core)]
struct Pong(u32);

/// May be sent to a thread, but not be looked at by several.
#[derive(Event)]
#[event(crate = ecs_core)]
struct Lonely(#[allow(dead_code)] std::cell::Cell<u32>);

#[world_config(
    crate = ecs_core,
    components(Tag),
    events(Ping, Pong(capacity = 8), Lonely)
)]
struct Base;

type Log = Arc<Mutex<Vec<u32>>>;

/// Each job on a thread of its own.
struct Threads;

impl Executor<Base> for Threads {
    fn run(&mut self, stage: Stage<'_, Base>) {
        std::thread::scope(|scope| {
            for job in stage {
                scope.spawn(move || job.run());
            }
        });
    }
}

fn logs() -> (Log, impl FnMut(EventReader<Ping>) + Send + Clone) {
    let log = Log::default();
    let kept = log.clone();
    let read = move |mut pings: EventReader<Ping>| {
        kept.lock().unwrap().extend(pings.read().map(|ping| ping.0));
    };
    (log, read)
}

fn count(mut next: Local<u32>, mut pings: EventWriter<Ping>) -> Result<(), BoxError> {
    for _ in 0..*next % 4 {
        pings.send(Ping(*next * 10))?;
    }
    *next += 1;
    Ok(())
}

fn answer(mut pings: EventReader<Ping>, mut pongs: EventWriter<Pong>) -> Result<(), BoxError> {
    for ping in &mut pings {
        pongs.send(Pong(ping.0 + 1))?;
    }
    Ok(())
}

/// The logs of a reader before the writer and one after, and the counts.
fn run(threads: bool) -> ([Vec<u32>; 2], [EventCounts; 2]) {
    let (before, read_before) = logs();
    let (after, read_after) = logs();
    let mut schedule = Schedule::new();
    if threads {
        schedule.set_executor(Threads);
    }
    schedule.add(read_before);
    schedule.add(count);
    schedule.add(read_after);
    schedule.add(answer);
    let mut world = World::<Base>::new();
    for _ in 0..10 {
        schedule.run(&mut world).unwrap();
    }
    assert!(world.events::<Pong>().iter().all(|pong| pong.0 % 10 == 1));
    let take = |log: Log| std::mem::take(&mut *log.lock().unwrap());
    let counts = [world.events::<Ping>().counts(), world.events::<Pong>().counts()];
    ([take(before), take(after)], counts)
}

#[test]
fn readers_on_threads_see_what_they_see_one_by_one() {
    let ([before, after], counts) = run(false);
    assert_eq!(after.len() as u64, counts[0].sent);
    assert_eq!(counts[0].sent, counts[1].sent);
    assert_eq!(before[..], after[..before.len()]);
    assert_eq!(run(true), ([before, after], counts));
}

#[test]
fn who_sends_keeps_others_of_its_event_away() {
    fn read_again(_: EventReader<Ping>) {}
    fn pong(_: EventWriter<Pong>) {}
    fn lonely(_: EventWriter<Lonely>) {}

    let mut schedule = Schedule::<Base>::new();
    schedule.add(count).add(answer).add(read_again).add(pong).add(lonely);
    let plan = schedule.plan().unwrap();
    let stages: Vec<usize> = plan.stages().iter().map(|stage| stage.systems().len()).collect();
    // `count` and `lonely`; `answer` and `read_again`; `pong`, which sends as `answer` does.
    assert_eq!(stages, [2, 2, 1]);
    let links: Vec<_> = plan.links().map(|(_, _, reason)| reason).collect();
    let ping = Reason::Event("Ping");
    assert!(links.iter().all(|&reason| reason == ping || reason == Reason::Event("Pong")));
    let text = plan.to_string();
    assert!(text.contains("reads Ping; writes Pong"), "{text}");
}

#[test]
fn a_reader_waits_for_commands_that_send() {
    fn tell(commands: &mut Commands<Base>) -> Result<(), BufferFull<Ping>> {
        commands.send(Ping(7))
    }
    let (log, read) = logs();
    let mut schedule = Schedule::new();
    schedule.add(tell).add(read);
    let mut world = World::<Base>::new();
    schedule.run(&mut world).unwrap();
    assert_eq!(*log.lock().unwrap(), [7]);
}

#[test]
fn a_run_that_is_cut_short_ends_no_events() {
    fn fail(mut calls: Local<u32>) -> Result<(), BoxError> {
        *calls += 1;
        if calls.is_multiple_of(3) { Ok(()) } else { Err("two times of three".into()) }
    }
    let (log, read) = logs();
    let mut schedule = Schedule::new();
    schedule.add(|_: &mut World<Base>| ());
    schedule.add(fail);
    schedule.add(|_: &mut World<Base>| ());
    schedule.add(read);
    let mut world = World::<Base>::new();
    let mut sent = 0;
    for run in 0..9 {
        world.send(Ping(run)).unwrap();
        sent += 1;
        assert_eq!(schedule.run(&mut world).is_err(), run % 3 != 2);
    }
    // The reader has run one time of three, and missed none.
    assert_eq!(log.lock().unwrap().len(), sent);
    // Where the others run all the same, it does end them.
    schedule.set_on_error(OnError::Collect { limit: 1 });
    for _ in 0..2 {
        let _ = schedule.run(&mut world);
    }
    assert!(world.events::<Ping>().is_empty());
}

#[test]
fn a_reader_tells_what_it_has_left() {
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    let mut runs = 0;
    schedule.add(move |mut pings: EventReader<Ping>| {
        match runs {
            0 => {
                assert_eq!((pings.len(), pings.is_empty()), (3, false));
                assert_eq!(pings.read().next().unwrap().0, 0);
                assert_eq!(pings.len(), 2);
            }
            1 => {
                assert_eq!(pings.read().count(), 3);
                assert_eq!((pings.missed(), pings.events().len()), (0, 4));
            }
            _ => {
                pings.clear();
                assert!(pings.is_empty());
            }
        }
        runs += 1;
    });
    (0..3).for_each(|n| world.send(Ping(n)).unwrap());
    schedule.run(&mut world).unwrap();
    world.send(Ping(3)).unwrap();
    schedule.run(&mut world).unwrap();
    world.send(Ping(4)).unwrap();
    schedule.run(&mut world).unwrap();
}

#[test]
fn a_writer_knows_where_events_can_go() {
    #[world_config(crate = ecs_core, base = Base)]
    struct Other;

    let mut world = World::<Base>::with_origin(3);
    world
        .event_store_mut()
        .unwrap()
        .set_targets([(5, <Other as ecs_core::config::WorldConfig>::PATH)]);
    let mut schedule = Schedule::new();
    schedule.add(|mut pongs: EventWriter<Pong>| {
        assert_eq!(pongs.target::<Other>(), Some(5));
        assert_eq!(pongs.target::<Base>(), None);
        pongs.send_to(5, Pong(1)).unwrap();
        pongs.send_to(2, Pong(2)).unwrap(); // itself
        assert_eq!(pongs.events().len(), 1);
        pongs.send_to(4, Pong(3)).unwrap_err();
    });
    schedule.run(&mut world).unwrap();
    assert_eq!(world.event_target::<Other>(), Some(5));
    let store = world.event_store_mut().unwrap();
    assert_eq!((store.waiting(), store.no_edge()), (1, 1));
}

#[allow(dead_code)]
fn jobs_can_go_to_threads(job: Job<'_, Base>) -> impl Send {
    job
}
