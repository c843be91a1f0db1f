//! Two threads, each on a core of its own: how far apart these are, and what is sent
//! between them.

use std::cell::Cell;
use std::hint::spin_loop;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use core_affinity::CoreId;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::case::{Bench, Digest};

/// All cores, from before a thread was kept on one of them: others that it starts see that
/// one only.
pub static CORES: LazyLock<Vec<CoreId>> =
    LazyLock::new(|| core_affinity::get_core_ids().unwrap_or_default());

/// Keeps this thread on one of the two cores.
pub fn pin(core: usize) {
    if let Some(&id) = CORES.get(core % CORES.len().max(1)) {
        core_affinity::set_for_current(id);
    }
}

/// As [`pin`], once for each thread, so that who calls it often makes no system call.
/// Whether it did.
pub fn pin_once(core: usize) -> bool {
    thread_local! {
        static PINNED: Cell<bool> = const { Cell::new(false) };
    }
    let first = !PINNED.replace(true);
    if first {
        pin(core);
    }
    first
}

/// Does what other threads wait for: they would do so for ever if it panicked, some of them
/// inside of a library. So a panic ends the program.
pub fn or_exit<R>(work: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("it does not say why");
        // Not by a macro, whose output a test would keep to itself.
        let _ = writeln!(std::io::stderr(), "error: a thread of this case panicked: {text}");
        std::process::exit(101)
    })
}

/// How the host has placed the two cores, by a round trip of one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    Siblings,
    Near,
    Far,
}

impl Distance {
    pub fn of(nanos: f64) -> Self {
        match nanos {
            _ if nanos < 75.0 => Self::Siblings,
            _ if nanos < 220.0 => Self::Near,
            _ => Self::Far,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Siblings => "siblings",
            Self::Near => "near",
            Self::Far => "far",
        }
    }
}

/// Nanoseconds for one round trip of a cache line between the two cores: the least of a few
/// runs, since either thread may have to wait for its core.
pub fn round_trip() -> f64 {
    const TRIPS: u64 = 20_000;
    const RUN: u64 = 1_000;
    #[repr(align(128))]
    struct Line(AtomicU64);
    let lines = Arc::new([Line(AtomicU64::new(0)), Line(AtomicU64::new(0))]);
    let theirs = lines.clone();
    let echo = std::thread::spawn(move || {
        pin(1);
        for trip in 1..=TRIPS {
            while theirs[0].0.load(Ordering::Acquire) != trip {
                spin_loop();
            }
            theirs[1].0.store(trip, Ordering::Release);
        }
    });
    pin(0);
    let mut least = f64::MAX;
    let mut begun = Instant::now();
    for trip in 1..=TRIPS {
        lines[0].0.store(trip, Ordering::Release);
        while lines[1].0.load(Ordering::Acquire) != trip {
            spin_loop();
        }
        if trip % RUN == 0 {
            least = least.min(begun.elapsed().as_nanos() as f64 / RUN as f64);
            begun = Instant::now();
        }
    }
    let _ = echo.join();
    least
}

/// A way from one thread to the other, with a way home for what is used again.
pub struct Link<T> {
    out: Producer<T>,
    home: Consumer<T>,
    come: Consumer<T>,
    back: Producer<T>,
}

impl<T> Link<T> {
    /// Both ends, with room for so many each way.
    pub fn pair(capacity: usize) -> [Self; 2] {
        let (out_a, come_b) = RingBuffer::new(capacity);
        let (out_b, come_a) = RingBuffer::new(capacity);
        // What is sent is of one side: there are no more than fit the way home.
        let (back_b, home_a) = RingBuffer::new(2 * capacity);
        let (back_a, home_b) = RingBuffer::new(2 * capacity);
        [
            Self { out: out_a, home: home_a, come: come_a, back: back_a },
            Self { out: out_b, home: home_b, come: come_b, back: back_b },
        ]
    }

    #[inline]
    pub fn send(&mut self, mut item: T) {
        while let Err(rtrb::PushError::Full(back)) = self.out.push(item) {
            item = back;
            spin_loop();
        }
    }

    #[inline]
    pub fn receive(&mut self) -> T {
        loop {
            if let Ok(item) = self.come.pop() {
                return item;
            }
            spin_loop();
        }
    }

    /// Sends something home that has been emptied.
    #[inline]
    pub fn give_back(&mut self, item: T) {
        let _ = self.back.push(item);
    }

    /// What has come home, if anything.
    #[inline]
    pub fn used(&mut self) -> Option<T> {
        self.home.pop().ok()
    }
}

/// What one side does on two threads: all of `W` goes from one to the other.
pub trait Cross: Send + 'static {
    /// A world, and its end of the link.
    type World: 'static;
    /// Makes the world; that with `all` has all entities.
    fn make(&self, all: bool) -> Self::World;
    fn send(&self, world: &mut Self::World);
    /// Until all have come.
    fn receive(&self, world: &mut Self::World);
    fn digest(&self, world: &mut Self::World, digest: &mut Digest);
}

enum Order {
    Runs(u32),
    Digest,
}

/// The other thread, and what it is told.
pub struct Duo<C: Cross> {
    here: C::World,
    cross: C,
    orders: Option<Sender<Order>>,
    answers: Receiver<Digest>,
    /// Runs that the other thread has got ready for, and done.
    steps: Arc<Steps>,
    thread: Option<JoinHandle<()>>,
    /// Who has all entities: this thread, if even.
    turn: u32,
}

#[derive(Default)]
#[repr(align(128))]
struct Steps {
    ready: AtomicUsize,
    done: AtomicUsize,
    go: AtomicUsize,
}

fn wait_for(step: &AtomicUsize, value: usize) {
    while step.load(Ordering::Acquire) < value {
        spin_loop();
    }
}

impl<C: Cross> Duo<C> {
    pub fn boxed(crosses: [C; 2]) -> Box<dyn Bench> {
        let [cross, other] = crosses;
        let (orders, taken) = channel();
        let (told, answers) = channel();
        let steps = Arc::new(Steps::default());
        let theirs = steps.clone();
        let work = move || {
            pin(1);
            let mut world = other.make(false);
            let mut turn = 0;
            for order in taken {
                match order {
                    Order::Digest => {
                        let mut digest = Digest::default();
                        other.digest(&mut world, &mut digest);
                        if told.send(digest).is_err() {
                            return;
                        }
                    }
                    Order::Runs(times) => {
                        for _ in 0..times {
                            turn += 1;
                            theirs.ready.store(turn, Ordering::Release);
                            wait_for(&theirs.go, turn);
                            match turn % 2 {
                                1 => other.receive(&mut world),
                                _ => other.send(&mut world),
                            }
                            theirs.done.store(turn, Ordering::Release);
                        }
                    }
                }
            }
        };
        let thread = std::thread::spawn(|| or_exit(work));
        pin(0);
        let here = cross.make(true);
        Box::new(Self {
            here,
            cross,
            orders: Some(orders),
            answers,
            steps,
            thread: Some(thread),
            turn: 0,
        })
    }
}

impl<C: Cross> Bench for Duo<C> {
    fn run(&mut self, times: u32) -> Duration {
        pin(0);
        let orders = self.orders.as_ref().expect("until it is dropped");
        orders.send(Order::Runs(times)).expect("the other thread lives");
        let mut spent = Duration::ZERO;
        for _ in 0..times {
            self.turn += 1;
            let turn = self.turn as usize;
            wait_for(&self.steps.ready, turn);
            let start = Instant::now();
            self.steps.go.store(turn, Ordering::Release);
            or_exit(|| match turn % 2 {
                1 => self.cross.send(&mut self.here),
                _ => self.cross.receive(&mut self.here),
            });
            wait_for(&self.steps.done, turn);
            spent += start.elapsed();
        }
        spent
    }

    fn digest(&mut self) -> Digest {
        let orders = self.orders.as_ref().expect("until it is dropped");
        orders.send(Order::Digest).expect("the other thread lives");
        let mut digest = self.answers.recv().expect("the other thread lives");
        self.cross.digest(&mut self.here, &mut digest);
        digest
    }
}

impl<C: Cross> Drop for Duo<C> {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    struct Panics {
        sends: bool,
    }

    impl Cross for Panics {
        type World = ();

        fn make(&self, _: bool) {}

        fn send(&self, (): &mut ()) {
            assert!(!self.sends, "the sender has had enough");
            loop {
                spin_loop();
            }
        }

        fn receive(&self, (): &mut ()) {
            assert!(self.sends, "the receiver has had enough");
            loop {
                spin_loop();
            }
        }

        fn digest(&self, (): &mut (), _: &mut Digest) {}
    }

    #[test]
    #[ignore = "ends the program"]
    fn sender_panics() {
        Duo::boxed([(); 2].map(|()| Panics { sends: true })).run(1);
    }

    #[test]
    #[ignore = "ends the program"]
    fn receiver_panics() {
        Duo::boxed([(); 2].map(|()| Panics { sends: false })).run(1);
    }

    #[test]
    fn a_panic_of_either_thread_ends_the_run() {
        for who in ["sender", "receiver"] {
            let mut child = Command::new(std::env::current_exe().expect("it runs"))
                .args(["--ignored", "--exact", &format!("pair::tests::{who}_panics")])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts");
            let end = Instant::now() + Duration::from_secs(20);
            while child.try_wait().expect("it is ours").is_none() {
                if Instant::now() > end {
                    let _ = child.kill();
                    panic!("it hangs");
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let output = child.wait_with_output().expect("it has ended");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(101), "{told}");
            assert!(told.contains(&format!("the {who} has had enough")), "{told}");
        }
    }
}
