//! A schedule does what its systems would do one after the other, each followed by its
//! commands, on one thread and on several: schedules of random systems, in random phases
//! and with random conditions, beside the same systems run by hand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use static_ecs::prelude::*;
use static_ecs::schedule::{OnError, Sequential, every};
use static_ecs::system::{BoxError, BoxedSystem, IntoSystem};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(track)]
struct A(u64);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct B(u64);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(storage = "sparse")]
struct C(u64);

#[world_config(components(A, B, C), max_entities = 10_000)]
struct Base;

#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
struct Sum(u64);
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
struct Turn(u64);

/// Unlike in any other order.
fn mix(a: u64, b: u64) -> u64 {
    a.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7) ^ b.wrapping_add(0x5851_F42D)
}

fn a_by_b(mut query: Query<Base, (&mut A, &B)>) {
    query.iter_mut().for_each(|(a, b)| a.0 = mix(a.0, b.0));
}
fn b_by_a(mut query: Query<Base, (&A, &mut B)>) {
    query.iter_mut().for_each(|(a, b)| b.0 = mix(b.0, a.0));
}
fn c_alone(mut query: Query<Base, &mut C, Without<B>>) {
    query.iter_mut().for_each(|c| c.0 = mix(c.0, 1));
}
/// Of other entities than `a_by_b`, and `c_by_b` than `c_alone`: they can run side by side.
fn a_alone(mut query: Query<Base, &mut A, Without<B>>) {
    query.iter_mut().for_each(|a| a.0 = mix(a.0, 1));
}
fn c_by_b(mut query: Query<Base, (&mut C, &B)>) {
    query.iter_mut().for_each(|(c, b)| c.0 = mix(c.0, b.0));
}
fn sum_of_a(query: Query<Base, &A>, mut sum: ResMut<Sum>) {
    sum.0 = query.iter().fold(sum.0, |sum, a| mix(sum, a.0));
}
fn b_by_sum(mut query: Query<Base, &mut B>, sum: Res<Sum>) {
    query.iter_mut().for_each(|b| b.0 = mix(b.0, sum.0));
}
fn turn(mut turn: ResMut<Turn>, mut kept: Local<u64>) {
    *kept += 1;
    turn.0 = mix(turn.0, *kept);
}
fn spawn(turn: Res<Turn>, commands: &mut Commands<Base>) -> Result<(), &'static str> {
    commands.spawn((A(turn.0), C(1))).map_err(|_| "full")?;
    commands.spawn(B(turn.0)).map_err(|_| "full")
}
fn change(
    query: Query<Base, (Entity, &A)>,
    commands: &mut Commands<Base>,
) -> Result<(), &'static str> {
    for (entity, a) in &query {
        match a.0 % 5 {
            0 => commands.despawn(entity).map_err(|_| "full")?,
            1 => commands.insert(entity, B(a.0)).map_err(|_| "full")?,
            2 => commands.remove::<B>(entity).map_err(|_| "full")?,
            _ => {}
        }
    }
    Ok(())
}
fn whole(world: &mut World<Base>) {
    let sum = world.view::<&B>().fold(0, |sum, b| mix(sum, b.0));
    world.query::<&mut C>().for_each(|c| c.0 = mix(c.0, sum));
}
fn fails(query: Query<Base, &C>) -> Result<(), String> {
    Err(format!("{} of C", query.iter().count()))
}

const SYSTEMS: usize = 12;

fn system(number: usize) -> BoxedSystem<Base> {
    match number {
        0 => a_by_b.into_system(),
        1 => b_by_a.into_system(),
        2 => c_alone.into_system(),
        3 => sum_of_a.into_system(),
        4 => b_by_sum.into_system(),
        5 => turn.into_system(),
        6 => spawn.into_system(),
        7 => change.into_system(),
        8 => whole.into_system(),
        9 => a_alone.into_system(),
        10 => c_by_b.into_system(),
        _ => fails.into_system(),
    }
}

fn add(schedule: &mut Schedule<Base>, &(number, phase, n): &(usize, usize, u64)) {
    let added = match number {
        0 => schedule.add(a_by_b),
        1 => schedule.add(b_by_a),
        2 => schedule.add(c_alone),
        3 => schedule.add(sum_of_a),
        4 => schedule.add(b_by_sum),
        5 => schedule.add(turn),
        6 => schedule.add(spawn),
        7 => schedule.add(change),
        8 => schedule.add(whole),
        9 => schedule.add(a_alone),
        10 => schedule.add(c_by_b),
        _ => schedule.add(fails),
    };
    let added = added.in_phase(Phase::DEFAULT[phase]);
    if n > 1 {
        added.run_if(every(n));
    }
}

fn world() -> World<Base> {
    let mut world = World::new();
    world.insert_resource(Sum(1));
    world.insert_resource(Turn(1));
    for n in 0..40 {
        let spawned = match n % 4 {
            0 => world.spawn(A(n)).is_ok(),
            1 => world.spawn((A(n), B(n))).is_ok(),
            2 => world.spawn((A(n), B(n), C(n))).is_ok(),
            _ => world.spawn((B(n), C(n))).is_ok(),
        };
        assert!(spawned);
    }
    world
}

/// Everything, in the order of tables and rows.
type State = (Vec<(Entity, Option<A>, Option<B>, Option<C>)>, Option<Sum>, Option<Turn>);

fn state(world: &World<Base>) -> State {
    let all = world.view::<(Entity, Option<&A>, Option<&B>, Option<&C>)>();
    let all = all.map(|(entity, a, b, c)| (entity, a.copied(), b.copied(), c.copied())).collect();
    (all, world.resource().copied(), world.resource().copied())
}

/// The systems one by one; answers the errors.
fn by_hand(
    world: &mut World<Base>,
    added: &mut [(usize, BoxedSystem<Base>, u64)],
    run: u64,
) -> usize {
    let mut errors = 0;
    for phase in 0..Phase::DEFAULT.len() {
        for (_, system, n) in added.iter_mut().filter(|added| added.0 == phase) {
            if !(run + 1).is_multiple_of(*n) {
                continue;
            }
            let mut commands = Commands::with_capacity(10_000);
            errors += usize::from(system.run(world, &mut commands).is_err());
            commands.apply(world).expect("there is room");
        }
    }
    errors
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn a_schedule_does_what_its_systems_do_one_by_one(
        systems in prop::collection::vec((0..SYSTEMS, 0..5_usize, 1..4_u64), 1..20),
        runs in 1..6_u64,
    ) {
        let schedule = || {
            let mut schedule = Schedule::new();
            schedule.set_on_error(OnError::Collect { limit: 2 });
            systems.iter().for_each(|system| add(&mut schedule, system));
            schedule
        };
        let mut plain = (world(), schedule());
        let mut sequential = (world(), schedule());
        sequential.1.set_executor(Sequential);
        let mut parallel = (world(), schedule());
        parallel.1.set_executor(ParallelExecutor::new().with_worth(Duration::ZERO));
        let mut adaptive = (world(), schedule());
        adaptive.1.set_executor(ParallelExecutor::new());
        let mut reference = world();
        let mut added: Vec<_> =
            systems.iter().map(|&(number, phase, n)| (phase, system(number), n)).collect();
        for run in 0..runs {
            let failed = by_hand(&mut reference, &mut added, run);
            for (world, schedule) in [&mut plain, &mut sequential, &mut parallel, &mut adaptive] {
                let result = schedule.run(world);
                let errors = result.map_or_else(
                    |error| 1 + error.others().len() + error.omitted(),
                    |()| 0,
                );
                prop_assert_eq!(errors, failed);
                prop_assert_eq!(state(world), state(&reference), "\n{}", schedule.plan().unwrap());
            }
        }
    }
}

#[derive(Resource)]
struct Here(std::thread::ThreadId);

/// Systems that take long run on several threads at once, those that don't on one.
#[test]
fn other_threads_help_when_that_pays() -> Result<(), BoxError> {
    static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    fn long(wait: Duration) {
        // ORDERING: relaxed: counters of their own.
        let now = AT_ONCE.fetch_add(1, Ordering::Relaxed) + 1;
        MOST.fetch_max(now, Ordering::Relaxed);
        RUNS.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        while start.elapsed() < wait {
            std::thread::yield_now();
        }
        AT_ONCE.fetch_sub(1, Ordering::Relaxed);
    }
    let mut world = world();
    let mut schedule = Schedule::new();
    let ms = Duration::from_millis;
    schedule.add(move |_: Query<Base, &mut A>| long(ms(3)));
    schedule.add(move |_: Query<Base, &mut B>| long(ms(3)));
    schedule.add(move |_: Query<Base, &mut C>| long(ms(3)));
    schedule.set_executor(ParallelExecutor::new());
    let mut runs = 0;
    while MOST.load(Ordering::Relaxed) < 2 && runs < 1_000 && rayon_threads() > 1 {
        schedule.run(&mut world)?;
        runs += 1;
        assert_eq!(RUNS.load(Ordering::Relaxed), 3 * runs, "each runs once");
    }
    assert!(runs < 1_000, "nobody helped");

    let mut short = Schedule::new();
    short.add(|_: Query<Base, &mut A>, here: Res<Here>| {
        assert_eq!(here.0, std::thread::current().id());
    });
    short.add(|_: Query<Base, &mut B>, here: Res<Here>| {
        assert_eq!(here.0, std::thread::current().id());
    });
    short.set_executor(ParallelExecutor::new().with_worth(Duration::from_secs(3_600)));
    world.insert_resource(Here(std::thread::current().id()));
    for _ in 0..100 {
        short.run(&mut world)?;
    }
    Ok(())
}

fn rayon_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The others end what they have begun, and the world stays whole.
#[test]
fn a_panic_in_one_system_of_a_stage_passes() {
    let mut world = world();
    let before = world.len();
    let mut schedule = Schedule::new();
    let mut first = true;
    schedule.add(|mut a: Query<Base, &mut A>| a.iter_mut().for_each(|a| a.0 = 7));
    schedule.add(move |_: Query<Base, &mut B>| {
        assert!(!std::mem::replace(&mut first, false), "on purpose");
    });
    schedule.add(spawn);
    schedule.set_executor(ParallelExecutor::new().with_worth(Duration::ZERO));
    let run = std::panic::AssertUnwindSafe(|| schedule.run(&mut world));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(world.len(), before);
    schedule.run(&mut world).unwrap();
    assert!(world.view::<&A>().filter(|a| a.0 == 7).count() >= 30);
    // What was written down before the panic, if that system ran, and what was after it.
    assert!([before + 2, before + 4].contains(&world.len()), "{}", world.len());
}
