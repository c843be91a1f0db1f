//! A fault in one of three worlds that run on threads, again and again.

use std::time::Duration;

use static_ecs::coordination::{Pace, Placement};

use crate::*;

/// Ticks of each world up to a stop.
const TICKS: i64 = 200;
/// How often the worlds run, and are struck.
const ROUNDS: u64 = 3;
const SEEDS: u64 = 4;

/// Marsaglia, "Xorshift RNGs", 2003.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }
}

/// Makes entities, ends some, and sends most of them on.
fn churn<W: Config>(
    case: &Arc<Case>,
    place: usize,
    seed: u64,
) -> impl FnMut(&mut World<W>) + Clone + Send + use<W> {
    let (case, mut random) = (case.clone(), Random::new(seed));
    move |world: &mut World<W>| {
        case.pass(Site::System);
        if case.ticks[place].load(Ordering::Relaxed) <= 0 {
            return;
        }
        case.ticks[place].fetch_sub(1, Ordering::Relaxed);
        for _ in 0..random.next(3) {
            if world.try_admit(1).is_ok()
                && let Ok(entity) = world.spawn((Twin(case.value()),))
                && random.next(3) == 0
            {
                world.insert(entity, (Owned(case.value()),)).unwrap();
            }
        }
        let here: Vec<Entity> = world.entities().collect();
        for entity in here {
            match random.next(16) {
                0 => world.despawn(entity).unwrap(),
                1 => world.insert(entity, (Detour,)).unwrap(),
                2 => _ = world.remove::<(Detour,)>(entity),
                3..8 => {
                    let marker = TransferMarker {
                        target_world: random.next(3) as u16,
                        priority: random.next(2) == 0,
                        destroy_on_transfer: random.next(2) == 0,
                    };
                    world.insert(entity, (marker,)).unwrap();
                }
                8..14 => world.complete(entity).unwrap(),
                _ => {}
            }
        }
    }
}

/// Runs the worlds until a fault has struck, or up to somewhere in the midst.
fn strike<A: Config, B: Config, C: Config>(
    three: Three<A, B, C>,
    case: &Case,
    random: &mut Random,
) -> Three<A, B, C> {
    let before = case.fired();
    case.ticks.iter().for_each(|ticks| ticks.store(TICKS, Ordering::Relaxed));
    let left = || case.ticks.iter().map(|ticks| ticks.load(Ordering::Relaxed).max(0)).sum::<i64>();
    let until = random.next(TICKS as u64) as i64;
    let running = three.run(Placement::PerWorld).unwrap();
    while running.is_running() && left() > until {
        std::thread::yield_now();
    }
    let mut stopped = running.stop_within(Duration::from_millis(random.next(10)));
    let fired: u64 = case.fired().iter().sum::<u64>() - before.iter().sum::<u64>();
    assert_eq!(stopped.failures.len() as u64, fired, "{stopped:?}");
    for failure in &stopped.failures {
        assert!(failure.to_string().contains(INJECTED), "{failure}");
    }
    assert!(stopped.conservation.holds(), "{}", stopped.conservation);
    hold(&mut stopped.coordinator, case);
    stopped.coordinator
}

/// Each entity is in one place, in a world or on its way, and each value with one.
fn look<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>, case: &Case) {
    let mut way = Vec::new();
    // What was spilled comes through the queues as they empty.
    for _ in 0..100 {
        for world in 0..3 {
            way.extend(std::iter::from_fn(|| three.pop_transfer_for(world)));
        }
        if three.conservation().in_flight() == 0 {
            break;
        }
        three.tick().unwrap();
    }
    hold(three, case);
    assert_eq!(three.conservation().in_flight(), 0, "something is nowhere");
    let mut ids: Vec<Entity> = entities(three).into_iter().map(|(_, entity)| entity).collect();
    let mut found = values(three);
    for transfer in &way {
        ids.extend(transfer.entity());
        found += usize::from(transfer.has::<Owned>()) + usize::from(transfer.has::<Twin>());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an entity is in two places");
    assert_eq!(found, case.alive(), "a value is nowhere");
}

fn play<A: Config, B: Config, C: Config>(mut three: Three<A, B, C>, seed: u64, site: Site) -> u64 {
    let case = Case::new(1 << 16);
    let mut random = Random::new(seed);
    set_hooks(&mut three, &case);
    three.add_system::<A, _>(churn::<A>(&case, 0, seed * 3));
    three.add_system::<B, _>(churn::<B>(&case, 1, seed * 5));
    three.add_system::<C, _>(churn::<C>(&case, 2, seed * 7));
    three.set_pace::<A>(Pace::Continuous);
    three.set_pace::<B>(Pace::Continuous);
    three.set_pace::<C>(Pace::Continuous);
    for _ in 0..ROUNDS {
        // Soon, or when the worlds are full.
        let most = 1 << random.next(8);
        case.arm(site, random.next(most) as u32);
        three = strike(three, &case, &mut random);
    }
    // Nothing goes wrong now, and the worlds that have failed go on.
    case.disarm();
    three = strike(three, &case, &mut random);
    case.ticks.iter().for_each(|ticks| ticks.store(0, Ordering::Relaxed));
    look(&mut three, &case);
    case.arm(site, 0);
    caught(|| drop(three));
    assert_eq!(case.alive(), 0, "a value was never dropped");
    case.fired()[site as usize]
}

pub(crate) fn check<A: Config, B: Config, C: Config>(make: fn() -> Three<A, B, C>) {
    silence();
    for site in SITES {
        let strikes: u64 = (1..=SEEDS).map(|seed| play(make(), seed, site)).sum();
        assert!(strikes > 0, "no fault in {site:?} has fired");
    }
}
