//! A pace is kept whatever the others' are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[derive(Component)]
struct Beat;

#[world_config(components(Beat), max_entities = 1024)]
struct Base;
#[world_config(base = Base, source, routing(default_target = Heard))]
struct Steady;
#[world_config(base = Base, source, routing(default_target = Heard))]
struct Stepped;
#[world_config(base = Base, source)]
struct Free;
#[world_config(base = Base)]
struct Heard;
coordinator!(type Orchestra = (Steady, Stepped, Free, Heard));

/// The seats of these worlds in the statistics.
const STEADY: usize = 0;
const STEPPED: usize = 1;
const FREE: usize = 2;
const HEARD: usize = 3;

/// A tick as its world saw it: how much time had passed since the first, and how many ticks had
/// been left out before it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    elapsed: Duration,
    skipped: u64,
}

/// Writes each tick down, sends an entity unless all stop, and is late in each tenth.
fn beat<W: WorldConfig<Schema = Base>>(
    seat: usize,
    late: Duration,
    seen: &Arc<Mutex<Vec<Seen>>>,
) -> impl FnMut(&mut World<W>) + Clone + Send + use<W> {
    let seen = seen.clone();
    move |world: &mut World<W>| {
        let stats = world.resource::<static_ecs::StatsReader>().unwrap().read();
        let elapsed = world.resource::<Time>().unwrap().elapsed();
        let skipped = stats.worlds[seat].counts.skipped;
        let mut seen = seen.lock().unwrap();
        seen.push(Seen { elapsed, skipped });
        if seen.len().is_multiple_of(10) {
            std::thread::sleep(late);
        }
        drop(seen);
        if world.try_admit(1).is_ok() {
            let beat = world.spawn(Beat).unwrap();
            world.complete(beat).unwrap();
        }
    }
}

struct Noted {
    steady: Arc<Mutex<Vec<Seen>>>,
    stepped: Arc<Mutex<Vec<Seen>>>,
    heard: Arc<AtomicU64>,
}

fn orchestra(period: Duration, late: Duration) -> (Orchestra, Noted) {
    let mut orchestra = Orchestra::new();
    let noted = Noted { steady: Arc::default(), stepped: Arc::default(), heard: Arc::default() };
    orchestra.world_mut::<Steady>().insert_resource(Time::default());
    orchestra.world_mut::<Stepped>().insert_resource(Time::default());
    orchestra.add_system::<Steady, _>(beat::<Steady>(STEADY, late, &noted.steady));
    orchestra.add_system::<Stepped, _>(beat::<Stepped>(STEPPED, late, &noted.stepped));
    let heard = noted.heard.clone();
    orchestra.add_system::<Heard, _>(move |world: &mut World<Heard>| {
        heard.fetch_add(world.len() as u64, Ordering::Release);
        world.despawn_where::<With<Beat>>();
    });
    orchestra.set_pace::<Steady>(Pace::Every(period));
    orchestra.set_pace::<Stepped>(Pace::Fixed { step: period, max_steps: 4 });
    orchestra.set_pace::<Free>(Pace::Continuous);
    (orchestra, noted)
}

/// Ticks that are due in turn: none comes before its time, and those left out are those whose
/// time has passed. So the time at a tick tells which one it is, to within the first one's delay.
#[track_caller]
fn check_steady(seen: &[Seen], period: Duration) {
    let before_first = seen[0].skipped;
    let after_first = seen[1].skipped;
    assert_eq!(before_first, 0);
    for (number, pair) in (0u32..).zip(seen.windows(2)) {
        let [tick, next] = pair else { unreachable!() };
        // Counted from when the first was due, which was up to so many periods earlier.
        let due = period * (number + tick.skipped as u32);
        let next_due = period * (number + 1 + next.skipped as u32);
        let first = period * after_first as u32;
        assert!(tick.elapsed + first + period > due, "early: {number} {tick:?}");
        assert!(tick.elapsed + first < next_due, "left out for nothing: {number} {pair:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn each_world_keeps_its_pace_beside_the_others() {
    let _turn = alone();
    let (period, late) = (Duration::from_millis(2), Duration::from_millis(40));
    for placement in ["0,0,0,0", "0,1,2,3", "0,1,0,1"] {
        let (orchestra, noted) = orchestra(period, late);
        let begun = Instant::now();
        let running = orchestra.run(placement.parse().unwrap()).unwrap();
        let counts = || running.stats().worlds.into_iter().map(|world| world.counts);
        wait_until(|| {
            let ticks: Vec<u64> = counts().map(|counts| counts.ticks).collect();
            ticks[STEADY] > 40 && ticks[STEPPED] > 40 && ticks[FREE] > 500
        });
        let counts: Vec<_> = counts().collect();
        let spent = begun.elapsed();
        let stopped = running.stop();
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert!(stopped.conservation.holds());
        // No tick of a rate comes early.
        for seat in [STEADY, STEPPED] {
            let due = counts[seat].ticks + counts[seat].skipped;
            assert!(period * (due as u32 - 1) <= spent, "{due} ticks in {spent:?}");
            // Each of four or more delays is of 20 ticks, of which up to 4 come.
            assert!(counts[seat].skipped >= 4 * 15, "{} left out", counts[seat].skipped);
        }
        // Those without a rate leave none out.
        assert_eq!((counts[FREE].skipped, counts[HEARD].skipped), (0, 0));
        // What is closed drains without its pace.
        let steady = noted.steady.lock().unwrap();
        check_steady(&steady[..40], period);
        let stepped = noted.stepped.lock().unwrap();
        for (number, tick) in (1u32..).zip(stepped.iter()) {
            assert_eq!(tick.elapsed, period * number, "each stands for its step");
        }
        // Who waits for others hears each.
        let sent: u64 = stopped.conservation.worlds.iter().map(|world| world.counts.spawned).sum();
        assert!(sent > 0);
        assert_eq!(noted.heard.load(Ordering::Acquire), sent);
    }
}

/// By hand no clock is looked at: each world ticks when it is told to.
#[test]
fn by_hand_all_tick_alike() {
    let _turn = alone();
    let period = Duration::from_secs(3600);
    let (mut orchestra, noted) = orchestra(period, Duration::ZERO);
    orchestra.start().unwrap();
    for _ in 0..12 {
        orchestra.tick().unwrap();
    }
    orchestra.tick_world::<Stepped>().unwrap();
    let ticks: Vec<_> = orchestra
        .stats()
        .worlds
        .iter()
        .map(|world| (world.counts.ticks, world.counts.skipped))
        .collect();
    assert_eq!(ticks, [(12, 0), (13, 0), (12, 0), (12, 0)]);
    let stepped = noted.stepped.lock().unwrap();
    assert!(stepped.iter().map(|tick| tick.elapsed).eq((1..=13).map(|tick| period * tick)));
    assert_eq!(noted.heard.load(Ordering::Acquire), 24);
}

/// In lock-step all have the pace of the run.
#[test]
fn in_lock_step_all_tick_alike() {
    let _turn = alone();
    for placement in [Placement::Single, Placement::PerWorld] {
        let (mut orchestra, noted) = orchestra(Duration::from_secs(3600), Duration::ZERO);
        orchestra.set_step_time(Duration::from_millis(20));
        let stopped = orchestra.run_ticks(placement, 25).unwrap();
        let worlds = stopped.coordinator.stats().worlds;
        assert!(worlds.iter().all(|world| (world.counts.ticks, world.counts.skipped) == (25, 0)));
        for seen in [noted.steady, noted.stepped] {
            let times = seen.lock().unwrap();
            assert!(
                times
                    .iter()
                    .map(|tick| tick.elapsed)
                    .eq((1..=25).map(|n| Duration::from_millis(20) * n))
            );
        }
    }
}
