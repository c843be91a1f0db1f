//! Items that go through a queue, and the threads that pass them.

use std::hint;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use core_affinity::CoreId;

use crate::case::{Bench, Digest, Entry, Size};
use crate::pair::or_exit;

/// Items that fit.
pub const CAPACITY: usize = 4_096;
/// Items of a batch.
pub const BATCH: usize = 256;

/// An item of so many words, with its number in the first and the last.
#[derive(Clone, Copy)]
pub struct Item<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Item<WORDS> {
    #[inline]
    pub fn new(number: u64) -> Self {
        Self([number; WORDS])
    }
}

/// What a consumer has seen: how much, and whether each producer's came in order.
pub struct Seen {
    digest: Digest,
    next: [u64; 2],
    ordered: bool,
}

/// Numbers of the second producer begin here.
const SECOND: u64 = 1 << 40;

impl Seen {
    fn new() -> Self {
        Self { digest: Digest::default(), next: [0, SECOND], ordered: true }
    }

    #[inline]
    pub fn see<const WORDS: usize>(&mut self, item: &Item<WORDS>) {
        let (first, last) = (item.0[0], item.0[WORDS - 1]);
        let next = &mut self.next[usize::from(first >= SECOND)];
        // Those between may have gone to another consumer.
        self.ordered &= first == last && first >= *next;
        *next = first + 1;
        self.digest.sum = self.digest.sum.wrapping_add(last);
        self.digest.count += 1;
    }
}

/// Waits for the other side: spins for a while, then gives way.
#[derive(Default)]
pub struct Wait(u32);

impl Wait {
    #[inline]
    pub fn wait(&mut self) {
        self.0 += 1;
        if self.0 <= 16 {
            hint::spin_loop();
        } else {
            thread::yield_now();
        }
    }

    #[inline]
    pub fn done(&mut self) {
        self.0 = 0;
    }
}

/// A way to pass items of so many words.
pub trait Queue<const WORDS: usize>: 'static {
    type Tx: Send;
    type Rx: Send;
    fn new() -> (Self::Tx, Self::Rx);
    /// Passes all items with these numbers.
    fn send(tx: &mut Self::Tx, numbers: Range<u64>);
    /// Takes so many.
    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen);
}

/// The first core and the last.
pub fn cores() -> [CoreId; 2] {
    let all = crate::pair::CORES.clone();
    let core = |core: Option<&CoreId>| core.copied().unwrap_or(CoreId { id: 0 });
    [core(all.first()), core(all.last())]
}

/// One queue, with as many producers as it has senders, and consumers likewise.
struct Passing<Q: Queue<WORDS>, const WORDS: usize> {
    items: u64,
    senders: Vec<Q::Tx>,
    receivers: Vec<Q::Rx>,
    digest: Digest,
}

impl<Q: Queue<WORDS>, const WORDS: usize> Bench for Passing<Q, WORDS> {
    fn run(&mut self, times: u32) -> Duration {
        let items = self.items * u64::from(times);
        let producers = self.senders.len() as u64;
        let of_each = items / self.receivers.len() as u64;
        let cores = cores();
        let start = Barrier::new(self.senders.len() + self.receivers.len());
        let ran = thread::scope(|scope| {
            let mut threads = Vec::new();
            for (index, tx) in self.senders.iter_mut().enumerate() {
                let start = &start;
                threads.push(scope.spawn(move || {
                    core_affinity::set_for_current(cores[index % 2]);
                    start.wait();
                    let begun = Instant::now();
                    let first = index as u64 * SECOND;
                    or_exit(|| Q::send(tx, first..first + items / producers));
                    (begun, Instant::now(), Seen::new())
                }));
            }
            for (index, rx) in self.receivers.iter_mut().enumerate() {
                let start = &start;
                threads.push(scope.spawn(move || {
                    core_affinity::set_for_current(cores[(index + 1) % 2]);
                    start.wait();
                    let begun = Instant::now();
                    let mut seen = Seen::new();
                    or_exit(|| Q::receive(rx, of_each, &mut seen));
                    (begun, Instant::now(), seen)
                }));
            }
            let ran = threads.into_iter().map(|thread| thread.join().expect("it does not panic"));
            ran.collect::<Vec<_>>()
        });
        for (_, _, seen) in &ran {
            assert!(seen.ordered, "items of one producer come in order, and whole");
            self.digest.count += seen.digest.count;
            self.digest.sum = self.digest.sum.wrapping_add(seen.digest.sum);
        }
        let begun = ran.iter().map(|ran| ran.0).min();
        let ended = ran.iter().map(|ran| ran.1).max();
        ended.zip(begun).map_or(Duration::ZERO, |(ended, begun)| ended - begun)
    }

    fn digest(&mut self) -> Digest {
        self.digest
    }
}

/// Both ends in the hands of one thread, which passes a batch at a time.
struct Alone<Q: Queue<WORDS>, const WORDS: usize>(Passing<Q, WORDS>);

impl<Q: Queue<WORDS>, const WORDS: usize> Bench for Alone<Q, WORDS> {
    fn run(&mut self, times: u32) -> Duration {
        let items = self.0.items * u64::from(times);
        let mut seen = Seen::new();
        let begun = Instant::now();
        let mut sent = 0;
        while sent < items {
            let end = items.min(sent + BATCH as u64);
            Q::send(&mut self.0.senders[0], sent..end);
            Q::receive(&mut self.0.receivers[0], end - sent, &mut seen);
            sent = end;
        }
        let elapsed = begun.elapsed();
        assert!(seen.ordered, "items come in order, and whole");
        self.0.digest.count += seen.digest.count;
        self.0.digest.sum = self.0.digest.sum.wrapping_add(seen.digest.sum);
        elapsed
    }

    fn digest(&mut self) -> Digest {
        self.0.digest
    }
}

fn passing<Q: Queue<W>, const W: usize>(
    size: Size,
    senders: Vec<Q::Tx>,
    receivers: Vec<Q::Rx>,
) -> Passing<Q, W> {
    let digest = Digest::default();
    Passing { items: size.entities as u64, senders, receivers, digest }
}

/// From one thread to another.
pub fn pair<Q: Queue<W>, const W: usize>(case: &'static str, variant: &'static str) -> Entry {
    let make = |size| -> Box<dyn Bench> {
        let (tx, rx) = Q::new();
        Box::new(passing::<Q, W>(size, vec![tx], vec![rx]))
    };
    Entry { case, variant, make }
}

/// On one thread.
pub fn alone<Q: Queue<W>, const W: usize>(case: &'static str, variant: &'static str) -> Entry {
    let make = |size| -> Box<dyn Bench> {
        let (tx, rx) = Q::new();
        Box::new(Alone(passing::<Q, W>(size, vec![tx], vec![rx])))
    };
    Entry { case, variant, make }
}

/// From `P` threads to `C`.
pub fn many<Q, const W: usize, const P: usize, const C: usize>(
    case: &'static str,
    variant: &'static str,
) -> Entry
where
    Q: Queue<W, Tx: Clone, Rx: Clone>,
{
    let make = |size| -> Box<dyn Bench> {
        let (tx, rx) = Q::new();
        Box::new(passing::<Q, W>(size, vec![tx; P], vec![rx; C]))
    };
    Entry { case, variant, make }
}

/// A queue that is pushed to and popped from one by one by shared reference.
pub trait Shared<const WORDS: usize>: 'static {
    type Queue: Send + Sync;
    fn new() -> Self::Queue;
    fn push(queue: &Self::Queue, item: Item<WORDS>) -> bool;
    fn pop(queue: &Self::Queue) -> Option<Item<WORDS>>;
}

/// Such a queue, behind a counted pointer.
pub struct OneByOne<S>(PhantomData<S>);

impl<const WORDS: usize, S: Shared<WORDS>> Queue<WORDS> for OneByOne<S> {
    type Tx = Arc<S::Queue>;
    type Rx = Arc<S::Queue>;

    fn new() -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(S::new());
        (queue.clone(), queue)
    }

    fn send(tx: &mut Self::Tx, numbers: Range<u64>) {
        let mut wait = Wait::default();
        for number in numbers {
            while !S::push(tx, Item::new(number)) {
                wait.wait();
            }
            wait.done();
        }
    }

    fn receive(rx: &mut Self::Rx, count: u64, seen: &mut Seen) {
        let mut wait = Wait::default();
        for _ in 0..count {
            let item = loop {
                match S::pop(rx) {
                    Some(item) => break item,
                    None => wait.wait(),
                }
            };
            wait.done();
            seen.see(&item);
        }
    }
}
