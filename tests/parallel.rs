//! Queries on all cores do what they do on one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use static_ecs::prelude::*;

#[derive(Component, Clone, Debug, PartialEq)]
struct Count(u64);

#[derive(Component)]
struct Other(String);

#[derive(Component)]
#[component(storage = "sparse")]
struct Rare;

#[world_config(components(Count, Other, Rare))]
struct Base;

fn world(entities: u64) -> World<Base> {
    let mut world = World::new();
    for n in 0..entities {
        let count = Count(n);
        let spawned = match n % 3 {
            0 => world.spawn(count).ok(),
            1 => world.spawn((count, Other(n.to_string()))).ok(),
            _ => world.spawn((count, Rare)).ok(),
        };
        assert!(spawned.is_some());
    }
    world
}

fn slow() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(3) {
        std::hint::spin_loop();
    }
}

/// Each entity once, whether threads help or not.
#[test]
fn each_entity_is_met_once() {
    for (entities, heavy) in [(0, true), (1, true), (500, true), (2_000, true), (50_000, false)] {
        let mut world = world(entities);
        let met = AtomicUsize::new(0);
        let visit = |(count, other): (&mut Count, Option<&Other>)| {
            if heavy {
                slow();
            }
            let name = other.map(|other| other.0.as_str());
            assert_eq!(name, (count.0 % 3 == 1).then(|| count.0.to_string()).as_deref());
            count.0 += 1_000_000;
            met.fetch_add(1, Ordering::Relaxed);
        };
        world.query::<(&mut Count, Option<&Other>)>().par_for_each(visit);
        world.query::<(&mut Count, Option<&Other>)>().par_for_each_in(7, visit_again(&met));
        assert_eq!(met.into_inner() as u64, 2 * entities);
        let mut counts: Vec<_> = world.view::<&Count>().map(|count| count.0).collect();
        counts.sort_unstable();
        assert!(counts.into_iter().eq((0..entities).map(|n| n + 2_000_000)));
    }
}

fn visit_again(met: &AtomicUsize) -> impl Fn((&mut Count, Option<&Other>)) + Sync + '_ {
    move |(count, _)| {
        count.0 += 1_000_000;
        met.fetch_add(1, Ordering::Relaxed);
    }
}

/// Words of the bitmap are not shared by threads.
#[test]
fn sparse_components_and_filters_are_met_once() {
    let mut world = world(6_000);
    let met = AtomicUsize::new(0);
    world.query_filtered::<&mut Count, With<Rare>>().par_for_each_in(10, |count| {
        assert_eq!(count.0 % 3, 2);
        met.fetch_add(1, Ordering::Relaxed);
    });
    world.query::<(&Rare, &mut Count)>().par_for_each(|(_, count)| {
        slow();
        assert_eq!(count.0 % 3, 2);
        met.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(met.into_inner(), 4_000);
}

/// What was begun by `next` is not met again.
#[test]
fn what_was_begun_is_left_out() {
    let mut world = world(9);
    let mut query = world.query::<&mut Count>();
    let first = query.next().expect("there are some");
    let met = AtomicUsize::new(0);
    query.par_for_each(|_| {
        met.fetch_add(1, Ordering::Relaxed);
    });
    first.0 = 0;
    assert!(met.into_inner() < 9);
}

/// A few entities in many tables: the parts of the beginning end early.
#[test]
fn many_small_tables_are_met() {
    #[derive(Component)]
    struct Tag<const N: usize>;
    #[rustfmt::skip]
    #[world_config(components(Count, Tag<0>, Tag<1>, Tag<2>, Tag<3>, Tag<4>, Tag<5>))]
    struct Many;

    let mut world = World::<Many>::new();
    for n in 0..64 {
        let entity = world.spawn(Count(n)).expect("there is room");
        macro_rules! tag {
            ($($bit:literal)*) => {$(
                if n >> $bit & 1 == 1 {
                    world.insert(entity, Tag::<$bit>).expect("it lives");
                }
            )*};
        }
        tag!(0 1 2 3 4 5);
    }
    let met = AtomicUsize::new(0);
    world.query::<&mut Count>().par_for_each(|_| {
        met.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(met.into_inner(), 64);
}

#[test]
fn a_panic_comes_back() {
    let mut world = world(3_000);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        world.query::<&mut Count>().par_for_each(|count| {
            slow();
            assert!(count.0 != 2_500, "it was to come to this");
        });
    }));
    assert!(caught.is_err());
    assert_eq!(world.len(), 3_000);
}

fn on_two_threads(act: impl FnOnce() + Send) {
    rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap().install(act);
}

/// Waits for long enough for any machine.
fn wait_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "the other thread has nothing to do");
        std::thread::yield_now();
    }
}

/// One costly entity near the end does not keep those after it from the other thread.
#[test]
fn the_last_parts_are_small() {
    const ALL: usize = 2_048;
    let mut world = World::<Base>::new();
    world.spawn_batch((0..ALL).map(|n| (Count(n as u64),))).unwrap();
    let done = AtomicUsize::new(0);
    on_two_threads(|| {
        world.query::<&Count>().par_for_each(|count| {
            if count.0 as usize == ALL - 16 {
                // At most three more are in its part.
                wait_until(|| done.load(Ordering::Acquire) >= ALL - 4);
            } else {
                slow();
                slow();
            }
            done.fetch_add(1, Ordering::AcqRel);
        });
    });
    assert_eq!(done.into_inner(), ALL);
}

/// What seemed too little to be shared is shared once it turns out to be more.
#[test]
fn work_that_becomes_more_is_shared() {
    let mut world = World::<Base>::new();
    world.spawn_batch((0..8_u32).map(|n| (Count(n.into()),))).unwrap();
    let threads = std::sync::Mutex::new(std::collections::HashSet::new());
    on_two_threads(|| {
        world.query::<&Count>().par_for_each(|count| {
            threads.lock().unwrap().insert(std::thread::current().id());
            match count.0 {
                0 | 1 => slow(),
                3 => std::thread::sleep(Duration::from_millis(1)),
                5 => wait_until(|| threads.lock().unwrap().len() == 2),
                _ => {}
            }
        });
    });
}
