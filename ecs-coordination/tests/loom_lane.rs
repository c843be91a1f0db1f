//! Loom models of lanes with real blocks and events, and of what goes home: empty blocks,
//! and ids of entities that died abroad. Worlds and blocks are those that ship.
//!
//! `RUSTFLAGS="--cfg ecs_loom" cargo test -p ecs-coordination --release --test loom_lane`
#![cfg(ecs_loom)]

use ecs_coordination::EdgeEnd;
use ecs_coordination::counters::EdgeCounters;
use ecs_coordination::events::{EventEnds, join};
use ecs_coordination::lane::{Inbox, LaneSource, LaneTarget, ring_lane};
use ecs_coordination::quiet::{Quiet, at_rest};
use ecs_coordination::returns::Returns;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use static_ecs::block::{Block, block_bytes};
use static_ecs::prelude::*;
use static_ecs::transfer::{EntityTransfer, TransferFlags};

/// Up to three preemptions per run, or `LOOM_MAX_PREEMPTIONS`.
fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(body);
}

/// A component that owns memory whose accesses loom watches.
#[derive(Component)]
struct Watched(Box<UnsafeCell<usize>>);

// SAFETY: the owner of the handle is the owner of the memory.
unsafe impl Send for Watched {}
// SAFETY: it is only read by who has it alone.
unsafe impl Sync for Watched {}

#[derive(Event)]
struct Ping(usize);

#[world_config(
    components(Watched),
    events(Ping(capacity = 2)),
    transfer_queue(capacity = 2, batch_size = 1)
)]
struct Base;

const FLAGS: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };

/// Puts entities with these numbers into an empty block.
fn fill(block: &mut Block<Base>, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        let mut transfer = EntityTransfer::new(0, 1);
        transfer.pack(Watched(Box::new(UnsafeCell::new(number)))).unwrap();
        if block.is_empty() {
            block.begin(transfer.mask(), 0, FLAGS);
        }
        block.push(transfer);
    }
}

/// Takes an entity out of a block.
fn take(block: &mut Block<Base>) -> usize {
    let transfer = block.pop(1).expect("a block that was sent is not empty");
    let watched = transfer.get::<Watched>().expect("it has the component");
    // SAFETY: nobody else has it.
    watched.0.with_mut(|place| unsafe { std::mem::take(&mut *place) })
}

/// Where the rows of a block are.
fn memory(block: &Block<Base>) -> usize {
    block.ids().as_ptr().addr()
}

/// Sends an entity, giving way while there is no room. Answers where its block is.
fn send(
    source: &mut LaneSource<Base>,
    limit: usize,
    number: usize,
    counters: &EdgeCounters,
) -> usize {
    loop {
        if let Some(mut batch) = source.batch(1, limit) {
            assert!(batch.block().is_empty(), "nothing is left of what was in it before");
            fill(batch.block(), [number]);
            let memory = memory(batch.block());
            assert_eq!(batch.send(counters), 1);
            return memory;
        }
        thread::yield_now();
    }
}

/// Takes an entity in, if one waits.
fn receive(target: &mut LaneTarget<Base>) -> Option<usize> {
    let number = take(target.front()?);
    target.moved_out(1);
    Some(number)
}

/// Takes an entity in, giving way while none waits.
fn receive_one(target: &mut LaneTarget<Base>) -> usize {
    loop {
        match receive(target) {
            Some(number) => return number,
            None => thread::yield_now(),
        }
    }
}

/// A block is home before the room of its entities is given back: a lane with room for
/// one never needs another.
#[test]
fn a_block_that_was_emptied_is_used_again() {
    fn with(lane: fn() -> (LaneSource<Base>, LaneTarget<Base>), count: usize) {
        model(move || {
            let (mut source, mut target) = lane();
            let sender = thread::spawn(move || {
                let counters = EdgeCounters::default();
                let first = send(&mut source, 1, 1, &counters);
                for number in 2..=count {
                    assert_eq!(send(&mut source, 1, number, &counters), first);
                }
            });
            for number in 1..=count {
                assert_eq!(receive_one(&mut target), number);
            }
            sender.join().unwrap();
            assert!(target.is_empty());
        });
    }
    with(|| ring_lane(1, block_bytes::<Base>(1)), 3);
    with(
        || {
            let inbox = Inbox::new(1, block_bytes::<Base>(1), 1);
            (inbox.source(), inbox.target(0))
        },
        2,
    );
}

/// A block of which only some entities were moved out stays with its target.
#[test]
fn a_block_goes_home_when_it_is_empty() {
    model(|| {
        let (mut source, mut target) = ring_lane::<Base>(2, block_bytes::<Base>(2));
        let sender = thread::spawn(move || {
            let counters = EdgeCounters::default();
            let mut batch = source.batch(2, 2).expect("the lane is empty");
            fill(batch.block(), [1, 2]);
            assert_eq!(batch.send(&counters), 2);
            send(&mut source, 2, 3, &counters);
        });
        for number in 1..4 {
            assert_eq!(receive_one(&mut target), number);
        }
        sender.join().unwrap();
        assert!(target.is_empty());
    });
}

/// A batch that was filled before there was room for it makes one block more than have a
/// place on the way home: what finds none there is freed, and nothing of what it brought.
#[test]
fn a_block_without_a_place_at_home_is_freed_alone() {
    model(|| {
        let (mut source, mut target) = ring_lane::<Base>(1, block_bytes::<Base>(1));
        let sender = thread::spawn(move || {
            let counters = EdgeCounters::default();
            send(&mut source, 1, 1, &counters);
            let mut spilled = source.block();
            fill(&mut spilled, [2]);
            let batch = loop {
                match source.batch(1, 1) {
                    Some(batch) => break batch,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(batch.send_filled(spilled, &counters), 1);
            source
        });
        for number in 1..3 {
            assert_eq!(receive_one(&mut target), number);
        }
        let mut source = sender.join().unwrap();
        send(&mut source, 1, 3, &EdgeCounters::default());
        assert_eq!(receive_one(&mut target), 3);
    });
}

/// Blocks of an inbox come home to whichever source is first, each to one.
#[test]
fn sources_of_an_inbox_share_its_empty_blocks() {
    model(|| {
        let inbox = Inbox::<Base>::new(2, block_bytes::<Base>(1), 1);
        let mut target = inbox.target(0);
        let sources = [1, 10].map(|number| {
            let mut source = inbox.source();
            send(&mut source, 2, number, &EdgeCounters::default());
            (source, number)
        });
        assert_eq!((receive(&mut target), receive(&mut target)), (Some(1), Some(10)));
        let senders = sources.map(|(mut source, number)| {
            let counters = EdgeCounters::default();
            thread::spawn(move || send(&mut source, 2, number + 1, &counters))
        });
        let blocks = senders.map(|sender| sender.join().unwrap());
        assert_ne!(blocks[0], blocks[1]);
        let numbers = [(); 2].map(|()| receive(&mut target).expect("one of each"));
        assert!(numbers == [2, 11] || numbers == [11, 2]);
        assert!(target.is_empty());
    });
}

/// Members of an array empty blocks of one inbox, each of them one member, and give
/// them back to the one source.
#[test]
fn targets_of_an_inbox_give_its_blocks_back() {
    model(|| {
        let inbox = Inbox::<Base>::new(2, block_bytes::<Base>(1), 2);
        let mut source = inbox.source();
        let counters = EdgeCounters::default();
        let mut sent = [1, 10].map(|number| send(&mut source, 2, number, &counters));
        let members = [0, 1].map(|member| {
            let mut target = inbox.target(member);
            thread::spawn(move || receive(&mut target).expect("there is one for each"))
        });
        let sum: usize = members.into_iter().map(|member| member.join().unwrap()).sum();
        assert_eq!(sum, 11);
        let mut again = [100, 1000].map(|number| send(&mut source, 2, number, &counters));
        sent.sort_unstable();
        again.sort_unstable();
        assert_eq!(sent, again, "both blocks are home");
        let mut target = inbox.target(0);
        assert_eq!((receive(&mut target), receive(&mut target)), (Some(100), Some(1000)));
    });
}

/// A world, and those of its entities that are abroad.
fn emigrate(home: &mut World<Base>, origin: u16, count: usize) -> (World<Base>, Vec<Entity>) {
    let mut abroad = World::<Base>::with_origin(origin);
    let entities = (0..count).map(|number| {
        let watched = Watched(Box::new(UnsafeCell::new(number)));
        let entity = home.spawn((watched,)).ok().unwrap();
        abroad.insert_transfer(home.take(entity).unwrap()).ok().unwrap()
    });
    let entities = entities.collect();
    (abroad, entities)
}

/// An entity dies abroad, and its id goes into the batch of its origin.
fn die(abroad: &mut World<Base>, entity: Entity, batch: &mut Vec<Entity>) {
    abroad.despawn(entity).unwrap();
    abroad.drain_returns(batch);
}

/// Takes ids home, and gives one again.
fn take_home(home: &mut World<Base>, returns: &Returns, came: &mut Vec<Entity>) {
    returns.receive(false, |entity| {
        came.push(entity);
        home.reclaim(entity);
    });
    let watched = Watched(Box::new(UnsafeCell::new(0)));
    let given = home.spawn((watched,)).ok().unwrap();
    assert!(
        given.index() >= 3 || came.iter().any(|entity| entity.index() == given.index()),
        "an id is given again only when it is home"
    );
}

/// The queue has room for one batch of the two worlds, which so are in each other's way.
#[test]
fn ids_of_the_dead_come_home_once() {
    model(|| {
        let returns = Arc::new(Returns::with_places(1, 1));
        let mut home = World::<Base>::with_origin(1);
        let worlds = [2, 1].map(|count| emigrate(&mut home, count as u16 + 1, count));
        let abroad = worlds.map(|(mut abroad, entities)| {
            let returns = returns.clone();
            thread::spawn(move || {
                let mut batch = Vec::new();
                for entity in entities {
                    die(&mut abroad, entity, &mut batch);
                    returns.send(&mut batch);
                }
                batch
            })
        });
        let mut came = Vec::new();
        take_home(&mut home, &returns, &mut came);
        for mut batch in abroad.map(|world| world.join().unwrap()) {
            take_home(&mut home, &returns, &mut came);
            assert!(batch.is_empty() || returns.send(&mut batch), "there is room");
            assert!(batch.is_empty());
        }
        take_home(&mut home, &returns, &mut came);
        came.sort_unstable();
        let indices: Vec<_> = came.iter().map(|entity| entity.index()).collect();
        assert_eq!(indices, [0, 1, 2]);
    });
}

/// A queue that is full only delays: the batch stays in its world, and grows.
#[test]
fn a_batch_without_room_stays_and_grows() {
    model(|| {
        let returns = Arc::new(Returns::with_places(1, 1));
        let mut home = World::<Base>::with_origin(1);
        let (mut abroad, entities) = emigrate(&mut home, 2, 3);
        let world = thread::spawn({
            let returns = returns.clone();
            move || {
                let mut batch = Vec::new();
                for entity in entities {
                    die(&mut abroad, entity, &mut batch);
                    let waits = batch.len();
                    let left = if returns.send(&mut batch) { 0 } else { waits };
                    assert_eq!(batch.len(), left);
                }
                while !batch.is_empty() && !returns.send(&mut batch) {
                    thread::yield_now();
                }
            }
        });
        let mut came = Vec::new();
        while came.len() < 3 {
            take_home(&mut home, &returns, &mut came);
            thread::yield_now();
        }
        world.join().unwrap();
        assert!(came.is_sorted_by_key(|entity| entity.index()), "in the order of their deaths");
    });
}

/// A world and its ends of the lanes for events.
struct Node {
    world: World<Base>,
    ends: EventEnds<Base>,
    read: Vec<usize>,
}

impl Node {
    fn new(id: u16) -> Self {
        let world = World::with_origin(id + 1);
        Self { world, ends: EventEnds::new(), read: Vec::new() }
    }

    fn send(&mut self) {
        self.ends.send(self.world.event_store_mut().unwrap());
    }

    /// As a tick does: takes in what has come, and reads it. Answers how many.
    fn receive(&mut self, quiet: Option<&Quiet>) -> usize {
        if self.ends.nothing_waits() {
            return 0;
        }
        self.ends.receive(self.world.event_store_mut().unwrap(), quiet);
        let before = self.read.len();
        self.read.extend(self.world.events::<Ping>().iter().map(|event| event.0));
        self.world.end_events();
        self.world.end_events();
        self.read.len() - before
    }
}

/// Worlds 0 and 1, with a lane for events from the one to the other. One has gone, so
/// that the queue is there, which the standard library hands over unseen by loom.
fn pair() -> (Node, Node) {
    let (mut source, mut target) = (Node::new(0), Node::new(1));
    let edge = (EdgeEnd::World(1), &std::sync::Arc::new(EdgeCounters::default()));
    join((0, &mut source.ends), (1, 1, "target", &mut target.ends), edge);
    source.world.event_store_mut().unwrap().set_targets(source.ends.targets());
    source.world.send_to(1, Ping(0)).ok().unwrap();
    source.send();
    assert_eq!(target.receive(None), 1);
    (source, target)
}

/// What finds no room in the queue waits in its source, and nothing is lost, doubled or
/// overtaken.
#[test]
fn events_come_in_order_and_once() {
    model(|| {
        let (mut source, mut target) = pair();
        let sender = thread::spawn(move || {
            for number in 1..4 {
                source.world.send_to(1, Ping(number)).ok().unwrap();
                source.send();
            }
            source
        });
        // In the thread that starts later: loom then tries it at each point.
        let receiver = thread::spawn(move || {
            target.receive(None);
            target
        });
        let (mut source, mut target) = (sender.join().unwrap(), receiver.join().unwrap());
        target.receive(None);
        source.send();
        target.receive(None);
        assert_eq!(target.read, [0, 1, 2, 3]);
        assert!(target.ends.pending.settled());
    });
}

/// An event is counted before it is pushed, and taken off after its world has told that
/// it is not quiet: whoever looks never finds the two at rest between.
#[test]
fn worlds_are_never_at_rest_while_an_event_is_under_way() {
    for sent_before in [true, false] {
        model(move || {
            let (mut source, mut target) = pair();
            let quiet = Arc::new([Quiet::default(), Quiet::default()]);
            quiet[1].ticked(false, true);
            let pending = target.ends.pending.clone();
            let read = Arc::new(AtomicBool::new(false));
            let send = {
                let quiet = quiet.clone();
                move || {
                    source.world.send_to(1, Ping(1)).ok().unwrap();
                    source.send();
                    quiet[0].ticked(false, true);
                    source
                }
            };
            let sender = if sent_before {
                let source = send();
                thread::spawn(move || source)
            } else {
                thread::spawn(send)
            };
            let receiver = thread::spawn({
                let (quiet, read) = (quiet.clone(), read.clone());
                move || {
                    let busy = target.receive(Some(&quiet[1])) > 0;
                    read.store(busy, Ordering::Relaxed);
                    quiet[1].ticked(busy, !busy && target.ends.nothing_waits());
                    target
                }
            });
            let looker = thread::spawn(move || {
                if at_rest(quiet.iter(), [&*pending].into_iter()) {
                    assert!(read.load(Ordering::Relaxed), "the event is still under way");
                }
            });
            // Their lanes end when all are done.
            let _ends = (sender.join().unwrap(), receiver.join().unwrap());
            looker.join().unwrap();
        });
    }
}
