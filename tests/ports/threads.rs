//! What a world's port is to the thread: it sleeps when there is nothing to do, and what one
//! world leaves unread is not in another's way.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use static_ecs::Pace;
use static_ecs::driver::{Backend, Completion, Port};
use static_ecs::prelude::*;

use crate::{LONG, Nothing, SHORT, each, has_closed, pair};

#[world_config(components(Nothing), role = io, source)]
struct First;
#[world_config(base = First)]
struct Second;
coordinator!(type Both = (First, Second));

/// Receives on one connection, and is idle when so many bytes have come.
#[derive(Default)]
struct Receiver {
    stream: Option<TcpStream>,
    wanted: usize,
    timeout: Option<Duration>,
    ticks: Arc<AtomicUsize>,
    /// How often the thread has asked how long it may sleep.
    rounds: Arc<AtomicUsize>,
}

impl<W: WorldConfig> Driver<W> for Receiver {
    fn start(&mut self, _: &mut World<W>, port: &mut Port<'_>) -> io::Result<()> {
        self.stream.take().map_or(Ok(()), |stream| port.open(stream, 0).map(drop))
    }

    fn poll(
        &mut self,
        _: &mut World<W>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut any = false;
        while let Some(completion) = port.completion() {
            any = true;
            if let Completion::Received { bytes, .. } = completion {
                self.wanted = self.wanted.saturating_sub(bytes.len());
            }
        }
        self.ticks.fetch_add(1, Ordering::Relaxed);
        Ok(any)
    }

    fn timeout(&self) -> Option<Duration> {
        self.rounds.fetch_add(1, Ordering::Relaxed);
        self.timeout
    }

    fn is_idle(&self) -> bool {
        self.wanted == 0
    }
}

/// A stop in which one world halts while its peer goes on sending, and the other has yet to
/// receive something.
fn stop<Flooded, Late>(backend: Backend, lock_step: bool)
where
    Flooded: WorldConfig<Schema = <First as WorldConfig>::Schema>,
    Late: WorldConfig<Schema = <First as WorldConfig>::Schema>,
{
    const LATE: usize = 1 << 20;
    let ((flooded, floods), (late, mut sends)) = (pair(), pair());
    let (flooded, late) = (Some(flooded), Some(late));
    let mut both = Both::new();
    both.set_backend(backend);
    both.set_driver::<Flooded>(Receiver { stream: flooded, ..Receiver::default() });
    both.set_driver::<Late>(Receiver { stream: late, wanted: LATE, ..Receiver::default() });
    let running = match lock_step {
        true => both.run_lock_step(Placement::Single, Pace::OnDemand),
        false => both.run(Placement::Single),
    };
    let running = running.unwrap();
    thread::scope(|scope| {
        // Until it is closed.
        scope.spawn(move || while (&floods).write_all(&[1; 4096]).is_ok() {});
        let stopped = scope.spawn(|| running.stop());
        thread::sleep(SHORT * 4);
        sends.write_all(&vec![2; LATE]).unwrap();
        assert!(stopped.join().unwrap().drained, "{backend}, lock-step {lock_step}");
        // A reset where something was unread.
        assert!(has_closed(&mut sends), "{backend}");
    });
}

#[test]
fn what_a_halted_world_leaves_unread_is_not_in_anothers_way() {
    each(|backend| {
        for lock_step in [false, true] {
            // Either may be the first to halt.
            stop::<First, Second>(backend, lock_step);
            stop::<Second, First>(backend, lock_step);
        }
    });
}

/// How often the thread of a world looks around until nothing can be new.
fn rounds(backend: Backend, pace: Pace, timeout: Option<Duration>) -> usize {
    let (ours, mut peer) = pair();
    let driver = Receiver { stream: Some(ours), timeout, ..Receiver::default() };
    let (ticks, rounds) = (driver.ticks.clone(), driver.rounds.clone());
    let mut both = Both::new();
    both.set_backend(backend).set_pace::<First>(pace).set_driver::<First>(driver);
    let running = both.run(Placement::Single).unwrap();
    while ticks.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    peer.write_all(b"text").unwrap();
    thread::sleep(SHORT * 4);
    let rounds = rounds.load(Ordering::Relaxed);
    running.stop();
    rounds
}

#[test]
fn a_thread_sleeps_until_the_next_tick_whatever_has_come() {
    each(|backend| {
        let rounds = rounds(backend, Pace::Every(Duration::from_secs(3600)), None);
        assert!(rounds < 100, "{backend}: it looked around {rounds} times");
    });
}

#[test]
fn a_driver_can_wait_for_as_long_as_durations_go() {
    each(|backend| {
        let rounds = rounds(backend, Pace::OnDemand, Some(Duration::MAX));
        assert!(rounds < 100, "{backend}: it looked around {rounds} times");
    });
}

/// Asks for one thing that it is told in each tick, and never says that it did anything.
struct Slow {
    reads: u64,
    timers: u64,
    told: Sender<()>,
}

impl Driver<First> for Slow {
    fn start(&mut self, _: &mut World<First>, port: &mut Port<'_>) -> io::Result<()> {
        let file = Arc::new(File::open("Cargo.toml")?);
        (0..self.reads).for_each(|key| port.read_at(&file, 0, vec![0], key));
        (0..self.timers).for_each(|key| port.set_timer(Instant::now() + SHORT, key));
        Ok(())
    }

    fn poll(
        &mut self,
        _: &mut World<First>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        if port.completion().is_some() {
            let _ = self.told.send(());
        }
        Ok(false)
    }
}

#[test]
fn a_thread_does_not_sleep_while_something_is_to_be_told() {
    each(|backend| {
        for (reads, timers) in [(5, 0), (0, 2)] {
            let (tell, told) = channel();
            let mut both = Both::new();
            both.set_backend(backend).set_driver::<First>(Slow { reads, timers, told: tell });
            let running = both.run(Placement::Single).unwrap();
            for at in 0..reads + timers {
                assert!(told.recv_timeout(LONG).is_ok(), "{backend}: no more than {at}");
            }
            running.stop();
        }
    });
}
