//! Ticks by the clock.

use std::sync::{Arc, Mutex};
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

/// What has been counted once world `A` has ticked so often, before the stop,
/// which looks at no clock.
fn counted(running: static_ecs::Running<(A, B)>, least: u64) -> static_ecs::CoordinatorStats {
    let begun = Instant::now();
    while running.stats().worlds[0].counts.ticks < least {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    running.stats()
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
    let ticks = ticks(&counted(running, 25));
    let periods = begun.elapsed().as_millis() as u64 / 5;
    // No tick comes early, and those that were missed are left out.
    assert!(ticks[0].0 + ticks[0].1 <= periods + 1, "{ticks:?} in {periods}");
    assert!(ticks[0].1 >= 2, "{ticks:?} in {periods}");
    assert!(ticks[0].0.abs_diff(ticks[1].0) <= 1, "{ticks:?}");
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
fn fixed_steps(run: impl FnOnce(Pair, Pace) -> static_ecs::Running<(A, B)>) {
    let mut pair = Pair::new();
    let times = Arc::new(Mutex::new(Vec::new()));
    let told = times.clone();
    let begun = Instant::now();
    pair.world_mut::<A>().insert_resource(Time::default());
    pair.add_system::<A, _>(move |world: &mut World<A>| {
        let time = world.resource::<Time>().unwrap();
        assert_eq!(time.delta(), Duration::from_millis(10));
        let ticks = {
            let mut times = told.lock().unwrap();
            times.push(begun.elapsed());
            times.len()
        };
        assert_eq!(time.elapsed(), Duration::from_millis(10) * ticks as u32);
        if ticks == 5 {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let pace = Pace::Fixed { step: Duration::from_millis(10), max_steps: 4 };
    let (ticks, skipped) = ticks(&counted(run(pair, pace), 12))[0];
    let steps = begun.elapsed().as_millis() as u64 / 10;
    // Of about twenty that came too late, up to four were made up for.
    assert!(skipped >= 15, "{skipped} in {steps}");
    assert!(ticks + skipped <= steps + 1, "{ticks} and {skipped} in {steps}");
    let times = times.lock().unwrap();
    let soon = times[5..].iter().filter(|&&at| at < times[5] + Duration::from_millis(5)).count();
    assert!(soon <= 5, "{soon} at once: {times:?}");
}

#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn fixed_steps_make_up_for_lost_time_in_lock_step() {
    fixed_steps(|pair, pace| pair.run_lock_step(Placement::PerWorld, pace).unwrap());
}

#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn fixed_steps_make_up_for_lost_time_on_free_threads() {
    fixed_steps(|mut pair, pace| {
        pair.set_pace::<A>(pace);
        pair.run(Placement::Single).unwrap()
    });
}

/// In lock-step no clock is looked at; on their own, worlds have the real time.
#[test]
fn time_passes_in_worlds_that_have_one() {
    let mut pair = Pair::new();
    pair.world_mut::<A>().insert_resource(Time::default());
    let time = |pair: &Pair| *pair.world::<A>().resource::<Time>().unwrap();
    pair.step().unwrap();
    assert_eq!((time(&pair).elapsed(), time(&pair).ticks()), (Duration::ZERO, 1));
    pair.set_step_time(Duration::from_millis(20));
    pair.step().unwrap();
    let mut pair = pair.run_ticks(Placement::PerWorld, 3).unwrap().into_result().unwrap();
    assert_eq!(time(&pair).elapsed(), Duration::from_millis(80));
    let pace = Pace::Every(Duration::from_millis(1));
    let stopped = pair.run_lock_step(Placement::Single, pace).unwrap().stop();
    pair = stopped.into_result().unwrap();
    let ticks = time(&pair).ticks();
    let passed = Duration::from_millis(80 + ticks - 5);
    assert_eq!(time(&pair).elapsed(), passed);

    pair.start().unwrap();
    pair.tick().unwrap();
    assert_eq!((time(&pair).delta(), time(&pair).elapsed()), (Duration::ZERO, passed));
    std::thread::sleep(Duration::from_millis(3));
    pair.tick().unwrap();
    assert!(time(&pair).delta() >= Duration::from_millis(3));
    assert!(pair.world::<B>().resource::<Time>().is_none());
}
