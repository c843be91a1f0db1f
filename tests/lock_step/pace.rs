//! Ticks by the clock.

use std::time::{Duration, Instant};

use crate::*;

#[world_config(base = Base, source)]
struct A;
#[world_config(base = Base, source)]
struct B;
coordinator!(type Pair = (A, B));

/// Each world's ticks, and those that were left out.
fn ticks(stats: &static_ecs::CoordinatorStats) -> Vec<(u64, u64)> {
    stats.worlds.iter().map(|world| (world.counts.ticks, world.counts.skipped)).collect()
}

#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn all_worlds_tick_at_the_rate_of_the_lock_step() {
    let mut pair = Pair::new();
    // Of no meaning here.
    pair.set_pace::<A>(Pace::Continuous);
    let mut count = 0;
    pair.add_system::<B, _>(move |_: &mut World<B>| {
        count += 1;
        if count % 10 == 0 {
            std::thread::sleep(Duration::from_millis(12));
        }
    });
    let begun = Instant::now();
    let pace = Pace::Every(Duration::from_millis(5));
    let running = pair.run_lock_step(Placement::PerWorld, pace).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let stopped = running.stop();
    let periods = begun.elapsed().as_millis() as u64 / 5;
    let ticks = ticks(&stopped.coordinator.stats());
    // One of them, which has nothing to do with the other, halts a tick before it.
    assert!(ticks[0].0.abs_diff(ticks[1].0) <= 1 && ticks[0].1 == ticks[1].1, "{ticks:?}");
    // One to begin with, and up to one for each group that the stop drains.
    assert!(ticks[0].0 <= periods + 4, "{ticks:?} in {periods}");
    assert!(ticks[0].0 >= 3 && ticks[0].1 >= 1, "{ticks:?} in {periods}");
}

/// A stop does not wait for the next tick's time.
#[test]
fn a_stop_comes_between_two_ticks() {
    let pace = Pace::Every(Duration::from_secs(3600));
    let running = Pair::new().run_lock_step(Placement::PerWorld, pace).unwrap();
    let begun = Instant::now();
    assert!(running.stop().drained);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

/// Time that is lost is made up for, up to a bound.
fn fixed_steps(run: impl FnOnce(Pair, Pace) -> static_ecs::Stopped<(A, B)>) {
    let mut pair = Pair::new();
    let begun = Instant::now();
    let log = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = log.clone();
    pair.add_system::<A, _>(move |_: &mut World<A>| {
        let mut log = told.lock().unwrap();
        log.push(begun.elapsed());
        if log.len() == 5 {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let pace = Pace::Fixed { step: Duration::from_millis(10), max_steps: 4 };
    let stats = run(pair, pace).coordinator.stats();
    let elapsed = begun.elapsed().as_millis() as u64 / 10;
    let (ticks, skipped) = ticks(&stats)[0];
    // Of about twenty that came too late, up to four were made up for.
    assert!((10..=elapsed).contains(&skipped), "{skipped} in {elapsed}");
    assert!(ticks + skipped <= elapsed + 5, "{ticks} and {skipped} in {elapsed}");
    let log = log.lock().unwrap();
    let after = log[5];
    let soon = log[5..].iter().filter(|&&at| at < after + Duration::from_millis(5)).count();
    assert!(soon <= 5, "{soon} at once: {log:?}");
}

#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn fixed_steps_make_up_for_lost_time_in_lock_step() {
    fixed_steps(|pair, pace| {
        let running = pair.run_lock_step(Placement::PerWorld, pace).unwrap();
        std::thread::sleep(Duration::from_millis(400));
        running.stop()
    });
}

#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn fixed_steps_make_up_for_lost_time_on_free_threads() {
    fixed_steps(|mut pair, pace| {
        pair.set_pace::<A>(pace);
        let running = pair.run(Placement::Single).unwrap();
        std::thread::sleep(Duration::from_millis(400));
        running.stop()
    });
}
