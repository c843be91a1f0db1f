//! Systems see what changed since they last ran.

use std::sync::{Arc, Mutex};

use ecs_core::schedule::Schedule;
use ecs_core::system::{IntoSystem, Query};
use ecs_core::track::Removed;

use super::*;

/// What a system saw in each run.
type Log = Arc<Mutex<Vec<usize>>>;

fn take(log: &Log) -> Vec<usize> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn a_system_sees_each_change_once_and_never_its_own() {
    let (before, after) = (Log::default(), Log::default());
    let (first, last) = (before.clone(), after.clone());
    let mut schedule = Schedule::new();
    schedule.add(move |changed: Query<Base, Entity, Changed<T>>| {
        first.lock().unwrap().push(changed.iter().count());
    });
    schedule.add(|mut all: Query<Base, &mut T, With<Plain>>| {
        all.iter_mut().for_each(|t| t.0 += 1);
    });
    schedule.add(move |mut changed: Query<Base, &mut T, Changed<T>>| {
        let mut log = last.lock().unwrap();
        log.push(changed.iter_mut().map(|t| t.0 += 1).count());
        // What it wrote just now is no news to it.
        log.push(changed.iter_mut().count());
    });
    let mut world = World::<Base>::new();
    world.spawn_batch((0..3).map(T)).unwrap();
    world.spawn_batch((0..2).map(|n| (T(n), Plain(0)))).unwrap();
    schedule.run(&mut world).unwrap();
    assert_eq!((take(&before), take(&after)), (vec![5], vec![5, 0]));
    // The first sees what the last wrote, the last what the second did.
    schedule.run(&mut world).unwrap();
    assert_eq!((take(&before), take(&after)), (vec![5], vec![2, 0]));
    schedule.run(&mut world).unwrap();
    assert_eq!((take(&before), take(&after)), (vec![2], vec![2, 0]));
    // Somebody else between two runs.
    let e = world.spawn(T(0)).unwrap();
    schedule.run(&mut world).unwrap();
    assert_eq!((take(&before), take(&after)), (vec![3], vec![3, 0]));
    world.despawn(e).unwrap();
}

#[test]
fn a_system_sees_what_its_commands_did() {
    let log = Log::default();
    let here = log.clone();
    let mut schedule = Schedule::new();
    schedule.add(move |added: Query<Base, Entity, Added<T>>, commands: &mut Commands<Base>| {
        here.lock().unwrap().push(added.iter().count());
        commands.spawn(T(0)).unwrap();
    });
    let mut world = World::<Base>::new();
    for _ in 0..3 {
        schedule.run(&mut world).unwrap();
    }
    assert_eq!(take(&log), [0, 1, 1]);
}

#[test]
fn a_system_with_all_of_the_world_sees_the_same() {
    let log = Log::default();
    let here = log.clone();
    let mut schedule = Schedule::new();
    schedule.add(move |world: &mut World<Base>| {
        let mut log = here.lock().unwrap();
        log.push(world.query_filtered::<&mut T, Changed<T>>().map(|t| t.0 += 1).count());
        log.push(world.query_filtered::<&mut T, Changed<T>>().count());
    });
    let mut world = World::<Base>::new();
    let e = world.spawn(T(1)).unwrap();
    schedule.run(&mut world).unwrap();
    schedule.run(&mut world).unwrap();
    assert_eq!(take(&log), [1, 0, 0, 0]);
    world.get_mut::<T>(e).unwrap().0 = 5;
    schedule.run(&mut world).unwrap();
    assert_eq!(take(&log), [1, 0]);
    // Outside of it, everything is news.
    assert_eq!(world.view_filtered::<&T, Changed<T>>().count(), 1);
}

#[test]
fn a_system_that_does_not_run_sees_it_later() {
    let log = Log::default();
    let here = log.clone();
    let mut runs = 0;
    let mut schedule = Schedule::new();
    let sees = move |changed: Query<Base, &T, Changed<T>>, mut removed: Removed<'_, '_, T>| {
        here.lock().unwrap().extend([changed.iter().count(), removed.read().len()]);
    };
    schedule.add(sees).run_if(move |_: &World<Base>| {
        runs += 1;
        runs % 3 == 0
    });
    let mut world = World::<Base>::new();
    for _ in 0..6 {
        let gone = world.spawn((T(0), G)).unwrap();
        world.spawn(T(1)).unwrap();
        world.despawn(gone).unwrap();
        schedule.run(&mut world).unwrap();
    }
    assert_eq!(take(&log), [3, 3, 3, 3]);
}

#[test]
fn a_filter_keeps_those_who_write_away() {
    let reads = |_: Query<'_, Base, Entity, Changed<T>>| {};
    let writes = |_: Query<'_, Base, &mut T>| {};
    let both = |_: Query<'_, Base, &mut T, Changed<T>>| {};
    let [reads, writes, both] = [reads.into_system(), writes.into_system(), both.into_system()]
        .map(|system: ecs_core::system::BoxedSystem<Base>| system.access());
    assert!(reads.clash(writes).is_some() && reads.clash(both).is_some());
    assert!(reads.clash(reads).is_none());
}

#[test]
fn all_of_a_younger_world_is_news() {
    let log = Log::default();
    let (shared, alone) = (log.clone(), log.clone());
    let mut schedule = Schedule::new();
    schedule.add(move |changed: Query<Base, Entity, Changed<T>>| {
        shared.lock().unwrap().push(changed.iter().count());
    });
    schedule.add(move |world: &World<Base>| {
        alone.lock().unwrap().push(world.view_filtered::<Entity, Added<T>>().count());
    });
    let mut world = World::<Base>::new();
    for _ in 0..20 {
        schedule.run(&mut world).unwrap();
    }
    take(&log);
    // As one that was loaded.
    world = World::new();
    world.spawn_batch((0..3).map(T)).unwrap();
    for expected in [[3, 3], [0, 0]] {
        schedule.run(&mut world).unwrap();
        assert_eq!(take(&log), expected);
    }
}
