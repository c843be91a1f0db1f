//! Events of one world: against a plain model, with several readers, full, and dropped
//! exactly once.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::collections::VecDeque;

use ecs_core::commands::Commands;
use ecs_core::error::Refusal;
use ecs_core::event::{EventCounts, EventCursor, EventOf, Overflow, Parcel};
use ecs_core::schedule::Schedule;
use ecs_core::schema::Schema;
use ecs_core::world::World;
use ecs_macros::{Component, Event, world_config};
use proptest::prelude::*;

use common::{Ledger, Owned, panics, property};

#[derive(Component)]
#[component(crate = ecs_core)]
struct Tag;

#[derive(Event, Debug)]
#[event(crate = ecs_core)]
struct Plain(u32);

#[derive(Event, Debug)]
#[event(crate = ecs_core)]
struct Kept(Owned);

#[derive(Event, Debug)]
#[event(crate = ecs_core)]
struct Newest(Owned);

#[derive(Event, Debug, PartialEq)]
#[event(crate = ecs_core)]
struct Nothing;

#[derive(Event)]
#[event(crate = ecs_core)]
struct Of<T>(#[allow(dead_code)] T);

const SEVEN: u32 = 7;

#[world_config(
    crate = ecs_core,
    components(Tag),
    events(
        Plain,
        Kept(capacity = 5),
        Newest(capacity = SEVEN, on_full = drop_oldest),
        Nothing(on_full = refuse, capacity = 3),
        Of<u8>,
        self::Of<Vec<u32>>(capacity = 2),
    )
)]
struct Base;

#[world_config(crate = ecs_core, base = Base)]
struct Heir;

#[world_config(crate = ecs_core, components(Tag))]
struct Silent;

#[test]
fn a_schema_says_what_its_events_are() {
    let said: Vec<_> =
        Base::EVENTS.iter().map(|info| (info.name, info.capacity, info.overflow)).collect();
    let refuse = Overflow::Refuse;
    let expected = [
        ("Plain", 1024, refuse),
        ("Kept", 5, refuse),
        ("Newest", 7, Overflow::DropOldest),
        ("Nothing", 3, refuse),
        ("Of<u8>", 1024, refuse),
        ("Of<Vec<u32>>", 2, refuse),
    ];
    assert_eq!(said, expected);
    assert_eq!(<Newest as EventOf<Base>>::INDEX, 2);
    assert_eq!(<Newest as EventOf<Base>>::BIT, 4);
    assert!(Silent::EVENTS.is_empty());
    let mut heir = World::<Heir>::new();
    heir.send(Plain(1)).unwrap();
    assert_eq!(heir.events::<Plain>().len(), 1);
    assert!(World::<Silent>::new().event_store_mut().is_none());
}

/// What a world does with one type, in the plainest way.
struct Model {
    here: VecDeque<(u64, u32, usize)>,
    run: usize,
    next: u64,
    counts: EventCounts,
    capacity: usize,
    overflow: Overflow,
    /// The next number that each reader is to see, and what it missed.
    readers: [(Option<u64>, u64); 3],
}

impl Model {
    fn new(capacity: usize, overflow: Overflow) -> Self {
        Self {
            here: VecDeque::new(),
            run: 0,
            next: 0,
            counts: EventCounts::default(),
            capacity,
            overflow,
            readers: Default::default(),
        }
    }

    fn send(&mut self, value: u32) -> bool {
        if self.here.len() == self.capacity {
            if self.overflow == Overflow::Refuse {
                self.counts.refused += 1;
                return false;
            }
            self.here.pop_front();
            self.counts.dropped += 1;
        }
        self.here.push_back((self.next, value, self.run));
        self.next += 1;
        self.counts.sent += 1;
        true
    }

    fn end(&mut self) {
        self.here.retain(|&(_, _, run)| run == self.run);
        self.run += 1;
    }

    fn first(&self) -> u64 {
        self.here.front().map_or(self.next, |event| event.0)
    }

    fn read(&mut self, reader: usize, count: usize) -> Vec<u32> {
        let first = self.first();
        let (next, missed) = &mut self.readers[reader];
        let from = next.unwrap_or(first);
        *missed += first.saturating_sub(from);
        let seen: Vec<_> = self.here.iter().filter(|event| event.0 >= from).take(count).collect();
        *next = Some(seen.last().map_or(from.max(first), |event| event.0 + 1));
        seen.iter().map(|event| event.1).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(u32),
    End,
    Read(usize, usize),
    Fold(usize),
    Skip(usize),
    Shrink,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<u32>().prop_map(Step::Send),
        2 => Just(Step::End),
        3 => (0..3usize, 0..5usize).prop_map(|(reader, count)| Step::Read(reader, count)),
        1 => (0..3usize).prop_map(Step::Fold),
        1 => (0..3usize).prop_map(Step::Skip),
        1 => Just(Step::Shrink),
    ]
}

/// Runs the steps on a world and a model, for an event type that is made of an `Owned`.
macro_rules! as_the_model {
    ($event:ident, $steps:expr) => {{
        let ledger = Ledger::default();
        let mut world = World::<Base>::new();
        let info = <$event as EventOf<Base>>::INFO;
        let mut model = Model::new(info.capacity as usize, info.overflow);
        let mut cursors: [EventCursor<$event>; 3] = Default::default();
        for step in $steps {
            match step {
                Step::Send(value) => {
                    let sent = world.send($event(ledger.owned(value)));
                    prop_assert_eq!(sent.is_ok(), model.send(value));
                    if let Err(refused) = sent {
                        prop_assert_eq!(refused.into_inner().0.value, value);
                    }
                }
                Step::End => {
                    world.end_events();
                    model.end();
                }
                Step::Read(reader, count) => {
                    let read = world.events::<$event>().read(&mut cursors[reader]);
                    let left = read.len();
                    let read: Vec<u32> = read.take(count).map(|event| event.0.value).collect();
                    prop_assert_eq!(read.len(), left.min(count));
                    prop_assert_eq!(read, model.read(reader, count));
                }
                Step::Fold(reader) => {
                    let mut read = Vec::new();
                    let events = world.events::<$event>();
                    events.read(&mut cursors[reader]).for_each(|event| read.push(event.0.value));
                    prop_assert_eq!(read, model.read(reader, usize::MAX));
                    prop_assert_eq!(events.unread(&cursors[reader]), 0);
                }
                Step::Skip(reader) => {
                    world.events::<$event>().skip(&mut cursors[reader]);
                    model.readers[reader].0 = Some(model.next);
                }
                Step::Shrink => world.shrink(),
            }
            let events = world.events::<$event>();
            let here: Vec<u32> = events.iter().map(|event| event.0.value).collect();
            prop_assert_eq!(here, model.here.iter().map(|event| event.1).collect::<Vec<_>>());
            prop_assert_eq!(events.counts(), model.counts);
            prop_assert_eq!(ledger.live(), model.here.len());
            let missed = cursors.each_ref().map(EventCursor::missed);
            prop_assert_eq!(missed, model.readers.map(|reader| reader.1));
        }
        drop(world);
        ledger.check_empty();
    }};
}

proptest! {
    #![proptest_config(property(256, 8))]

    #[test]
    fn events_are_as_their_model(steps in prop::collection::vec(step(), 0..80)) {
        as_the_model!(Kept, steps.clone());
        as_the_model!(Newest, steps);
    }
}

#[test]
fn each_reader_sees_each_event_once_before_and_after_the_writer() {
    /// What each reader has seen.
    #[derive(Default)]
    struct Seen(Vec<u32>, Vec<u32>);

    let mut schedule = Schedule::new();
    let mut before = EventCursor::new();
    schedule.add(move |world: &mut World<Base>| {
        let read: Vec<u32> = world.events::<Plain>().read(&mut before).map(|e| e.0).collect();
        world.resource_mut::<Seen>().unwrap().0.extend(read);
    });
    let mut next = 0;
    schedule.add(move |world: &mut World<Base>| {
        for _ in 0..next % 3 {
            world.send(Plain(next)).unwrap();
            next += 1;
        }
        next += 1;
    });
    let mut after = EventCursor::new();
    schedule.add(move |world: &mut World<Base>| {
        let read: Vec<u32> = world.events::<Plain>().read(&mut after).map(|e| e.0).collect();
        world.resource_mut::<Seen>().unwrap().1.extend(read);
    });
    let mut world = World::<Base>::new();
    world.insert_resource(Seen::default());
    // Outside of a run, for the next one.
    world.send(Plain(1000)).unwrap();
    for _ in 0..9 {
        schedule.run(&mut world).unwrap();
    }
    let sent = world.events::<Plain>().counts().sent as usize;
    let Seen(before, after) = world.resource::<Seen>().unwrap();
    assert_eq!(after.len(), sent);
    assert_eq!(before[..], after[..before.len()]);
    // The one before has yet to see those of the last run, which are still here.
    assert_eq!(sent - before.len(), world.events::<Plain>().len());
    let left: Vec<u32> = world.events::<Plain>().iter().map(|event| event.0).collect();
    assert_eq!(left, after[before.len()..]);
    // Nobody sends: all go.
    world.end_events();
    world.end_events();
    assert!(world.events::<Plain>().is_empty());
}

#[test]
fn a_report_tells_of_each_type() {
    let mut world = World::<Base>::new();
    (0..3).for_each(|n| world.send(Plain(n)).unwrap());
    (0..4).for_each(|_| _ = world.send(Nothing));
    let report = world.inspect();
    let told: Vec<_> = report.events.iter().map(|event| (event.name, event.here)).collect();
    assert_eq!(told[..4], [("Plain", 3), ("Kept", 0), ("Newest", 0), ("Nothing", 3)]);
    assert_eq!((report.events[3].counts.refused, report.events[3].capacity), (1, 3));
    let text = report.to_string();
    assert!(text.contains("events Plain: 3 of 1024, 0 want to leave; 3 sent"), "{text}");
}

#[test]
fn a_reader_that_is_late_learns_what_it_missed() {
    let mut world = World::<Base>::new();
    let mut cursor = EventCursor::new();
    for n in 0..4 {
        world.send(Plain(n)).unwrap();
    }
    assert_eq!(world.events::<Plain>().read(&mut cursor).take(1).count(), 1);
    world.end_events();
    world.send(Plain(4)).unwrap();
    world.end_events();
    let left: Vec<u32> = world.events::<Plain>().read(&mut cursor).map(|event| event.0).collect();
    assert_eq!(left, [4]);
    assert_eq!(cursor.missed(), 3);
    // One that is new has missed nothing, and a copy goes its own way.
    let mut new = EventCursor::new();
    assert_eq!(world.events::<Plain>().read(&mut new).count(), 1);
    assert_eq!(new.missed(), 0);
    let mut copy = new.clone();
    world.send(Plain(5)).unwrap();
    assert_eq!(world.events::<Plain>().read(&mut new).count(), 1);
    assert_eq!(world.events::<Plain>().read(&mut copy).count(), 1);
    // One of another world sees nothing that is not there.
    let other = World::<Base>::new();
    assert_eq!(other.events::<Plain>().read(&mut new).count(), 0);
}

#[test]
fn events_without_bytes_are_counted_too() {
    let mut world = World::<Base>::new();
    let sent = (0..5).filter(|_| world.send(Nothing).is_ok()).count();
    assert_eq!(sent, 3);
    let why = world.send(Nothing).unwrap_err().why();
    assert_eq!(why, Refusal::EventsFull { event: "Nothing", capacity: 3 });
    let mut cursor = EventCursor::new();
    assert!(world.events::<Nothing>().read(&mut cursor).eq([&Nothing, &Nothing, &Nothing]));
}

#[test]
fn a_drop_that_panics_drops_the_rest_once() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    for value in 0..7 {
        let event = if value % 3 == 1 { ledger.bomb(value) } else { ledger.owned(value) };
        world.send(Newest(event)).unwrap();
    }
    // The oldest goes for another; then one whose drop panics.
    world.send(Newest(ledger.owned(7))).unwrap();
    panics(|| world.send(Newest(ledger.owned(8))));
    let here = |world: &World<Base>| -> Vec<u32> {
        world.events::<Newest>().iter().map(|event| event.0.value).collect()
    };
    assert_eq!(here(&world), [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(ledger.live(), 7);
    assert_eq!(world.events::<Newest>().counts().dropped, 2);
    // At the end of a run.
    world.end_events();
    world.send(Kept(ledger.owned(9))).unwrap();
    panics(|| world.end_events());
    assert_eq!(here(&world), [0; 0]);
    assert_eq!(ledger.live(), 1);
    world.send(Newest(ledger.bomb(10))).unwrap();
    // With the world.
    panics(|| drop(world));
    ledger.check_empty();
}

#[test]
fn an_event_by_command_waits_for_room() {
    let mut world = World::<Base>::new();
    let mut commands = Commands::<Base>::with_capacity(16);
    for n in 0..4 {
        commands.send(Of(vec![n])).unwrap();
        commands.spawn(Tag).unwrap();
    }
    commands.send_to(9, Nothing).unwrap();
    let error = commands.apply(&mut world).unwrap_err();
    // What does not wait is made; nothing goes to where no edge leads.
    assert_eq!((error.applied.made, error.applied.missed, error.waiting), (6, 1, 2));
    assert_eq!(error.why, Refusal::EventsFull { event: "Of<Vec<u32>>", capacity: 2 });
    assert_eq!(world.len(), 4);
    world.end_events();
    assert!(commands.apply(&mut world).is_err());
    world.end_events();
    assert_eq!(commands.apply(&mut world).unwrap().made, 2);
    let values: Vec<_> = world.events::<Of<Vec<u32>>>().iter().map(|event| event.0[0]).collect();
    assert_eq!(values, [2, 3]);
}

#[test]
fn events_for_other_worlds_wait_in_line() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::with_origin(1);
    let refused = world.send_to(3, Kept(ledger.owned(0))).unwrap_err();
    assert_eq!(refused.why(), Refusal::NoEdge { target: 3 });
    assert_eq!(refused.into_inner().0.value, 0);
    let store = world.event_store_mut().unwrap();
    assert_eq!(store.no_edge(), 1);
    let mut unreached = Vec::new();
    store.for_each_unreached(|target| unreached.push(target));
    assert_eq!(unreached, [3]);
    store.set_targets([(3, "three"), (1, "one")]);
    for value in 0..9 {
        let target = if value % 2 == 0 { 3 } else { 1 };
        world.send_to(target, Kept(ledger.owned(value))).unwrap();
        world.send_to(target, Newest(ledger.owned(value))).unwrap();
    }
    assert!(world.send_to(3, Kept(ledger.owned(10))).is_err(), "five wait for that world");
    world.send_to(3, Newest(ledger.owned(10))).unwrap();
    // To itself: here at once.
    world.send_to(0, Kept(ledger.owned(11))).unwrap();
    assert_eq!(world.events::<Kept>().len(), 1);
    let store = world.event_store_mut().unwrap();
    assert_eq!((store.waiting(), store.is_pending()), (19, true));
    assert_eq!((store.waiting_for::<Kept>(0), store.waiting_for::<Newest>(1)), (4, 6));
    let kept: Vec<u32> =
        std::iter::from_fn(|| store.pop_outgoing::<Kept>(1)).map(|it| it.event().0.value).collect();
    assert_eq!(kept, [0, 2, 4, 6, 8]);
    assert_eq!(store.waiting(), 14);
    assert_eq!(store.lost_away(), (1, 0));
    drop(world);
    ledger.check_empty();
}

#[test]
fn arrivals_are_taken_in_as_far_as_there_is_room() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    world.send(Kept(ledger.owned(0))).unwrap();
    let mut line: VecDeque<Kept> = (1..8).map(|value| Kept(ledger.owned(value))).collect();
    world.event_store_mut().unwrap().arrive(|| line.pop_front().map(Parcel::to_world));
    assert_eq!(line.len(), 3);
    let counts = world.events::<Kept>().counts();
    assert_eq!((counts.sent, counts.received, counts.refused), (1, 4, 0));
    let mut line: VecDeque<Newest> = (0..9).map(|value| Newest(ledger.owned(value))).collect();
    world.event_store_mut().unwrap().arrive(|| line.pop_front().map(Parcel::to_world));
    let counts = world.events::<Newest>().counts();
    assert_eq!((line.len(), counts.received, counts.dropped), (0, 9, 2));
}
