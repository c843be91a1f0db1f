//! How long one item takes, there and back, and how long a sleeper to wake.

use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use ecs_coordination::park::Parker;
use ecs_coordination::ring;

use super::threads::{CAPACITY, cores};
use super::{HAND, OURS};
use crate::case::{Bench, Digest, Entry};
use crate::pair::or_exit;

const TRIPS: u64 = 1_000;
const WAKES: u64 = 20;
/// For so long a sleeper has slept.
const ASLEEP: Duration = Duration::from_micros(60);

/// The two ways of a round trip: a number goes forth, and comes back.
trait Trip {
    type End: Send;
    /// Both ends.
    fn new() -> [Self::End; 2];
    fn send(end: &mut Self::End, number: u64);
    fn receive(end: &mut Self::End) -> Option<u64>;
}

/// The times of so many round trips between the two cores.
fn trips<T: Trip>(trips: u64) -> Vec<Duration> {
    let [mut near, mut far] = T::new();
    let cores = cores();
    let receive = |end: &mut T::End| loop {
        match T::receive(end) {
            Some(number) => return number,
            None => hint::spin_loop(),
        }
    };
    // The first trip must not wait for the other thread to start.
    let start = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            core_affinity::set_for_current(cores[1]);
            start.wait();
            or_exit(|| {
                for _ in 0..trips {
                    let number = receive(&mut far);
                    T::send(&mut far, number);
                }
            });
        });
        let near = scope.spawn(|| {
            core_affinity::set_for_current(cores[0]);
            let trip = |number| {
                let begun = Instant::now();
                T::send(&mut near, number);
                assert_eq!(receive(&mut near), number, "it comes back");
                begun.elapsed()
            };
            start.wait();
            or_exit(|| (1..=trips).map(trip).collect())
        });
        near.join().expect("it does not panic")
    })
}

/// Two lines, each written by one side: nothing that passes a number can be faster.
struct Lines;

struct Line {
    mine: Arc<CachePadded<AtomicU64>>,
    theirs: Arc<CachePadded<AtomicU64>>,
    seen: u64,
}

impl Trip for Lines {
    type End = Line;

    fn new() -> [Line; 2] {
        let [a, b] = [(); 2].map(|()| Arc::new(CachePadded::new(AtomicU64::new(0))));
        [Line { mine: a.clone(), theirs: b.clone(), seen: 0 }, Line { mine: b, theirs: a, seen: 0 }]
    }

    fn send(end: &mut Line, number: u64) {
        end.mine.store(number, Ordering::Release);
    }

    fn receive(end: &mut Line) -> Option<u64> {
        let number = end.theirs.load(Ordering::Acquire);
        (number != end.seen).then(|| {
            end.seen = number;
            number
        })
    }
}

struct Ring;

impl Trip for Ring {
    type End = (ring::Producer<u64>, ring::Consumer<u64>);

    fn new() -> [Self::End; 2] {
        let (there, arrived) = ring::channel(CAPACITY);
        let (back, returned) = ring::channel(CAPACITY);
        [(there, returned), (back, arrived)]
    }

    fn send(end: &mut Self::End, number: u64) {
        assert!(end.0.push(number).is_ok(), "it is empty");
    }

    fn receive(end: &mut Self::End) -> Option<u64> {
        end.1.pop()
    }
}

struct Rtrb;

impl Trip for Rtrb {
    type End = (rtrb::Producer<u64>, rtrb::Consumer<u64>);

    fn new() -> [Self::End; 2] {
        let (there, arrived) = rtrb::RingBuffer::new(CAPACITY);
        let (back, returned) = rtrb::RingBuffer::new(CAPACITY);
        [(there, returned), (back, arrived)]
    }

    fn send(end: &mut Self::End, number: u64) {
        assert!(end.0.push(number).is_ok(), "it is empty");
    }

    fn receive(end: &mut Self::End) -> Option<u64> {
        end.1.pop().ok()
    }
}

/// The time that so many of a thousand do not exceed.
fn of_all(times: &mut [Duration], of_thousand: usize) -> Duration {
    times.sort_unstable();
    let place = (times.len() * of_thousand / 1_000).saturating_sub(1);
    times.get(place).copied().unwrap_or_default()
}

/// Something that takes a time in each of many trials, of which one is told.
struct Percentile {
    of_thousand: usize,
    trial: fn() -> Vec<Duration>,
}

impl Bench for Percentile {
    /// The trials of one call are enough for a sample, however often it should run.
    fn run(&mut self, times: u32) -> Duration {
        of_all(&mut (self.trial)(), self.of_thousand) * times
    }

    fn digest(&mut self) -> Digest {
        // The trials check what they pass.
        Digest { count: 1, sum: 0 }
    }
}

pub fn entries(side: &str) -> Vec<Entry> {
    match side {
        HAND => {
            let mut entries = trip::<Lines>("lines");
            entries.push(Entry { case: "wake", variant: "unpark", make: wake::<Bare> });
            entries
        }
        OURS => {
            let mut entries = trip::<Ring>("item");
            entries.push(Entry { case: "wake", variant: "parker", make: wake::<Parker> });
            entries
        }
        "rtrb" => trip::<Rtrb>("item"),
        _ => Vec::new(),
    }
}

fn trip<T: Trip>(variant: &'static str) -> Vec<Entry> {
    fn make<T: Trip, const OF_THOUSAND: usize>(_: crate::case::Size) -> Box<dyn Bench> {
        Box::new(Percentile { of_thousand: OF_THOUSAND, trial: || trips::<T>(TRIPS) })
    }
    vec![
        Entry { case: "round_trip_p50", variant, make: make::<T, 500> },
        Entry { case: "round_trip_p99", variant, make: make::<T, 990> },
        Entry { case: "round_trip_p999", variant, make: make::<T, 999> },
    ]
}

/// A thread that sleeps until it is woken, and who wakes it.
trait Sleep {
    type Waker: Send;
    fn new() -> Self;
    /// For the thread that is to sleep.
    fn waker(&self, thread: Thread) -> Self::Waker;
    /// Sleeps until there is something.
    fn sleep(&mut self, work: &AtomicBool);
    fn wake(waker: &Self::Waker);
}

struct Bare;

impl Sleep for Bare {
    type Waker = Thread;

    fn new() -> Self {
        Bare
    }

    fn waker(&self, thread: Thread) -> Thread {
        thread
    }

    fn sleep(&mut self, work: &AtomicBool) {
        while !work.load(Ordering::Acquire) {
            thread::park();
        }
    }

    fn wake(waker: &Thread) {
        waker.unpark();
    }
}

impl Sleep for Parker {
    type Waker = ecs_coordination::park::Waker;

    fn new() -> Self {
        Parker::new()
    }

    fn waker(&self, _: Thread) -> Self::Waker {
        Parker::waker(self)
    }

    fn sleep(&mut self, work: &AtomicBool) {
        while !work.load(Ordering::Acquire) {
            let announced = self.prepare();
            if !work.load(Ordering::Acquire) {
                announced.park(None);
            }
        }
    }

    fn wake(waker: &Self::Waker) {
        waker.wake();
    }
}

fn wake<S: Sleep>(_: crate::case::Size) -> Box<dyn Bench> {
    Box::new(Percentile { of_thousand: 500, trial: wakes::<S> })
}

/// From each wake until the sleeper runs.
fn wakes<S: Sleep>() -> Vec<Duration> {
    let cores = cores();
    let work = AtomicBool::new(false);
    let (tell, told) = std::sync::mpsc::channel();
    let (answer, answered) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let work = &work;
        scope.spawn(move || {
            core_affinity::set_for_current(cores[1]);
            let mut sleeper = S::new();
            let _ = tell.send(sleeper.waker(thread::current()));
            or_exit(|| {
                for _ in 0..WAKES {
                    sleeper.sleep(work);
                    let woken = Instant::now();
                    work.store(false, Ordering::Release);
                    let _ = answer.send(woken);
                }
            });
        });
        let waking = scope.spawn(move || {
            core_affinity::set_for_current(cores[0]);
            let waker = told.recv().expect("the sleeper is there");
            let wake = |_| {
                let begun = Instant::now();
                while begun.elapsed() < ASLEEP {
                    hint::spin_loop();
                }
                work.store(true, Ordering::Release);
                let begun = Instant::now();
                S::wake(&waker);
                let woken = answered.recv().expect("the sleeper wakes");
                woken.saturating_duration_since(begun)
            };
            or_exit(|| (0..WAKES).map(wake).collect())
        });
        waking.join().expect("it does not panic")
    })
}
