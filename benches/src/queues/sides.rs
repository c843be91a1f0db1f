//! Each library's best way to pass items.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crossbeam_queue::ArrayQueue;
use ecs_coordination::LockFreeQueue;
use ecs_coordination::ring::{self, Consumer, Producer};

use super::threads::{
    BATCH, CAPACITY, Item, OneByOne, Queue, Seen, Shared, Wait, alone, many, pair,
};
use super::{HAND, OURS};
use crate::case::{Entry, Side};

pub fn all() -> Vec<Side> {
    vec![
        Side { name: HAND, entries: hand() },
        Side { name: OURS, entries: ours() },
        Side { name: "rtrb", entries: rtrb() },
        Side { name: "ArrayQueue", entries: shared_only::<OneByOne<Array>>("item") },
        Side { name: "crossbeam", entries: shared_only::<Crossbeam>("item") },
        Side { name: "flume", entries: shared_only::<Flume>("item") },
        Side { name: "kanal", entries: shared_only::<Kanal>("item") },
    ]
}

/// For every size from one thread to another.
fn pairs<Q>(variant: &'static str) -> Vec<Entry>
where
    Q: Queue<1> + Queue<8> + Queue<32> + Queue<128>,
{
    vec![
        pair::<Q, 1>("spsc_8", variant),
        pair::<Q, 8>("spsc_64", variant),
        pair::<Q, 32>("spsc_256", variant),
        pair::<Q, 128>("spsc_1024", variant),
    ]
}

/// For queues of several producers and consumers.
fn shared<Q>(variant: &'static str) -> Vec<Entry>
where
    Q: Queue<1, Tx: Clone, Rx: Clone> + Queue<8, Tx: Clone, Rx: Clone>,
{
    vec![
        many::<Q, 1, 1, 1>("mpmc_1_1_8", variant),
        many::<Q, 1, 2, 2>("mpmc_2_2_8", variant),
        many::<Q, 1, 2, 1>("mpmc_2_1_8", variant),
        many::<Q, 8, 1, 1>("mpmc_1_1_64", variant),
        many::<Q, 8, 2, 2>("mpmc_2_2_64", variant),
        many::<Q, 8, 2, 1>("mpmc_2_1_64", variant),
    ]
}

/// Those that have one kind of queue, for all.
fn shared_only<Q>(variant: &'static str) -> Vec<Entry>
where
    Q: Queue<1, Tx: Clone, Rx: Clone> + Queue<8, Tx: Clone, Rx: Clone>,
    Q: Queue<32> + Queue<128>,
{
    let mut entries = pairs::<Q>(variant);
    entries.extend(shared::<Q>(variant));
    entries.push(alone::<Q, 1>("one_thread_8", variant));
    entries
}

fn ours() -> Vec<Entry> {
    let mut entries = pairs::<Ring>("item");
    entries.extend(pairs::<Lazy>("lazy"));
    entries.extend(pairs::<Batch>("batch"));
    entries.extend(shared::<OneByOne<Free>>("item"));
    entries.extend(shared::<FreeBatch>("batch"));
    entries.push(alone::<Ring, 1>("one_thread_8", "item"));
    entries.push(alone::<Lazy, 1>("one_thread_8", "lazy"));
    entries.push(alone::<Batch, 1>("one_thread_8", "batch"));
    entries
}

fn rtrb() -> Vec<Entry> {
    let mut entries = pairs::<Rtrb>("item");
    entries.extend(pairs::<RtrbChunks>("batch"));
    entries.push(alone::<Rtrb, 1>("one_thread_8", "item"));
    entries.push(alone::<RtrbChunks, 1>("one_thread_8", "batch"));
    entries
}

/// What a copy costs: blocks of 64 KiB through a ring. And a queue behind a lock.
fn hand() -> Vec<Entry> {
    let mut entries = pairs::<Blocks>("blocks");
    entries.extend(shared::<OneByOne<Locked>>("mutex"));
    entries.push(alone::<OneByOne<Locked>, 1>("one_thread_8", "mutex"));
    entries
}

/// Passes items in turns: `turn` passes as many as it can of a batch.
fn in_turns(numbers: Range<u64>, mut turn: impl FnMut(Range<u64>) -> usize) {
    let (mut next, end) = (numbers.start, numbers.end);
    let mut wait = Wait::default();
    while next < end {
        match turn(next..end.min(next + BATCH as u64)) {
            0 => wait.wait(),
            count => {
                wait.done();
                next += count as u64;
            }
        }
    }
}

struct Ring;

impl<const W: usize> Queue<W> for Ring {
    type Tx = Producer<Item<W>>;
    type Rx = Consumer<Item<W>>;

    fn new() -> (Self::Tx, Self::Rx) {
        ring::channel(CAPACITY)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        let mut wait = Wait::default();
        for number in numbers {
            while tx.push(Item::new(number)).is_err() {
                wait.wait();
            }
            wait.done();
        }
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        let mut wait = Wait::default();
        for _ in 0..count {
            let item = loop {
                match rx.pop() {
                    Some(item) => break item,
                    None => wait.wait(),
                }
            };
            wait.done();
            seen.see(&item);
        }
    }
}

struct Lazy;

impl<const W: usize> Queue<W> for Lazy {
    type Tx = Producer<Item<W>>;
    type Rx = Consumer<Item<W>>;

    fn new() -> (Self::Tx, Self::Rx) {
        ring::channel(CAPACITY)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        let mut wait = Wait::default();
        let mut writer = tx.writer();
        for number in numbers {
            while writer.push(Item::new(number)).is_err() {
                wait.wait();
            }
            wait.done();
        }
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        let mut wait = Wait::default();
        let mut reader = rx.reader();
        for _ in 0..count {
            let item = loop {
                match reader.pop() {
                    Some(item) => break item,
                    None => wait.wait(),
                }
            };
            wait.done();
            seen.see(&item);
        }
    }
}

struct Batch;

impl<const W: usize> Queue<W> for Batch {
    type Tx = Producer<Item<W>>;
    type Rx = Consumer<Item<W>>;

    fn new() -> (Self::Tx, Self::Rx) {
        ring::channel(CAPACITY)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        in_turns(numbers, |batch| tx.push_iter(&mut batch.map(Item::new)));
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        in_turns(0..count, |batch| {
            rx.consume((batch.end - batch.start) as usize, |item| seen.see(item))
        });
    }
}

struct Rtrb;

impl<const W: usize> Queue<W> for Rtrb {
    type Tx = rtrb::Producer<Item<W>>;
    type Rx = rtrb::Consumer<Item<W>>;

    fn new() -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(CAPACITY)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        let mut wait = Wait::default();
        for number in numbers {
            while tx.push(Item::new(number)).is_err() {
                wait.wait();
            }
            wait.done();
        }
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        let mut wait = Wait::default();
        for _ in 0..count {
            let item = loop {
                match rx.pop() {
                    Ok(item) => break item,
                    Err(_) => wait.wait(),
                }
            };
            wait.done();
            seen.see(&item);
        }
    }
}

struct RtrbChunks;

impl<const W: usize> Queue<W> for RtrbChunks {
    type Tx = rtrb::Producer<Item<W>>;
    type Rx = rtrb::Consumer<Item<W>>;

    fn new() -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(CAPACITY)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        in_turns(numbers, |batch| {
            let count = tx.slots().min((batch.end - batch.start) as usize);
            match tx.write_chunk_uninit(count) {
                Ok(chunk) => chunk.fill_from_iter(batch.map(Item::new)),
                Err(_) => 0,
            }
        });
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        in_turns(0..count, |batch| {
            let count = rx.slots().min((batch.end - batch.start) as usize);
            let Ok(chunk) = rx.read_chunk(count) else { return 0 };
            let (first, second) = chunk.as_slices();
            first.iter().chain(second).for_each(|item| seen.see(item));
            chunk.commit_all();
            count
        });
    }
}

struct Free;

impl<const W: usize> Shared<W> for Free {
    type Queue = LockFreeQueue<Item<W>, CAPACITY>;

    fn new() -> Self::Queue {
        LockFreeQueue::new()
    }

    fn push(queue: &Self::Queue, item: Item<W>) -> bool {
        queue.push(item).is_ok()
    }

    fn pop(queue: &Self::Queue) -> Option<Item<W>> {
        queue.pop()
    }
}

struct FreeBatch;

impl<const W: usize> Queue<W> for FreeBatch {
    type Tx = Arc<LockFreeQueue<Item<W>, CAPACITY>>;
    type Rx = Self::Tx;

    fn new() -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(LockFreeQueue::new());
        (queue.clone(), queue)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        let mut items = Vec::with_capacity(BATCH);
        in_turns(numbers, |batch| {
            items.clear();
            items.extend(batch.map(Item::new));
            tx.push_batch(&mut items)
        });
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        let mut items = Vec::with_capacity(BATCH);
        in_turns(0..count, |batch| {
            let count = rx.pop_batch(&mut items, (batch.end - batch.start) as usize);
            items.drain(..).for_each(|item| seen.see(&item));
            count
        });
    }
}

struct Array;

impl<const W: usize> Shared<W> for Array {
    type Queue = ArrayQueue<Item<W>>;

    fn new() -> Self::Queue {
        ArrayQueue::new(CAPACITY)
    }

    fn push(queue: &Self::Queue, item: Item<W>) -> bool {
        queue.push(item).is_ok()
    }

    fn pop(queue: &Self::Queue) -> Option<Item<W>> {
        queue.pop()
    }
}

struct Locked;

impl<const W: usize> Shared<W> for Locked {
    type Queue = Mutex<VecDeque<Item<W>>>;

    fn new() -> Self::Queue {
        Mutex::new(VecDeque::with_capacity(CAPACITY))
    }

    fn push(queue: &Self::Queue, item: Item<W>) -> bool {
        let mut queue = queue.lock().expect("nobody panics");
        let room = queue.len() < CAPACITY;
        if room {
            queue.push_back(item);
        }
        room
    }

    fn pop(queue: &Self::Queue) -> Option<Item<W>> {
        queue.lock().expect("nobody panics").pop_front()
    }
}

/// A channel whose ends wait by themselves.
macro_rules! channel {
    ($name:ident, $tx:ty, $rx:ty, $new:expr) => {
        struct $name;

        impl<const W: usize> Queue<W> for $name {
            type Tx = $tx;
            type Rx = $rx;

            fn new() -> (Self::Tx, Self::Rx) {
                $new(CAPACITY)
            }

            fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
                for number in numbers {
                    assert!(tx.send(Item::new(number)).is_ok(), "the other end is there");
                }
            }

            fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
                for _ in 0..count {
                    seen.see(&rx.recv().expect("the other end is there"));
                }
            }
        }
    };
}

channel!(
    Crossbeam,
    crossbeam_channel::Sender<Item<W>>,
    crossbeam_channel::Receiver<Item<W>>,
    crossbeam_channel::bounded
);
channel!(Flume, flume::Sender<Item<W>>, flume::Receiver<Item<W>>, flume::bounded);
channel!(Kanal, kanal::Sender<Item<W>>, kanal::Receiver<Item<W>>, kanal::bounded);

/// Bytes of a block.
const BLOCK: usize = 64 << 10;

/// Blocks of items that go there full and come back empty: through our ring, which
/// for blocks of this size costs nothing beside the copies.
struct Blocks;

struct Ends<const W: usize> {
    out: Producer<Vec<Item<W>>>,
    into: Consumer<Vec<Item<W>>>,
}

impl<const W: usize> Queue<W> for Blocks {
    type Tx = Ends<W>;
    type Rx = Ends<W>;

    fn new() -> (Self::Tx, Self::Rx) {
        let blocks = 64;
        let (full, full_out) = ring::channel(blocks);
        let (mut empty, empty_out) = ring::channel(blocks);
        let items = BLOCK / size_of::<Item<W>>();
        empty.push_iter(&mut std::iter::repeat_with(|| Vec::with_capacity(items)).take(blocks));
        (Ends { out: full, into: empty_out }, Ends { out: empty, into: full_out })
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        let (mut next, mut wait) = (numbers.start, Wait::default());
        while next < numbers.end {
            let Some(mut block) = tx.into.pop() else {
                wait.wait();
                continue;
            };
            let end = numbers.end.min(next + (BLOCK / size_of::<Item<W>>()) as u64);
            block.extend((next..end).map(Item::new));
            next = end;
            assert!(tx.out.push(block).is_ok(), "there is a place for each block");
        }
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        let (mut left, mut wait) = (count, Wait::default());
        while left > 0 {
            let Some(mut block) = rx.into.pop() else {
                wait.wait();
                continue;
            };
            left -= block.len() as u64;
            block.iter().for_each(|item| seen.see(item));
            block.clear();
            assert!(rx.out.push(block).is_ok(), "there is a place for each block");
        }
    }
}
