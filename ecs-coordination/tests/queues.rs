//! The queues as their users see them: the examples of the docs,
//! properties against a `VecDeque`, panics, and threads with counted drops.
//!
//! Clean under Miri, with smaller counts:
//! `MIRIFLAGS=-Zmiri-many-seeds=0..4 cargo +nightly miri test -p ecs-coordination --test queues`
#![cfg(not(ecs_loom))]

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use ecs_coordination::ring::{channel, channel_at};
use ecs_coordination::{Consumer, Full, LockFreeQueue, Producer, SpscQueue};
use proptest::collection::vec;
use proptest::prelude::*;

const ITEMS: usize = if cfg!(miri) { 100 } else { 100_000 };

/// Numbers the items of a test, and counts the drops of each.
#[derive(Clone, Default)]
struct Drops(Arc<Mutex<Vec<u32>>>);

struct Item {
    number: usize,
    /// On the heap, so that a lost or doubled drop shows in Miri too.
    drops: Box<Drops>,
}

impl Drops {
    fn item(&self) -> Item {
        let mut drops = self.0.lock().unwrap();
        drops.push(0);
        Item { number: drops.len() - 1, drops: Box::new(self.clone()) }
    }

    fn items(&self, count: usize) -> Vec<Item> {
        (0..count).map(|_| self.item()).collect()
    }

    fn assert_once_each(&self) {
        assert!(self.0.lock().unwrap().iter().all(|&drops| drops == 1));
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.drops.0.lock().unwrap()[self.number] += 1;
    }
}

#[test]
fn shared_queue_as_in_the_introduction() {
    let queue = LockFreeQueue::<u32, 256>::new();
    assert!(queue.push(42).is_ok());
    assert_eq!(queue.pop(), Some(42));
    assert_eq!(queue.pop(), None);

    assert_eq!(queue.push_batch(&mut vec![1, 2, 3, 4, 5]), 5);
    assert_eq!((queue.len(), queue.capacity()), (5, 256));
    let mut out = Vec::with_capacity(10);
    assert_eq!(queue.pop_batch(&mut out, 10), 5);
    assert_eq!(out, [1, 2, 3, 4, 5]);
    assert!(queue.is_empty());
}

#[test]
fn spsc_queue_as_in_the_introduction() {
    let mut queue = SpscQueue::<u32, 256>::new();
    queue.push(100).unwrap();
    assert_eq!(queue.pop(), Some(100));
    assert_eq!(queue.pop(), None);

    assert_eq!(queue.push_batch(&mut vec![1, 2, 3, 4, 5]), 5);
    assert_eq!((queue.len(), queue.capacity()), (5, 256));
    let mut out = Vec::with_capacity(10);
    assert_eq!(queue.pop_batch(&mut out, 10), 5);
    assert_eq!(out, [1, 2, 3, 4, 5]);
    assert!(queue.is_empty());
}

#[test]
fn all_slots_can_be_used_and_the_rest_is_handed_back() {
    let mut queue = SpscQueue::<_, 4>::new();
    let shared = LockFreeQueue::<_, 4>::new();
    let mut items = (0..6).collect();
    assert_eq!(queue.push_batch(&mut items), 4);
    assert_eq!(items, [4, 5]);
    assert_eq!(shared.push_batch(&mut items.clone()), 2);
    assert_eq!(shared.push_batch(&mut vec![6, 7, 8]), 2);
    assert!(queue.is_full() && shared.is_full());
    assert_eq!(queue.push(9).unwrap_err().into_inner(), 9);
    assert_eq!(shared.push(9).unwrap_err().into_inner(), 9);
    assert_eq!(queue.push_batch(&mut items), 0);
    assert_eq!(shared.push_batch(&mut items), 0);
    assert_eq!(items, [4, 5]);
}

#[test]
fn the_error_needs_nothing_of_the_item() {
    struct Plain;
    let mut queue = SpscQueue::<Plain, 1>::new();
    queue.push(Plain).unwrap();
    let error: Box<dyn std::error::Error> = Box::new(queue.push(Plain).unwrap_err());
    assert_eq!(error.to_string(), "the queue is full");
    assert_eq!(format!("{:?}", Full(Plain)), "Full(..)");
    assert_eq!(format!("{queue:?}"), "SpscQueue { len: 1, capacity: 1, .. }");
}

#[test]
#[should_panic = "the capacity of a queue is a power of two, not 12"]
fn a_capacity_at_run_time_is_checked() {
    channel::<u8>(12);
}

/// The halves may be sent, and neither shared nor cloned: this compiles only
/// while exactly one of the implementations below fits.
#[test]
fn halves_are_for_one_thread_each() {
    trait OnlyOne<Which> {
        fn fits() {}
    }
    impl<T> OnlyOne<()> for T {}
    impl<T: Sync> OnlyOne<u8> for T {}
    struct Cloning;
    impl<T: Clone> OnlyOne<Cloning> for T {}
    <Producer<u8> as OnlyOne<_>>::fits();
    <Consumer<u8> as OnlyOne<_>>::fits();

    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<(Producer<u8>, Consumer<u8>, SpscQueue<u8, 2>)>();
    sync::<LockFreeQueue<std::cell::Cell<u8>, 2>>();
}

#[test]
fn items_of_any_size_and_alignment() {
    #[repr(align(256))]
    #[derive(Debug, PartialEq)]
    struct Aligned(u8);

    let mut wide = SpscQueue::<_, 2>::new();
    wide.push(Aligned(7)).unwrap();
    let place: *const Aligned = wide.peek().unwrap();
    assert!(place.is_aligned());
    assert_eq!(wide.pop(), Some(Aligned(7)));

    let mut none = SpscQueue::<(), { 1 << (usize::BITS - 1) }>::new();
    assert_eq!(none.push_batch(&mut vec![(); 3]), 3);
    let mut out = Vec::new();
    assert_eq!(none.pop_batch(&mut out, 2), 2);
    assert_eq!((out.len(), none.len()), (2, 1));

    let big = SpscQueue::<[u8; 4096], 1024>::new();
    assert!(size_of_val(&big) < 128, "slots are on the heap");
}

/// Both kinds of queue under one name, for the properties.
trait Queue {
    fn push(&mut self, item: Item) -> Result<(), Full<Item>>;
    fn pop(&mut self) -> Option<Item>;
    fn push_batch(&mut self, items: &mut Vec<Item>) -> usize;
    fn pop_batch(&mut self, out: &mut Vec<Item>, max: usize) -> usize;
    /// The items' numbers in order, as the queue's walk finds them.
    fn walk(&mut self) -> Vec<usize>;
    fn figures(&self) -> (usize, bool, bool, usize);
    /// What only the ring has; false when there is nothing of the kind.
    fn special(&mut self, operation: &Operation, model: &mut Model) -> bool;
}

struct Model {
    items: VecDeque<usize>,
    drops: Drops,
    capacity: usize,
}

impl Model {
    fn room(&self) -> usize {
        self.capacity - self.items.len()
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Push,
    Pop,
    PushBatch(usize),
    PopBatch(usize),
    PushIter(usize),
    PopIter { max: usize, take: usize, forget: bool },
    Peek,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        Just(Operation::Push),
        Just(Operation::Pop),
        (0..12_usize).prop_map(Operation::PushBatch),
        (0..12_usize).prop_map(Operation::PopBatch),
        (0..12_usize).prop_map(Operation::PushIter),
        (0..12_usize, 0..12_usize, any::<bool>())
            .prop_map(|(max, take, forget)| Operation::PopIter { max, take, forget }),
        Just(Operation::Peek),
    ];
    vec(operation, 0..if cfg!(miri) { 30 } else { 200 })
}

/// Runs the operations on `queue` and on the model, and compares after each.
fn check(mut queue: impl Queue, capacity: usize, operations: &[Operation]) {
    let mut model = Model { items: VecDeque::new(), drops: Drops::default(), capacity };
    for operation in operations {
        match *operation {
            Operation::Push => {
                let item = model.drops.item();
                let number = item.number;
                match queue.push(item) {
                    Ok(()) => model.items.push_back(number),
                    Err(full) => {
                        assert_eq!(full.into_inner().number, number);
                        assert_eq!(model.room(), 0);
                    }
                }
            }
            Operation::Pop => {
                assert_eq!(queue.pop().map(|item| item.number), model.items.pop_front());
            }
            Operation::PushBatch(count) => {
                let mut items = model.drops.items(count);
                let numbers: Vec<_> = items.iter().map(|item| item.number).collect();
                let pushed = queue.push_batch(&mut items);
                assert_eq!(pushed, count.min(model.room()));
                assert!(items.iter().map(|item| item.number).eq(numbers[pushed..].iter().copied()));
                model.items.extend(&numbers[..pushed]);
            }
            Operation::PopBatch(max) => {
                let mut out = vec![model.drops.item()];
                let popped = queue.pop_batch(&mut out, max);
                assert_eq!(popped, max.min(model.items.len()));
                assert!(out[1..].iter().map(|item| item.number).eq(model.items.drain(..popped)));
            }
            _ if !queue.special(operation, &mut model) => continue,
            _ => (),
        }
        assert_eq!(model.items, queue.walk());
        let len = model.items.len();
        assert_eq!(queue.figures(), (len, len == 0, len == capacity, capacity));
    }
    drop(queue);
    model.drops.assert_once_each();
}

struct Ring(Producer<Item>, Consumer<Item>);

impl Queue for Ring {
    fn push(&mut self, item: Item) -> Result<(), Full<Item>> {
        self.0.push(item)
    }
    fn pop(&mut self) -> Option<Item> {
        self.1.pop()
    }
    fn push_batch(&mut self, items: &mut Vec<Item>) -> usize {
        self.0.push_batch(items)
    }
    fn pop_batch(&mut self, out: &mut Vec<Item>, max: usize) -> usize {
        self.1.pop_batch(out, max)
    }
    fn walk(&mut self) -> Vec<usize> {
        let numbers: Vec<_> = self.1.iter().map(|item| item.number).collect();
        let mut mutably = Vec::new();
        self.1.for_each_mut(|item| mutably.push(item.number));
        assert_eq!(numbers, mutably);
        numbers
    }
    fn figures(&self) -> (usize, bool, bool, usize) {
        let Ring(producer, consumer) = self;
        assert_eq!(producer.capacity(), consumer.capacity());
        assert_eq!(consumer.pending() > 0, !consumer.is_empty());
        (consumer.len(), consumer.is_empty(), consumer.is_full(), consumer.capacity())
    }
    fn special(&mut self, operation: &Operation, model: &mut Model) -> bool {
        match *operation {
            Operation::PushIter(count) => {
                let first = model.drops.0.lock().unwrap().len();
                let mut made = 0;
                let mut items = (0..count).map(|_| {
                    made += 1;
                    model.drops.item()
                });
                let pushed = self.0.push_iter(&mut items);
                assert_eq!(pushed, count.min(model.room()));
                assert_eq!(made, pushed, "no item is made that has no place");
                model.items.extend(first..first + pushed);
                let (len, room) = (self.0.len(), model.room());
                assert_eq!((len, self.0.is_full()), (model.items.len(), room == 0));
                assert_eq!(self.0.is_empty(), len == 0);
            }
            Operation::PopIter { max, take, forget } => {
                let mut items = self.1.pop_iter(max);
                assert_eq!(items.len(), max.min(model.items.len()));
                for _ in 0..take.min(items.len()) {
                    let number = items.next().map(|item| item.number);
                    assert_eq!(number, model.items.pop_front());
                }
                if forget {
                    // Its slots are freed by the next pop or the drop.
                    std::mem::forget(items);
                    assert!(self.1.iter().map(|item| item.number).eq(model.items.iter().copied()));
                    self.1.pop_iter(0);
                }
            }
            Operation::Peek => {
                assert_eq!(self.1.peek().map(|item| item.number), model.items.front().copied());
            }
            _ => unreachable!("common to both queues"),
        }
        true
    }
}

struct Shared(LockFreeQueue<Item, 8>);

impl Queue for Shared {
    fn push(&mut self, item: Item) -> Result<(), Full<Item>> {
        self.0.push(item)
    }
    fn pop(&mut self) -> Option<Item> {
        self.0.pop()
    }
    fn push_batch(&mut self, items: &mut Vec<Item>) -> usize {
        self.0.push_batch(items)
    }
    fn pop_batch(&mut self, out: &mut Vec<Item>, max: usize) -> usize {
        self.0.pop_batch(out, max)
    }
    fn walk(&mut self) -> Vec<usize> {
        let mut numbers = Vec::new();
        self.0.for_each_mut(|item| numbers.push(item.number));
        numbers
    }
    fn figures(&self) -> (usize, bool, bool, usize) {
        (self.0.len(), self.0.is_empty(), self.0.is_full(), self.0.capacity())
    }
    fn special(&mut self, _: &Operation, _: &mut Model) -> bool {
        false
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn ring_is_a_bounded_deque(
        bits in 0..5_u32,
        before_the_end in 0..300_usize,
        operations in operations(),
    ) {
        let capacity = 1 << bits;
        let (producer, consumer) = channel_at(capacity, usize::MAX - before_the_end);
        check(Ring(producer, consumer), capacity, &operations);
    }

    #[test]
    fn shared_queue_is_a_bounded_deque(operations in operations()) {
        check(Shared(LockFreeQueue::new()), 8, &operations);
    }
}

#[test]
fn a_panic_in_the_iterator_keeps_what_it_yielded() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel(8);
    let mut items = (0..5).map(|at| if at == 3 { panic!("at three") } else { drops.item() });
    catch_unwind(AssertUnwindSafe(|| producer.push_iter(&mut items))).unwrap_err();
    assert_eq!((producer.len(), consumer.len()), (3, 3));
    producer.push(drops.item()).unwrap();
    assert!(consumer.pop_iter(9).map(|item| item.number).eq(0..4));
    drop((producer, consumer));
    drops.assert_once_each();
}

#[test]
fn a_panic_in_one_drop_does_not_keep_the_others_from_theirs() {
    struct Bomb(#[expect(dead_code, reason = "dropped with the bomb")] Item, bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.1, "the bomb goes off");
        }
    }
    let drops = Drops::default();
    let (mut producer, consumer) = channel_at(4, usize::MAX);
    producer.push_iter(&mut (0..4).map(|at| Bomb(drops.item(), at == 1)));
    drop(producer);
    catch_unwind(AssertUnwindSafe(|| drop(consumer))).unwrap_err();
    drops.assert_once_each();
}

#[test]
fn a_panic_in_a_walk_keeps_the_order() {
    let mut queue = LockFreeQueue::<u32, 4>::new();
    queue.push_batch(&mut vec![1, 2, 3]);
    let walk = AssertUnwindSafe(|| {
        queue.for_each_mut(|number| {
            *number += 10;
            assert_ne!(*number, 12);
        });
    });
    catch_unwind(walk).unwrap_err();
    let mut out = Vec::new();
    queue.pop_batch(&mut out, 4);
    assert_eq!(out, [11, 12, 3]);
}

#[test]
fn a_batch_that_can_not_be_stored_is_not_popped() {
    let (mut producer, mut consumer) = channel(1 << 40);
    producer.push_batch(&mut vec![(); 2]);
    let mut full = vec![(); usize::MAX];
    catch_unwind(AssertUnwindSafe(|| consumer.pop_batch(&mut full, 2))).unwrap_err();
    assert_eq!(consumer.len(), 2);
}

#[test]
fn a_half_that_is_gone_is_noticed_and_leaves_the_items() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel(4);
    producer.push_batch(&mut drops.items(3));
    assert!(!consumer.is_abandoned());
    drop(producer);
    assert!(consumer.is_abandoned());
    assert_eq!(consumer.pop().map(|item| item.number), Some(0));
    drop(consumer);
    drops.assert_once_each();

    let (mut producer, consumer) = channel(2);
    drop(consumer);
    assert!(producer.is_abandoned());
    producer.push(drops.item()).unwrap();
    drop(producer);
    drops.assert_once_each();
}

/// Between two threads: all arrive, in order, once each, one by one and in
/// batches of changing sizes, past the end of the positions.
#[test]
fn ring_between_threads() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel_at(16, usize::MAX - 40);
    let sender = {
        let drops = drops.clone();
        thread::spawn(move || {
            let mut sent = 0;
            while sent < ITEMS {
                let mut items = drops.items((ITEMS - sent).min(1 + sent % 23));
                sent += items.len();
                if sent % 2 == 0 {
                    while !items.is_empty() {
                        producer.push_batch(&mut items);
                        thread::yield_now();
                    }
                } else {
                    for mut item in items {
                        while let Err(full) = producer.push(item) {
                            item = full.into_inner();
                            thread::yield_now();
                        }
                    }
                }
            }
        })
    };
    let mut out = Vec::new();
    let mut next = 0;
    while next < ITEMS {
        match next % 3 {
            0 => out.extend(consumer.pop()),
            1 => _ = consumer.pop_batch(&mut out, 1 + next % 19),
            _ => out.extend(consumer.pop_iter(1 + next % 7)),
        }
        if out.is_empty() {
            thread::yield_now();
        }
        for item in out.drain(..) {
            assert_eq!(item.number, next);
            next += 1;
        }
    }
    sender.join().unwrap();
    assert!(consumer.is_abandoned() && consumer.is_empty());
    drops.assert_once_each();
}

#[test]
fn shared_queue_between_threads() {
    let each = ITEMS / 4;
    let queue = LockFreeQueue::<(usize, Box<usize>), 16>::new();
    let received = AtomicUsize::new(0);
    let mut seen = vec![vec![]; 2];
    thread::scope(|scope| {
        for sender in 0..2 {
            let queue = &queue;
            scope.spawn(move || {
                let mut sent = 0;
                while sent < each {
                    let count = (each - sent).min(1 + sent % 7);
                    let mut items =
                        (sent..sent + count).map(|number| (sender, Box::new(number))).collect();
                    while queue.push_batch(&mut items) < count && !items.is_empty() {
                        thread::yield_now();
                    }
                    sent += count;
                }
            });
        }
        for seen in &mut seen {
            let (queue, received) = (&queue, &received);
            scope.spawn(move || {
                while received.load(Relaxed) < 2 * each {
                    let before = seen.len();
                    match before % 2 {
                        0 => seen.extend(queue.pop()),
                        _ => _ = queue.pop_batch(seen, 5),
                    }
                    received.fetch_add(seen.len() - before, Relaxed);
                    thread::yield_now();
                }
            });
        }
    });
    assert!(queue.is_empty());
    for sender in 0..2 {
        let of_sender = |seen: &Vec<(usize, Box<usize>)>| -> Vec<usize> {
            seen.iter().filter(|item| item.0 == sender).map(|item| *item.1).collect()
        };
        let mut all: Vec<usize> = Vec::new();
        for numbers in seen.iter().map(of_sender) {
            assert!(numbers.is_sorted(), "each consumer sees a sender's items in order");
            all.extend(numbers);
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..each), "once each");
    }
}
