//! A panic whose payload panics when it is dropped, in a system, a driver's callback or
//! who is told of late ticks: it is one failure as others, and no world goes with it.

use std::error::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::time::Duration;

use static_ecs::coordination::{Cause, Failure, Pace, Placement, Port, Stopped};

use crate::*;

/// A payload that panics with another one when it is dropped, so many times.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 && !std::thread::panicking() {
            panic_any(Bomb(self.0 - 1));
        }
    }
}

fn explode() {
    panic_any(Bomb(2));
}

/// The harness can't tell of a payload that panics when it is dropped.
fn none_comes_out(body: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else { return };
    if payload.is::<Bomb>() {
        std::mem::forget(payload);
        panic!("a payload came out");
    }
    resume_unwind(payload);
}

#[derive(Component)]
struct Job;

#[world_config(components(Job))]
struct Jobs;
#[world_config(base = Jobs, role = accept, routing(default_target = Work))]
struct Source;
#[world_config(base = Jobs)]
struct Work;
coordinator!(type Pair = (Source, Work));

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    Poll,
    Timeout,
    Close,
    System,
    Never,
}

/// A source whose driver, or whose system, panics in one step.
struct Faulty(Step);

impl Faulty {
    fn pass(&self, step: Step) {
        if self.0 == step {
            explode();
        }
    }
}

impl Driver<Source> for Faulty {
    fn start(&mut self, _: &mut World<Source>, _: &mut Port<'_>) -> io::Result<()> {
        self.pass(Step::Start);
        Ok(())
    }

    fn poll(
        &mut self,
        _: &mut World<Source>,
        _: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        self.pass(Step::Poll);
        Ok(false)
    }

    fn timeout(&self) -> Option<Duration> {
        self.pass(Step::Timeout);
        None
    }

    fn close(&mut self, _: &mut World<Source>, _: &mut Port<'_>) {
        self.pass(Step::Close);
    }
}

/// With one entity in the source, which stays there.
fn pair(step: Step) -> Pair {
    silence();
    let mut pair = Pair::new();
    pair.world_mut::<Source>().spawn(Job).unwrap();
    pair.set_driver::<Source>(Faulty(step));
    pair.add_system::<Source, _>(move |_: &mut World<Source>| Faulty(step).pass(Step::System));
    pair
}

fn is_of_source(failure: &Failure) -> bool {
    failure.world == "Source" && matches!(failure.cause, Cause::Panic(_))
}

fn assert_whole(pair: &mut Pair) {
    assert_eq!((pair.len(), pair.world::<Source>().len(), pair.world::<Work>().len()), (2, 1, 0));
    assert!(pair.conservation().holds());
}

fn assert_told(mut stopped: Stopped<(Source, Work)>) {
    assert_eq!(stopped.failures.len(), 1, "{stopped:?}");
    assert!(stopped.failures.iter().all(is_of_source), "{stopped:?}");
    assert_whole(&mut stopped.coordinator);
}

#[test]
fn a_payload_that_panics_takes_no_world_along_by_hand() {
    none_comes_out(|| {
        for step in [Step::System, Step::Poll] {
            let mut ticked = pair(step);
            ticked.start().unwrap();
            assert!(is_of_source(&ticked.tick().unwrap_err()));
            assert_whole(&mut ticked);
            let mut stepped = pair(step);
            stepped.start().unwrap();
            assert!(is_of_source(&stepped.step().unwrap_err()));
            assert_whole(&mut stepped);
        }
        let mut pair = pair(Step::Start);
        assert!(pair.start().is_err());
        assert_whole(&mut pair);
    });
}

#[test]
fn a_payload_that_panics_takes_no_world_along_on_threads() {
    none_comes_out(|| {
        for placement in [Placement::PerWorld, Placement::Single] {
            for step in [Step::System, Step::Poll, Step::Start, Step::Timeout] {
                let mut pair = pair(step);
                pair.set_pace::<Source>(Pace::Every(Duration::from_millis(1)));
                assert_told(pair.run(placement.clone()).unwrap().join());
            }
            assert_told(pair(Step::Close).run(placement).unwrap().stop());
        }
    });
}

#[test]
fn a_payload_that_panics_takes_no_world_along_in_lock_step() {
    none_comes_out(|| {
        for placement in [Placement::PerWorld, Placement::Single] {
            for step in [Step::System, Step::Poll, Step::Start] {
                assert_told(pair(step).run_ticks(placement.clone(), 3).unwrap());
            }
            let closed = pair(Step::Close);
            assert_told(closed.run_lock_step(placement, Pace::Continuous).unwrap().stop());
        }
    });
}

#[test]
fn a_payload_that_panics_takes_no_world_along_from_who_watches() {
    none_comes_out(|| {
        let mut pair = pair(Step::Never);
        pair.watch(Duration::from_millis(1), |_| explode());
        let told = Arc::new(AtomicUsize::new(0));
        let ticks = told.clone();
        pair.add_system::<Work, _>(move |_: &mut World<Work>| {
            if ticks.fetch_add(1, Ordering::Relaxed) == 0 {
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let running = pair.run(Placement::PerWorld).unwrap();
        while told.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        let mut stopped = running.stop();
        assert!(stopped.failures.is_empty(), "{stopped:?}");
        assert_whole(&mut stopped.coordinator);
    });
}
