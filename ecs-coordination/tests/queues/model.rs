//! Properties of both kinds of queue against a `VecDeque`.

use std::collections::VecDeque;

use ecs_coordination::ring::{LAZY, channel_at};
use ecs_coordination::{Consumer, Full, LockFreeQueue, Producer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{Drops, Item};

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
    Fold(usize),
    Write { count: usize, forget: bool },
    Read { max: usize, forget: bool },
    Consume(usize),
    Discard(usize),
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
        (0..12_usize).prop_map(Operation::Fold),
        (0..40_usize, any::<bool>()).prop_map(|(count, forget)| Operation::Write { count, forget }),
        (0..40_usize, any::<bool>()).prop_map(|(max, forget)| Operation::Read { max, forget }),
        (0..12_usize).prop_map(Operation::Consume),
        (0..12_usize).prop_map(Operation::Discard),
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
        let (first, second) = self.1.as_mut_slices();
        assert!(first.iter().chain(&*second).map(|item| item.number).eq(numbers.iter().copied()));
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
            Operation::Fold(max) => {
                let popped = self.1.pop_iter(max).fold(0, |popped, item| {
                    assert_eq!(Some(item.number), model.items.pop_front());
                    popped + 1
                });
                assert!(popped == max || model.items.is_empty());
            }
            Operation::Write { count, forget } => {
                let mut writer = self.0.writer();
                for number in 0..count {
                    let item = model.drops.item();
                    let place = item.number;
                    match writer.push(item) {
                        Ok(()) => model.items.push_back(place),
                        Err(_) => assert_eq!(model.room(), 0),
                    }
                    let visible = self.1.len();
                    assert!(visible + LAZY > model.items.len(), "{number}");
                    assert_eq!(visible + writer.unpublished(), model.items.len());
                }
                match forget {
                    // The next push publishes, or the drop.
                    true => std::mem::forget(writer),
                    false => drop(writer),
                }
                self.0.push_iter(&mut std::iter::empty());
            }
            Operation::Read { max, forget } => {
                let mut reader = self.1.reader();
                for _ in 0..max {
                    let popped = reader.pop().map(|item| item.number);
                    assert_eq!(popped, model.items.pop_front());
                    assert!(reader.owing() < LAZY);
                    assert_eq!(self.0.len(), model.items.len() + reader.owing());
                    assert!(popped.is_some() || reader.owing() == 0, "nobody waits for these");
                }
                match forget {
                    true => std::mem::forget(reader),
                    false => drop(reader),
                }
                self.1.pop_iter(0);
                assert_eq!(self.0.len(), model.items.len());
            }
            Operation::Consume(max) => {
                let mut seen = Vec::new();
                let consumed = self.1.consume(max, |item| seen.push(item.number));
                assert_eq!(consumed, max.min(model.items.len()));
                assert!(model.items.drain(..consumed).eq(seen));
            }
            Operation::Discard(max) => {
                let discarded = self.1.discard(max);
                assert_eq!(discarded, max.min(model.items.len()));
                model.items.drain(..discarded);
            }
            Operation::Peek => {
                assert_eq!(self.1.peek().map(|item| item.number), model.items.front().copied());
            }
            _ => unreachable!("common to both queues"),
        }
        true
    }
}

struct Shared<const N: usize>(LockFreeQueue<Item, N>);

impl<const N: usize> Queue for Shared<N> {
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
        bits in 0..7_u32,
        before_the_end in 0..300_usize,
        operations in operations(),
    ) {
        let capacity = 1 << bits;
        let (producer, consumer) = channel_at(capacity, usize::MAX - before_the_end);
        check(Ring(producer, consumer), capacity, &operations);
    }

    #[test]
    fn shared_queue_is_a_bounded_deque(
        before_the_end in 0..100_usize,
        operations in operations(),
    ) {
        let start = usize::MAX - before_the_end;
        check(Shared::<1>(LockFreeQueue::new_at(start)), 1, &operations);
        check(Shared::<2>(LockFreeQueue::new_at(start)), 2, &operations);
        check(Shared::<8>(LockFreeQueue::new_at(start)), 8, &operations);
    }
}
