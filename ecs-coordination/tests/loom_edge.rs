//! Loom models of the hand-over between worlds: the room of a lane, and the
//! look that says that worlds are at rest.
//!
//! `RUSTFLAGS="--cfg ecs_loom" cargo test -p ecs-coordination --release --test loom_edge`
#![cfg(ecs_loom)]

use ecs_coordination::counters::EdgeCounters;
use ecs_coordination::flags::{Flags, are_quiet};
use ecs_coordination::pending::Pending;
use ecs_coordination::quiet::{Quiet, at_rest};
use ecs_coordination::ring::{Consumer, Producer, channel};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// Up to three preemptions per run, or `LOOM_MAX_PREEMPTIONS`.
fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(body);
}

/// A lane: batches are numbers, of so many entities.
struct Source {
    pending: Arc<Pending>,
    full: Producer<usize>,
}

struct Target {
    pending: Arc<Pending>,
    full: Consumer<usize>,
}

fn lane(capacity: usize) -> (Source, Target) {
    let (producer, consumer) = channel(capacity);
    let pending = Arc::new(Pending::new(capacity));
    let source = Source { pending: pending.clone(), full: producer };
    (source, Target { pending, full: consumer })
}

impl Source {
    /// Sends up to `wanted` entities in one batch; answers how many.
    fn send(&mut self, wanted: usize) -> usize {
        let room = self.pending.reserve(wanted, self.pending.capacity());
        if room > 0 {
            self.full.push(room).expect("a push after a reservation never finds the ring full");
        }
        room
    }
}

impl Target {
    /// Takes one batch; `quiet` is the target world's. Answers how many entities.
    fn take(&mut self, quiet: Option<&Quiet>) -> usize {
        let Some(entities) = self.full.pop() else { return 0 };
        if let Some(quiet) = quiet {
            quiet.taking();
        }
        self.pending.release(entities);
        entities
    }
}

#[test]
fn a_push_after_a_reservation_never_finds_the_ring_full() {
    // Entities one by one: each needs a place of its own.
    for capacity in [1, 2] {
        model(move || {
            let (mut source, mut target) = lane(capacity);
            let sender = thread::spawn(move || {
                let mut sent = 0;
                while sent < 3 {
                    sent += source.send(1);
                    thread::yield_now();
                }
            });
            let mut received = 0;
            while received < 3 {
                assert!(target.pending.count() <= capacity);
                received += target.take(None);
                thread::yield_now();
            }
            sender.join().unwrap();
            assert!(target.pending.settled());
        });
    }
}

/// A batch that is taken in two parts gives its room back in two parts.
#[test]
fn room_comes_back_in_parts() {
    model(|| {
        let (mut source, mut target) = lane(2);
        assert_eq!(source.send(2), 2);
        let sender = thread::spawn(move || {
            let mut sent = 0;
            while sent < 2 {
                sent += source.send(2 - sent);
                thread::yield_now();
            }
        });
        assert_eq!(target.full.pop(), Some(2));
        target.pending.release(1);
        target.pending.release(1);
        let mut received = 0;
        while received < 2 {
            received += target.take(None);
            thread::yield_now();
        }
        sender.join().unwrap();
        assert!(target.pending.settled());
    });
}

/// Room of an inbox that two sources share is never given out twice.
#[test]
fn two_sources_never_get_more_room_than_there_is() {
    model(|| {
        let pending = Arc::new(Pending::new(2));
        let sources: Vec<_> = (0..2)
            .map(|_| {
                let pending = pending.clone();
                thread::spawn(move || pending.reserve(2, 2))
            })
            .collect();
        let granted: usize = sources.into_iter().map(|source| source.join().unwrap()).sum();
        assert_eq!((granted, pending.count()), (2, 2));
    });
}

/// What goes together gets all of its room or none, whoever else asks.
#[test]
fn a_unit_gets_all_of_its_room_or_none() {
    model(|| {
        let pending = Arc::new(Pending::new(2));
        let other = thread::spawn({
            let pending = pending.clone();
            move || pending.reserve(1, 2)
        });
        let whole = pending.reserve_whole(2, 2);
        let one = other.join().unwrap();
        assert_ne!(whole, one == 1, "one of the two found room");
        assert_eq!(pending.count(), if whole { 2 } else { 1 });
    });
}

/// What the receiver did before it gave room back is seen by who reserves it, and
/// by who finds the lane settled.
#[test]
fn who_reserves_sees_what_was_done_with_the_room() {
    model(|| {
        let pending = Arc::new(Pending::new(1));
        let done = Arc::new(AtomicUsize::new(0));
        assert_eq!(pending.reserve(1, 1), 1);
        let receiver = thread::spawn({
            let (pending, done) = (pending.clone(), done.clone());
            move || {
                done.store(1, Ordering::Relaxed);
                pending.release(1);
            }
        });
        if pending.settled() || pending.reserve(1, 1) == 1 {
            assert_eq!(done.load(Ordering::Relaxed), 1);
        }
        receiver.join().unwrap();
    });
}

/// Whoever reads the figures of an edge while entities pass never sees more
/// received, or shed, than taken.
#[test]
fn no_reader_sees_more_received_than_taken() {
    model(|| {
        let counters = Arc::new(EdgeCounters::default());
        let (mut source, mut target) = lane(2);
        let sender = thread::spawn({
            let counters = counters.clone();
            move || {
                counters.add_taken(1);
                source.send(1);
                counters.add_shed(1);
            }
        });
        let receiver = thread::spawn({
            let counters = counters.clone();
            move || counters.add_received(target.take(None))
        });
        let seen = counters.read();
        assert!(seen.received + seen.shed <= seen.taken, "{seen:?}");
        sender.join().unwrap();
        receiver.join().unwrap();
    });
}

/// Nor more come back, which its own source counts.
#[test]
fn no_reader_sees_more_returned_than_taken() {
    model(|| {
        let counters = Arc::new(EdgeCounters::default());
        let source = thread::spawn({
            let counters = counters.clone();
            move || {
                counters.add_taken(1);
                counters.add_returned(1);
            }
        });
        let seen = counters.read();
        assert!(seen.returned <= seen.taken, "{seen:?}");
        source.join().unwrap();
    });
}

/// Nor more dropped on its way, by whoever takes it out of the lane for that.
#[test]
fn no_reader_sees_more_dropped_than_taken() {
    model(|| {
        let counters = Arc::new(EdgeCounters::default());
        let (mut source, mut target) = lane(2);
        let sender = thread::spawn({
            let counters = counters.clone();
            move || {
                counters.add_taken(1);
                source.send(1);
            }
        });
        let closer = thread::spawn({
            let counters = counters.clone();
            move || counters.add_dropped(target.take(None))
        });
        let seen = counters.read();
        assert!(seen.dropped <= seen.taken, "{seen:?}");
        sender.join().unwrap();
        closer.join().unwrap();
    });
}

/// How many hops the entities of the models below still have before them, in
/// the order of what happens: changed only when a hop ends.
struct Hops(std::sync::atomic::AtomicUsize);

impl Hops {
    fn new(hops: usize) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self(std::sync::atomic::AtomicUsize::new(hops)))
    }

    /// A hop ends. Outside of loom's view, so that it orders nothing.
    fn end(&self) {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn left(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// One tick of a world that sends on what it receives: as the runtime's.
fn tick(quiet: &Quiet, inlet: &mut Target, outlet: Option<&mut Source>, hops: &Hops) -> bool {
    let received = inlet.take(Some(quiet));
    match outlet {
        Some(outlet) if received > 0 => assert_eq!(outlet.send(received), received),
        // It stays here.
        _ => (0..received).for_each(|_| hops.end()),
    }
    let busy = received > 0;
    quiet.ticked(busy, !busy && inlet.full.is_empty());
    busy
}

/// An entity goes from the first world to the second and stays there. Whoever
/// looks never finds the two at rest before.
#[test]
fn worlds_are_never_at_rest_while_an_entity_is_under_way() {
    model(|| {
        let quiet = Arc::new([Quiet::default(), Quiet::default()]);
        let hops = Hops::new(1);
        let (mut outside, mut first_in) = lane(2);
        let (mut first_out, mut second_in) = lane(2);
        let lanes = [first_in.pending.clone(), second_in.pending.clone()];
        // Both have found nothing to do; then something comes.
        quiet[0].ticked(false, true);
        quiet[1].ticked(false, true);
        outside.send(1);

        let first = thread::spawn({
            let (quiet, hops) = (quiet.clone(), hops.clone());
            move || {
                for _ in 0..2 {
                    tick(&quiet[0], &mut first_in, Some(&mut first_out), &hops);
                }
            }
        });
        let second = thread::spawn({
            let (quiet, hops) = (quiet.clone(), hops.clone());
            move || {
                for _ in 0..2 {
                    tick(&quiet[1], &mut second_in, None, &hops);
                    thread::yield_now();
                }
            }
        });
        if at_rest(quiet.iter(), lanes.iter().map(|pending| &**pending)) {
            assert_eq!(hops.left(), 0, "an entity is still under way");
        }
        first.join().unwrap();
        second.join().unwrap();
    });
}

/// The entity comes back to where it was: the look at the lanes may miss it in
/// each of them, and the looks at the worlds don't.
#[test]
fn worlds_are_never_at_rest_while_an_entity_goes_around() {
    model(|| {
        let quiet = Arc::new([Quiet::default(), Quiet::default()]);
        let hops = Hops::new(1);
        let (mut to_first, mut first_in) = lane(2);
        let (mut to_second, mut second_in) = lane(2);
        let lanes = [first_in.pending.clone(), second_in.pending.clone()];
        quiet[0].ticked(false, true);
        quiet[1].ticked(false, true);
        to_second.send(1);

        // It goes on to the first, which keeps it.
        let second = thread::spawn({
            let (quiet, hops) = (quiet.clone(), hops.clone());
            move || {
                tick(&quiet[1], &mut second_in, Some(&mut to_first), &hops);
                tick(&quiet[1], &mut second_in, None, &hops);
            }
        });
        let first = thread::spawn({
            let (quiet, hops) = (quiet.clone(), hops.clone());
            move || {
                for _ in 0..2 {
                    tick(&quiet[0], &mut first_in, None, &hops);
                }
            }
        });
        if at_rest(quiet.iter(), lanes.iter().map(|pending| &**pending)) {
            assert_eq!(hops.left(), 0, "an entity is still under way");
        }
        first.join().unwrap();
        second.join().unwrap();
    });
}

/// And when nothing is left they are found at rest.
#[test]
fn worlds_come_to_rest() {
    model(|| {
        let quiet = Arc::new([Quiet::default()]);
        let hops = Hops::new(1);
        let (mut outside, mut inlet) = lane(1);
        outside.send(1);
        let pending = inlet.pending.clone();
        let world = thread::spawn({
            let (quiet, hops) = (quiet.clone(), hops.clone());
            move || while tick(&quiet[0], &mut inlet, None, &hops) || hops.left() > 0 {}
        });
        world.join().unwrap();
        assert!(at_rest(quiet.iter(), [&*pending].into_iter()));
    });
}

/// A world that was quiet is asked to close, and its driver then has something to
/// finish: nobody finds it quiet before that is done.
#[test]
fn a_world_that_closes_finishes_first() {
    model(|| {
        let flags = Arc::new(Flags::default());
        let hops = Hops::new(1);
        flags.quiet.ticked(false, true);
        let world = thread::spawn({
            let (flags, hops) = (flags.clone(), hops.clone());
            move || {
                if flags.must_close() {
                    flags.tell_closed();
                    flags.quiet.ticked(true, false);
                    hops.end();
                    flags.quiet.ticked(false, true);
                }
            }
        });
        flags.ask_to_close();
        for _ in 0..2 {
            if are_quiet([(&*flags, [].into_iter())].into_iter()) {
                assert_eq!(hops.left(), 0, "the driver has not finished");
            }
        }
        world.join().unwrap();
    });
}

#[test]
fn who_sees_a_world_halted_sees_what_it_sent_last() {
    model(|| {
        let flags = Arc::new(Flags::default());
        let (mut outlet, inlet) = lane(1);
        let world = thread::spawn({
            let flags = flags.clone();
            move || {
                assert_eq!(outlet.send(1), 1);
                if flags.is_halted() {
                    flags.tell_halted();
                }
            }
        });
        flags.ask_to_halt();
        if flags.has_halted() {
            assert!(!inlet.pending.settled(), "what was sent last is on its way");
        }
        world.join().unwrap();
    });
}

#[test]
fn a_world_that_halts_has_seen_the_close_before() {
    model(|| {
        let flags = Arc::new(Flags::default());
        let world = thread::spawn({
            let flags = flags.clone();
            move || assert!(!flags.is_halted() || flags.must_close())
        });
        flags.ask_to_close();
        flags.ask_to_halt();
        world.join().unwrap();
    });
}

/// Also of events no reader sees more leave than was sent.
#[test]
fn no_reader_sees_more_events_received_than_sent() {
    events_leave(EdgeCounters::add_events_received);
}

#[test]
fn no_reader_sees_more_events_dropped_than_sent() {
    events_leave(EdgeCounters::add_events_dropped);
}

/// An event is sent and taken out of its lane, which `count` counts.
fn events_leave(count: fn(&EdgeCounters, usize)) {
    model(move || {
        let counters = Arc::new(EdgeCounters::default());
        let (mut source, mut target) = lane(2);
        let sender = thread::spawn({
            let counters = counters.clone();
            move || {
                counters.add_events_sent(1);
                source.send(1);
            }
        });
        let receiver = thread::spawn({
            let counters = counters.clone();
            move || count(&counters, target.take(None))
        });
        let seen = counters.read();
        assert!(seen.events_received + seen.events_dropped <= seen.events_sent, "{seen:?}");
        sender.join().unwrap();
        receiver.join().unwrap();
    });
}
