//! Requests that go from a world that talks to the outside to one that computes, and come back
//! answered: what a web server of such worlds does, without sockets. What is held against it: a
//! call of a function, and rings between two threads.

use std::error::Error;
use std::hint::{black_box, spin_loop};
use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rtrb::RingBuffer;
use static_ecs::Running;
use static_ecs::driver::Port;
use static_ecs::prelude::*;

use super::ours::spent;
use crate::case::{Bench, Digest, Entry, Size};
use crate::pair::{or_exit, pin, pin_once};

pub const ONE_THREAD: &str = "requests";
pub const TWO_THREADS: &str = "requests_threads";

/// Requests before those that are timed: threads are new in each sample.
const WARM: u64 = 4096;

/// Whom an answer is for.
#[derive(Component, Clone, Copy)]
struct Origin {
    connection: u64,
    sequence: u64,
}

struct Asked(Vec<u8>);

struct Answered(Vec<u8>);

/// What was asked, and then what is answered: one component, so that no row moves.
#[derive(Component)]
enum Exchange {
    Asked(Asked),
    Answered(Answered),
    Over,
}

#[inline(never)]
fn answer(Asked(mut body): Asked) -> Answered {
    body.reverse();
    Answered(body)
}

/// Makes requests and takes their answers, until all are answered.
struct Load {
    most_in_flight: u64,
    all: u64,
    made: u64,
    taken: u64,
    digest: Digest,
}

impl Load {
    fn new(size: Size) -> Self {
        let most_in_flight = size.entities as u64;
        Self { most_in_flight, all: 0, made: 0, taken: 0, digest: Digest::default() }
    }

    fn begin(&mut self, all: u64) {
        (self.all, self.made, self.taken) = (all, 0, 0);
        self.digest = Digest::default();
    }

    fn is_done(&self) -> bool {
        self.taken == self.all
    }

    /// How many requests are to be made now.
    fn due(&self) -> u64 {
        (self.most_in_flight - (self.made - self.taken)).min(self.all - self.made)
    }

    #[inline]
    fn make(&mut self) -> (Origin, Asked) {
        let sequence = self.made;
        self.made += 1;
        let connection = sequence % self.most_in_flight;
        (Origin { connection, sequence }, Asked(sequence.to_be_bytes().repeat(2)))
    }

    #[inline]
    fn take(&mut self, origin: Origin, Answered(body): Answered) {
        self.taken += 1;
        let number = body.first_chunk().map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes));
        assert_eq!(number, origin.sequence, "the answer of another request");
        self.digest.count += 1;
        self.digest.sum = self.digest.sum.wrapping_add(number ^ origin.connection << 32);
    }
}

#[world_config(
    components(Origin, Exchange),
    max_entities = 1_048_576,
    transfer_queue(capacity = 4096, batch_size = 64, spsc = true, on_full = retain)
)]
struct Base;

#[world_config(base = Base, role = io, source, world_id = 0, routing(default_target = Compute))]
struct Io;

#[world_config(base = Base, role = compute, world_id = 1, routing(default_target = Io))]
struct Compute;

coordinator!(type Office = (Io, Compute));

/// The driver: the load, in the place of sockets.
struct Desk {
    load: Load,
    /// How many requests are timed.
    all: Arc<AtomicU64>,
    /// Since when, once it is warm.
    begun: Option<Instant>,
    over: bool,
    told: Sender<(Duration, Digest)>,
    pins: bool,
    requests: Vec<(Origin, Exchange)>,
    entities: Vec<Entity>,
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl Desk {
    fn take_answers(&mut self, world: &mut World<Io>) {
        for (entity, origin, exchange) in world.query::<(Entity, &Origin, &mut Exchange)>() {
            if let Exchange::Answered(_) = exchange
                && let Exchange::Answered(answered) = mem::replace(exchange, Exchange::Over)
            {
                self.load.take(*origin, answered);
                self.entities.push(entity);
            }
        }
        world.despawn_batch(&self.entities);
        self.entities.clear();
    }

    fn send_requests(&mut self, world: &mut World<Io>) -> Outcome<()> {
        for _ in 0..self.load.due() {
            let (origin, asked) = self.load.make();
            self.requests.push((origin, Exchange::Asked(asked)));
        }
        if self.requests.is_empty() {
            return Ok(());
        }
        world.spawn_batch(self.requests.drain(..)).map_err(|refused| refused.why())?;
        world.complete_query::<With<Exchange>>();
        Ok(())
    }
}

impl Driver<Io> for Desk {
    fn start(&mut self, _: &mut World<Io>, _: &mut Port<'_>) -> io::Result<()> {
        if self.pins {
            pin(0);
        }
        self.load.begin(WARM);
        (self.begun, self.over) = (None, false);
        Ok(())
    }

    fn poll(&mut self, world: &mut World<Io>, _: &mut Port<'_>) -> Outcome<bool> {
        self.take_answers(world);
        if self.load.is_done() && !self.over {
            if let Some(begun) = self.begun {
                self.over = true;
                self.told.send((begun.elapsed(), self.load.digest))?;
            } else {
                self.load.begin(self.all.load(Ordering::Relaxed));
                self.begun = Some(Instant::now());
            }
        }
        self.send_requests(world)?;
        Ok(false)
    }
}

/// The system of the world that computes.
fn answering(pins: bool) -> impl FnMut(&mut World<Compute>) + Clone + Send {
    move |world| {
        if pins {
            pin_once(1);
        }
        for exchange in world.query::<&mut Exchange>() {
            if let Exchange::Asked(_) = exchange
                && let Exchange::Asked(asked) = mem::replace(exchange, Exchange::Over)
            {
                *exchange = Exchange::Answered(answer(asked));
            }
        }
        world.complete_query::<With<Exchange>>();
    }
}

/// A coordinator that runs for the time of a sample.
struct Worlds {
    office: Option<Office>,
    in_flight: u64,
    placement: Placement,
    all: Arc<AtomicU64>,
    done: Receiver<(Duration, Digest)>,
    digest: Digest,
}

impl Worlds {
    fn boxed(size: Size, placement: Placement, idle: Option<Idle>) -> Box<dyn Bench> {
        let pins = placement == Placement::PerWorld;
        let (told, done) = channel();
        let all = Arc::new(AtomicU64::new(0));
        let mut office = Office::new();
        office.set_driver::<Io>(Desk {
            load: Load::new(size),
            all: all.clone(),
            begun: None,
            over: false,
            told,
            pins,
            requests: Vec::new(),
            entities: Vec::new(),
        });
        office.add_system::<Compute, _>(answering(pins));
        if let Some(idle) = idle {
            office.set_idle::<Io>(idle);
            office.set_idle::<Compute>(idle);
        }
        let (in_flight, digest) = (size.entities as u64, Digest::default());
        Box::new(Self { office: Some(office), in_flight, placement, all, done, digest })
    }
}

impl Bench for Worlds {
    fn run(&mut self, times: u32) -> Duration {
        self.all.store(self.in_flight * u64::from(times), Ordering::Relaxed);
        let office = self.office.take().expect("it has ended");
        let running: Running<_> = office.run(self.placement.clone()).expect("threads");
        let spent = spent(&self.done, || running.is_running());
        let stopped = running.stop_within(Duration::ZERO);
        if let Some(failure) = stopped.failures.first() {
            panic!("{failure}");
        }
        self.office = Some(stopped.coordinator);
        let (spent, digest) = spent.expect("no world has failed");
        self.digest.count += digest.count;
        self.digest.sum = self.digest.sum.wrapping_add(digest.sum);
        spent
    }

    fn digest(&mut self) -> Digest {
        self.digest
    }
}

/// Plain code: does the load by a way to have requests answered.
struct Plain<F> {
    load: Load,
    digest: Digest,
    run: F,
}

impl<F: FnMut(&mut Load, u64) -> Duration> Bench for Plain<F> {
    fn run(&mut self, times: u32) -> Duration {
        let all = self.load.most_in_flight * u64::from(times);
        let spent = (self.run)(&mut self.load, all);
        self.digest.count += self.load.digest.count;
        self.digest.sum = self.digest.sum.wrapping_add(self.load.digest.sum);
        spent
    }

    fn digest(&mut self) -> Digest {
        self.digest
    }
}

fn plain(size: Size, run: impl FnMut(&mut Load, u64) -> Duration + 'static) -> Box<dyn Bench> {
    Box::new(Plain { load: Load::new(size), digest: Digest::default(), run })
}

fn by_calls(load: &mut Load, all: u64) -> Duration {
    let mut begun = Instant::now();
    for requests in [WARM, all] {
        load.begin(requests);
        begun = Instant::now();
        while !load.is_done() {
            let (origin, asked) = load.make();
            load.take(origin, black_box(answer(black_box(asked))));
        }
    }
    begun.elapsed()
}

/// Wakes a thread that sleeps because there was nothing for it.
#[derive(Default)]
struct Bell {
    sleeps: AtomicBool,
    who: OnceLock<Thread>,
}

impl Bell {
    fn ring(&self) {
        // Either this sees that the other sleeps, or the other sees what there is for it.
        fence(Ordering::SeqCst);
        if self.sleeps.load(Ordering::Relaxed)
            && self.sleeps.swap(false, Ordering::Relaxed)
            && let Some(thread) = self.who.get()
        {
            thread.unpark();
        }
    }

    /// Until there is something; it spins for about as long as it takes to wake a thread.
    fn wait(&self, is_empty: impl Fn() -> bool) {
        const SPINS: Duration = Duration::from_micros(30);
        let begun = Instant::now();
        while is_empty() {
            if begun.elapsed() < SPINS {
                (0..16).for_each(|_| spin_loop());
                continue;
            }
            self.who.get_or_init(thread::current);
            self.sleeps.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if is_empty() {
                thread::park();
            }
            self.sleeps.store(false, Ordering::Relaxed);
        }
    }
}

fn by_rings(load: &mut Load, all: u64) -> Duration {
    let room = load.most_in_flight as usize;
    let (mut out, mut come) = RingBuffer::<(Origin, Asked)>::new(room);
    let (mut back, mut answers) = RingBuffer::<(Origin, Answered)>::new(room);
    let [asked, answered] = [(); 2].map(|()| Bell::default());
    let mut begun = Instant::now();
    thread::scope(|scope| {
        let there = || {
            pin(1);
            let mut left = WARM + all;
            while left > 0 {
                asked.wait(|| come.is_empty());
                while let Ok((origin, request)) = come.pop() {
                    assert!(back.push((origin, answer(request))).is_ok(), "there is room for all");
                    left -= 1;
                }
                answered.ring();
            }
        };
        scope.spawn(|| or_exit(there));
        let here = || {
            pin(0);
            for requests in [WARM, all] {
                load.begin(requests);
                begun = Instant::now();
                while !load.is_done() {
                    let due = load.due();
                    for _ in 0..due {
                        assert!(out.push(load.make()).is_ok(), "there is room for all");
                    }
                    if due > 0 {
                        asked.ring();
                    }
                    answered.wait(|| answers.is_empty());
                    while let Ok((origin, answer)) = answers.pop() {
                        load.take(origin, answer);
                    }
                }
            }
            begun.elapsed()
        };
        or_exit(here)
    })
}

const fn entry(
    case: &'static str,
    variant: &'static str,
    make: fn(Size) -> Box<dyn Bench>,
) -> Entry {
    Entry { case, variant, make }
}

pub fn ours() -> Vec<Entry> {
    vec![
        entry(ONE_THREAD, "", |size| Worlds::boxed(size, Placement::Single, None)),
        entry(TWO_THREADS, "", |size| Worlds::boxed(size, Placement::PerWorld, None)),
        entry(TWO_THREADS, "spin", |size| {
            Worlds::boxed(size, Placement::PerWorld, Some(Idle::Spin))
        }),
    ]
}

pub fn hand() -> Vec<Entry> {
    vec![
        entry(ONE_THREAD, "a call", |size| plain(size, by_calls)),
        entry(TWO_THREADS, "rings", |size| plain(size, by_rings)),
    ]
}
