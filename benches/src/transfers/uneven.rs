//! Jobs of which one in 16 takes 50 times as long as the others, on two cores: how evenly they
//! end. `hand` is two threads that take them one by one by a counter, which is the ideal but for
//! the cost of the counter.

use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use static_ecs::Running;
use static_ecs::prelude::*;

use super::Size;
use crate::case::{Bench, Case, Digest, Entry};
use crate::pair::{or_exit, pin, pin_once};

const NAME: &str = "compute_uneven";

pub const CASE: Case = Case {
    name: NAME,
    about: "Jobs of about 1 µs, of which one in 16 takes 50 times as long, done on two cores",
    sizes: &[Size { entities: 64, archetypes: 1 }, Size { entities: 1024, archetypes: 1 }],
    parallel: true,
    fresh: false,
};

pub fn hand() -> Vec<Entry> {
    vec![Entry { case: NAME, variant: "", make: |size| Box::new(Hand::new(size)) }]
}

pub fn ours() -> Vec<Entry> {
    let entry = |variant, make| Entry { case: NAME, variant, make };
    vec![
        entry("[Compute; 2]", |size| Box::new(Farm::new(size))),
        entry("par_for_each", |size| Box::new(Pool::new(size))),
    ]
}

/// What jobs cost, in parts of about 1 µs, in no order.
fn costs(jobs: usize) -> Vec<u32> {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let cost = |_| {
        // Marsaglia, "Xorshift RNGs", 2003.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if random >> 60 == 0 { 50 } else { 1 }
    };
    (0..jobs).map(cost).collect()
}

fn work(cost: u32) {
    let mut value = 1_u64;
    for step in 0..900 * u64::from(cost) {
        value = black_box(value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step));
    }
}

/// What has been done.
#[derive(Default)]
struct Done {
    jobs: AtomicUsize,
    cost: AtomicU64,
}

impl Done {
    fn add(&self, jobs: usize, cost: u64) {
        self.cost.fetch_add(cost, Ordering::Relaxed);
        self.jobs.fetch_add(jobs, Ordering::Release);
    }

    fn digest(&self) -> Digest {
        Digest {
            count: self.jobs.load(Ordering::Acquire) as u64,
            sum: self.cost.load(Ordering::Relaxed),
        }
    }

    fn wait_for(&self, jobs: usize) {
        while self.jobs.load(Ordering::Acquire) < jobs {
            spin_loop();
        }
    }
}

struct Hand {
    costs: Vec<u32>,
    done: Done,
}

impl Hand {
    fn new(size: Size) -> Self {
        Self { costs: costs(size.entities), done: Done::default() }
    }

    fn take(&self, next: &AtomicUsize) {
        while let Some(&cost) = self.costs.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(cost);
            self.done.add(1, u64::from(cost));
        }
    }
}

impl Bench for Hand {
    fn run(&mut self, times: u32) -> Duration {
        let this = &*self;
        let before = this.done.jobs.load(Ordering::Acquire);
        let (next, round) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                or_exit(|| {
                    pin(1);
                    round.fetch_add(1, Ordering::Release);
                    for turn in 1..=times as usize {
                        while round.load(Ordering::Acquire) <= turn {
                            spin_loop();
                        }
                        this.take(&next);
                    }
                });
            });
            pin(0);
            // Nothing is timed before both threads are where they stay.
            while round.load(Ordering::Acquire) == 0 {
                spin_loop();
            }
            let start = Instant::now();
            for turn in 1..=times as usize {
                next.store(0, Ordering::Relaxed);
                round.fetch_add(1, Ordering::Release);
                this.take(&next);
                this.done.wait_for(before + turn * this.costs.len());
            }
            start.elapsed()
        })
    }

    fn digest(&mut self) -> Digest {
        self.done.digest()
    }
}

#[derive(Component)]
pub struct Job(u32);

#[world_config(components(Job))]
pub struct Base;
#[world_config(base = Base, role = accept, world_id = 0, routing(default_target = Compute))]
pub struct Source;
#[world_config(base = Base, role = compute, world_id = 1)]
pub struct Compute;
coordinator!(type Worlds = (Source, [Compute; 2]));

/// Two worlds that work through one queue; the source shares a thread with the first.
struct Farm {
    worlds: Option<Worlds>,
    course: Arc<Course>,
    spent: Receiver<Duration>,
}

/// How often all jobs are still to be done, and since when.
struct Course {
    jobs: usize,
    done: Done,
    left: AtomicUsize,
    settled: AtomicUsize,
}

impl Farm {
    fn new(size: Size) -> Self {
        let course = Arc::new(Course {
            jobs: size.entities,
            done: Done::default(),
            left: AtomicUsize::new(0),
            settled: AtomicUsize::new(0),
        });
        let (told, spent) = channel();
        let mut worlds = Worlds::new();
        worlds.add_system::<Source, _>(source(course.clone(), told));
        let shared = course.clone();
        worlds.add_system::<Compute, _>(move |world: &mut World<Compute>| {
            shared.settle(usize::from(world.id() == Some(2)));
            let (jobs, mut cost) = (world.len(), 0);
            if jobs == 0 {
                return;
            }
            for job in world.query::<&Job>() {
                work(job.0);
                cost += u64::from(job.0);
            }
            world.despawn_where::<With<Job>>();
            shared.done.add(jobs, cost);
        });
        worlds.set_pace::<Source>(Pace::Continuous);
        worlds.set_pace::<Compute>(Pace::Continuous);
        worlds.set_idle::<Compute>(Idle::Spin);
        Self { worlds: Some(worlds), course, spent }
    }
}

impl Course {
    /// Keeps a thread, which is new in each run, on a core.
    fn settle(&self, core: usize) {
        if pin_once(core) {
            self.settled.fetch_add(1, Ordering::Release);
        }
    }
}

/// Sends all jobs, and again when they are done.
fn source(
    course: Arc<Course>,
    told: Sender<Duration>,
) -> impl FnMut(&mut World<Source>) + Clone + Send {
    let costs = costs(course.jobs);
    let (mut begun, mut expected) = (None::<Instant>, 0);
    move |world: &mut World<Source>| {
        course.settle(0);
        let left = course.left.load(Ordering::Acquire);
        let done = course.done.jobs.load(Ordering::Acquire);
        if left == 0 || done < expected || course.settled.load(Ordering::Acquire) < 2 {
            return;
        }
        let start = *begun.get_or_insert_with(Instant::now);
        course.left.store(left - 1, Ordering::Release);
        if left == 1 {
            begun = None;
            let _ = told.send(start.elapsed());
            return;
        }
        expected = done + course.jobs;
        for &cost in &costs {
            let job = world.spawn(Job(cost)).expect("there is room");
            world.complete(job).expect("it is here");
        }
    }
}

impl Bench for Farm {
    fn run(&mut self, times: u32) -> Duration {
        let worlds = self.worlds.take().expect("they come back");
        self.course.settled.store(0, Ordering::Release);
        self.course.left.store(times as usize + 1, Ordering::Release);
        let running = worlds.run("0,0,1".parse().expect("a placement")).expect("threads");
        let spent = wait(&running, &self.spent);
        let stopped = running.stop();
        if let Some(failure) = stopped.failures.first() {
            panic!("{failure}");
        }
        self.worlds = Some(stopped.coordinator);
        spent.expect("no world has failed")
    }

    fn digest(&mut self) -> Digest {
        self.course.done.digest()
    }
}

fn wait(running: &Running<(Source, [Compute; 2])>, spent: &Receiver<Duration>) -> Option<Duration> {
    loop {
        // Not too often: this thread takes time from one of the two.
        match spent.recv_timeout(Duration::from_millis(200)) {
            Ok(spent) => return Some(spent),
            Err(_) if running.is_running() => {}
            Err(_) => return None,
        }
    }
}

/// One world, by `par_for_each`.
struct Pool {
    world: World<Base>,
    done: Done,
    pool: rayon::ThreadPool,
}

impl Pool {
    fn new(size: Size) -> Self {
        let mut world = World::new();
        world.spawn_batch(costs(size.entities).into_iter().map(Job)).expect("there is room");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).start_handler(pin).build();
        Self { world, done: Done::default(), pool: pool.expect("two threads") }
    }
}

impl Bench for Pool {
    fn run(&mut self, times: u32) -> Duration {
        let Self { world, done, pool } = self;
        pool.install(|| {
            let start = Instant::now();
            for _ in 0..times {
                world.query::<&Job>().par_for_each(|job| {
                    work(job.0);
                    done.add(1, u64::from(job.0));
                });
            }
            start.elapsed()
        })
    }

    fn digest(&mut self) -> Digest {
        self.done.digest()
    }
}
