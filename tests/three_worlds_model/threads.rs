//! The same worlds on three threads, with random systems; what is left is looked at.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::*;

/// A small generator, so that a run can be repeated by its seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    /// Spreads small seeds.
    fn mix(seed: u64) -> u64 {
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    /// Marsaglia, "Xorshift RNGs", 2003.
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// Does random things to whatever is in its world, up to a number of ticks.
fn random_system<W: WorldConfig<Schema = Base>>(
    seed: u64,
    alive: &Arc<AtomicI64>,
    ticks: u32,
) -> impl FnMut(&mut World<W>) + Clone + Send + use<W> {
    let (mut random, alive, mut left) = (Random(seed | 1), alive.clone(), ticks);
    move |world: &mut World<W>| {
        if left == 0 {
            return;
        }
        left -= 1;
        for _ in 0..random.next(4) {
            let number = random.next(1 << 30) as u32;
            if world.try_admit(1).is_ok() {
                let entity = world.spawn_batch([(Number(number),)]).unwrap()[0];
                if random.next(2) == 0 {
                    world.insert(entity, (Owned::new(&alive, number),)).unwrap();
                }
            }
        }
        let here: Vec<Entity> = world.entities().collect();
        for entity in here {
            let number = world.get::<Number>(entity).unwrap().0;
            let owned = world.get::<Owned>(entity).map_or(number, |owned| owned.number);
            assert_eq!(number, owned, "the components of an entity stay together");
            match random.next(16) {
                0 => world.despawn(entity).unwrap(),
                1 => world.insert(entity, (Detour,)).unwrap(),
                2 => _ = world.remove::<(Detour,)>(entity),
                3 => world.insert(entity, (Extra(u64::from(number)),)).unwrap(),
                4..6 => {
                    let marker = TransferMarker {
                        target_world: random.next(3) as u16,
                        priority: random.next(2) == 0,
                        destroy_on_transfer: random.next(4) > 0,
                    };
                    world.insert(entity, (marker,)).unwrap();
                }
                6 => _ = world.recall(entity),
                7..12 => world.complete(entity).unwrap(),
                _ => {}
            }
        }
    }
}

macro_rules! on_threads {
    ($($module:ident)*) => {$(
        #[test]
        fn $module() {
            use crate::$module::{A, B, C, Three};
            let mut received = 0;
            for seed in 1..=seeds() {
                let alive = Arc::<AtomicI64>::default();
                let mut three = Three::new();
                let ticks = ticks();
                let seeds = [seed * 3, seed * 5, seed * 7].map(Random::mix);
                three.add_system::<A, _>(random_system::<A>(seeds[0], &alive, ticks));
                three.add_system::<B, _>(random_system::<B>(seeds[1], &alive, ticks));
                three.add_system::<C, _>(random_system::<C>(seeds[2], &alive, ticks));
                three.set_pace::<A>(Pace::Continuous);
                three.set_pace::<B>(Pace::Continuous);
                three.set_pace::<C>(Pace::Continuous);
                let running = three.run(Placement::PerWorld).unwrap();
                while running.stats().worlds.iter().any(|world| world.counts.ticks < ticks as u64) {
                    std::thread::yield_now();
                }
                let mut stopped = running.stop_within(Duration::from_millis(20));
                assert!(stopped.failures.is_empty(), "{stopped:?}");
                assert!(stopped.conservation.holds(), "{}", stopped.conservation);
                received += stopped.coordinator.stats().received();
                look(&mut stopped.coordinator, &alive);
                drop(stopped);
                assert_eq!(alive.load(Ordering::Relaxed), 0);
            }
            assert!(received > u64::from(ticks()), "something is to happen: {received}");
        }
    )*};
}

/// Each id is in one place, in a world or on its way, and each owned value lives
/// as often as an entity has it. What is on its way is taken out.
fn look<T: Worlds>(three: &mut T, alive: &AtomicI64) {
    let before = three.balance();
    let (mut ids, mut owned) = (BTreeSet::new(), 0);
    let taken = three.take_unfinished();
    for transfer in &taken {
        assert!(ids.insert(transfer.entity().unwrap()), "in two places");
        let (number, value) = (transfer.get::<Number>().unwrap(), transfer.get::<Owned>());
        owned += i64::from(value.is_some());
        assert!(value.is_none_or(|value| value.number == number.0));
        assert!(transfer.source() != transfer.target());
    }
    for world in 0..3 {
        with_world!(three, world, |world| {
            for (entity, number, value) in world.view::<(Entity, &Number, Option<&Owned>)>() {
                assert!(ids.insert(entity), "{entity} is in two places");
                owned += i64::from(value.is_some());
                assert!(value.is_none_or(|value| value.number == number.0));
            }
        });
    }
    assert_eq!(alive.load(Ordering::Relaxed), owned);
    assert_eq!(ids.len() as u64, before.live() + before.in_flight());
    let after = three.balance();
    assert!(after.holds(), "{after}");
    assert_eq!((after.in_flight(), after.live()), (0, (ids.len() - taken.len()) as u64));
    // All that were ever made have died, were shed, are here, or were taken out.
    let spawned: u64 = after.worlds.iter().map(|world| world.counts.spawned).sum();
    let despawned: u64 = after.worlds.iter().map(|world| world.counts.despawned).sum();
    let shed: u64 = after.edges.iter().map(|edge| edge.stats.counts.shed).sum();
    assert_eq!(spawned, despawned + shed + ids.len() as u64);
    assert!(three.take_unfinished().is_empty());
}

const fn seeds() -> u64 {
    if cfg!(miri) { 1 } else { 12 }
}

const fn ticks() -> u32 {
    if cfg!(miri) { 20 } else { 400 }
}

on_threads!(retain_inbox retain_ring shed_inbox shed_ring spill_inbox spill_ring);
