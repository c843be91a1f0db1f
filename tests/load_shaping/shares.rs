//! Workers on several threads that share an inbox: what waits is shared out so that one that is
//! busy keeps little from the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use static_ecs::Running;

use super::*;

const JOBS: u32 = 64;

#[derive(Component)]
struct Job;

#[world_config(components(Job), transfer_queue(capacity = 256, batch_size = 64))]
struct Jobs;

macro_rules! farm {
    ($module:ident, $count:literal, $most:literal, $($setting:tt)*) => {
        mod $module {
            use super::*;
            #[world_config(base = Jobs, role = accept, routing(default_target = Work))]
            pub(super) struct Source;
            #[world_config(base = Jobs, role = compute, max_entities = $most, $($setting)*)]
            pub(super) struct Work;
            coordinator!(pub(super) type Farm = (Source, [Work; $count]));
            /// With jobs that wait to leave.
            pub(super) fn farm() -> Farm {
                let mut farm = Farm::new();
                add(farm.world_mut::<Source>(), JOBS);
                farm
            }
        }
    };
}

farm!(pair, 2, 1000,);
farm!(narrow, 2, 3,);
farm!(four, 4, 1000,);
farm!(small, 2, 1000, transfer_queue(capacity = 256, batch_size = 8));

fn add<W: WorldConfig<Schema = Jobs>>(world: &mut World<W>, jobs: u32) {
    for _ in 0..jobs {
        let job = world.spawn(Job).unwrap();
        world.complete(job).unwrap();
    }
}

/// The sizes of batches of so many jobs, for so many threads that have nothing to do.
fn parts(jobs: u32, threads: u32, most: u32) -> usize {
    let (mut left, mut parts) = (jobs, 0);
    while left > 0 {
        left -= left.div_ceil(2 * threads).min(most);
        parts += 1;
    }
    parts
}

fn end<Worlds: static_ecs::members::WorldSet>(running: Running<Worlds>, received: u64) -> usize
where
    <Worlds::Schema as static_ecs::schema::Schema>::Types: Send,
{
    wait_until(|| running.stats().received() >= received);
    let mut stopped = running.stop();
    assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
    assert!(stopped.coordinator.conservation().holds());
    stopped.coordinator.stats().edges[0].counts.batches as usize
}

#[test]
fn batches_become_smaller_towards_the_end_for_threads_that_wait() {
    assert_eq!((parts(JOBS, 2, 64), parts(JOBS, 4, 64)), (13, 21));
    let batches = |placement: &str| {
        let running = pair::farm().run(placement.parse().unwrap()).unwrap();
        end(running, u64::from(JOBS))
    };
    assert_eq!(batches("0,1,2"), 13);
    assert_eq!(batches("0,0,1"), 13);
    assert_eq!(batches("0,1,1"), 1, "worlds of one thread don't work at the same time");
    assert_eq!(batches("0,0,0"), 1);
    assert_eq!(end(four::farm().run(Placement::PerWorld).unwrap(), u64::from(JOBS)), 21);
    // Afterwards by hand, and in lock-step, as before.
    let stopped = pair::farm().run(Placement::PerWorld).unwrap().stop();
    let mut farm = stopped.coordinator;
    let before = farm.stats().edges[0].counts.batches;
    add(farm.world_mut::<pair::Source>(), JOBS);
    farm.tick().unwrap();
    assert_eq!(farm.stats().edges[0].counts.batches - before, 1);
    let stopped = pair::farm().run_ticks(Placement::PerWorld, 2).unwrap();
    assert_eq!(stopped.coordinator.stats().edges[0].counts.batches, 1);
}

/// A whole table is not one worker's.
#[test]
fn tables_that_are_completed_are_shared_out() {
    for lock_step in [false, true] {
        let mut farm = pair::Farm::new();
        let source = farm.world_mut::<pair::Source>();
        source.spawn_batch((0..128).map(|_| Job)).unwrap();
        assert_eq!(source.complete_query::<()>(), 128);
        let batches = match lock_step {
            false => end(farm.run(Placement::PerWorld).unwrap(), 128),
            true => {
                let stopped = farm.run_ticks(Placement::PerWorld, 3).unwrap();
                let took = stopped.coordinator.worlds::<pair::Work>().map(World::len);
                assert!(took.eq([64, 64]));
                stopped.coordinator.stats().edges[0].counts.batches as usize
            }
        };
        assert_eq!(batches, if lock_step { 2 } else { parts(128, 2, 64) });
    }
}

#[test]
fn batches_are_whole_where_enough_waits() {
    let mut farm = small::farm();
    let open = Arc::new(AtomicBool::new(false));
    let taken = Arc::new(AtomicUsize::new(0));
    let (gate, seen, mut sent) = (open.clone(), taken.clone(), false);
    farm.set_pace::<small::Source>(Pace::Continuous);
    farm.add_system::<small::Source, _>(move |world: &mut World<small::Source>| {
        // Both have a batch of up to 8 in hand: at least 48 wait.
        if !sent && seen.load(Ordering::Acquire) == 2 {
            add(world, 32);
            sent = true;
        }
    });
    farm.add_system::<small::Work, _>(move |world: &mut World<small::Work>| {
        if !world.is_empty() && !gate.load(Ordering::Acquire) {
            taken.fetch_add(1, Ordering::AcqRel);
            wait_until(|| gate.load(Ordering::Acquire));
        }
    });
    let running = farm.run(Placement::PerWorld).unwrap();
    let all = u64::from(JOBS) + 32;
    wait_until(|| running.stats().edges[0].counts.taken == all);
    open.store(true, Ordering::Release);
    assert_eq!(end(running, all), parts(JOBS, 2, 8) + 4);
}

/// The first worker that has a job keeps it until all that it does not have are done.
macro_rules! one_is_busy {
    ($module:ident, $most:literal) => {{
        use $module::{Work, farm};
        let mut farm = farm();
        let (busy, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (first, others) = (busy.clone(), done.clone());
        farm.add_system::<Work, _>(move |world: &mut World<Work>| {
            let here = world.len();
            let none = Ordering::AcqRel;
            if here > 0 && first.compare_exchange(0, here, none, Ordering::Relaxed).is_ok() {
                wait_until(|| others.load(Ordering::Acquire) + here == JOBS as usize);
            }
            world.despawn_where::<With<Job>>();
            others.fetch_add(here, Ordering::AcqRel);
        });
        let running = farm.run(Placement::PerWorld).unwrap();
        // Not before the busy one has ended: by its assertion, if it waits for what it has itself.
        end(running, u64::from(JOBS));
        let held = busy.load(Ordering::Acquire);
        assert!((1..=$most).contains(&held), "{held}");
        assert_eq!(done.load(Ordering::Acquire), JOBS as usize);
    }};
}

#[test]
fn a_busy_worker_keeps_little_from_the_others() {
    one_is_busy!(pair, 16);
    one_is_busy!(four, 8);
}

/// A batch that does not fit into a world would wait there for room.
#[test]
fn a_worker_takes_no_more_than_it_can_hold() {
    one_is_busy!(narrow, 3);
}
