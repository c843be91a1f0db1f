//! A world that is restored goes on as the one that was written.

use ecs_core::entity::Entity;
use ecs_core::query::Or;
use ecs_core::track::{Added, Changed, RemovedReader};
use ecs_core::world::World;
use proptest::prelude::*;

use super::common::{Ledger, property, scaled};
use super::{Base, Burning, Marked, Position, Small, Tag, Team, some};

/// Restores into a new world and into one that had other tables and entities.
///
/// # Panics
/// If either is not as `world` is, also in what it does next.
fn check(world: &mut World<Base>) {
    let bytes = world.snapshot().unwrap().to_vec();
    let mut fresh = World::<Base>::new();
    fresh.restore(&bytes).unwrap();
    let mut used = World::<Base>::new();
    used.spawn((Tag, Team::Blue)).unwrap();
    used.spawn((Small(3), Burning(1))).unwrap();
    used.spawn((Position { x: 0.0, y: 0.0 }, Team::Red, Marked)).unwrap();
    used.restore(&bytes).unwrap();
    let hash = world.state_hash().unwrap();
    let next = |world: &mut World<Base>| -> Vec<Entity> {
        // A table that may be new, so that an order of tables shows.
        let ids = (0..4).map(|n| world.spawn((Tag, Small(n))).unwrap());
        let mut ids: Vec<_> = ids.collect();
        ids.push(world.spawn((Position { x: 1.0, y: 1.0 }, Small(1))).unwrap());
        ids
    };
    for other in [&mut fresh, &mut used] {
        assert_eq!(other.len(), world.len());
        assert_eq!(other.counts().live(), other.len() as u64);
        assert_eq!(other.state_hash().unwrap(), hash);
        assert!(other.entities().eq(world.entities()));
        for entity in world.entities() {
            assert_eq!(format!("{:?}", other.debug(entity)), format!("{:?}", world.debug(entity)));
        }
        assert_eq!(other.snapshot().unwrap().to_vec(), bytes, "bit by bit");
    }
    let ids = next(world);
    let hash = world.state_hash().unwrap();
    for mut other in [fresh, used] {
        assert_eq!(next(&mut other), ids);
        assert_eq!(other.state_hash().unwrap(), hash);
    }
}

#[test]
fn a_world_comes_back_as_it_was() {
    check(&mut World::new());
    check(&mut some());
    let mut emptied = some();
    emptied.clear();
    check(&mut emptied);
}

#[test]
fn a_step_back_in_time_is_exact() {
    let mut world = some();
    let saved = world.snapshot().unwrap().to_vec();
    let before = world.state_hash().unwrap();
    let forward = |world: &mut World<Base>| {
        let ids: Vec<_> = world.entities().collect();
        world.despawn(ids[0]).unwrap();
        world.insert(ids[2], (Tag, Burning(4))).unwrap();
        world.spawn_batch([Small(1), Small(2)]).unwrap();
        world.state_hash().unwrap()
    };
    let after = forward(&mut world);
    assert_ne!(before, after);
    world.restore(&saved).unwrap();
    assert_eq!(world.state_hash().unwrap(), before);
    assert_eq!(forward(&mut world), after);
}

#[test]
fn what_is_not_plain_is_named_or_left_out() {
    let ledger = Ledger::default();
    let mut world = some();
    let named = world.spawn((Small(1), ledger.owned(1))).unwrap();
    world.spawn(ledger.owned(1)).unwrap();
    let error = world.snapshot().unwrap_err();
    assert_eq!(error.components().iter().collect::<Vec<_>>(), ["Owned"]);
    assert!(error.to_string().starts_with("component `Owned` can't be in a snapshot: derive"));

    let snapshot = world.snapshot_plain();
    assert_eq!(snapshot.left_out().iter().collect::<Vec<_>>(), ["Owned"]);
    let bytes = snapshot.to_vec();
    let count = world.len();
    // What the world had is dropped by the restore.
    world.restore(&bytes).unwrap();
    ledger.check_empty();
    assert_eq!(world.len(), count, "all entities are there");
    assert_eq!(world.get::<Small>(named).unwrap().0, 1);
    // Two tables have become one.
    assert_eq!(world.view::<&Small>().count(), 3);
    assert!(world.snapshot().is_ok());

    let few = world.snapshot_of::<(Team, Burning)>();
    assert_eq!(few.left_out().iter().collect::<Vec<_>>(), ["Position", "Small", "Marked"]);
    let mut other = World::<Base>::new();
    other.restore(&few.to_vec()).unwrap();
    assert!(other.len() == count && other.view::<&Small>().count() == 0);
    assert!(other.view::<(Entity, &Team)>().eq(world.view::<(Entity, &Team)>()));
}

#[test]
fn what_is_restored_has_changed() {
    let bytes = some().snapshot().unwrap().to_vec();
    let mut world = World::<Base>::new();
    world.spawn((Small(1), Marked)).unwrap();
    let mut seen = world.advance();
    let mut removed = RemovedReader::<Small>::default();
    world.restore(&bytes).unwrap();
    assert_eq!(world.removed(&mut removed).read().count(), 0);
    let since = world.since(&mut seen);
    assert_eq!(since.view_filtered::<Entity, Changed<Small>>().count(), 2);
    assert_eq!(since.view_filtered::<Entity, Changed<Marked>>().count(), 1);
    assert_eq!(since.view_filtered::<Entity, Or<(Added<Small>, Added<Marked>)>>().count(), 0);
    drop(since);
    assert_eq!(world.since(&mut seen).view_filtered::<Entity, Changed<Small>>().count(), 0);
}

#[test]
fn memory_is_used_again() {
    let bytes = some().snapshot().unwrap().to_vec();
    let mut world = World::<Base>::new();
    world.reserve::<(Small, Marked)>(5000).unwrap();
    world.spawn((Tag, Small(1))).unwrap();
    world.reserve::<(Tag, Small)>(3000).unwrap();
    world.restore(&bytes).unwrap();
    let capacity = |world: &World<Base>| -> usize {
        world.tables().iter().map(|table| table.capacity()).sum()
    };
    assert!(capacity(&world) >= 8000);
    let before = capacity(&world);
    world.restore(&bytes).unwrap();
    assert_eq!(capacity(&world), before);
}

#[test]
fn observers_are_not_told() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    let mut world = World::<Base>::new();
    let told = Arc::new(AtomicU32::new(0));
    for count in [told.clone(), told.clone()] {
        world.on_add::<Burning>(move |world, entity| {
            count.fetch_add(1, Relaxed);
            world.commands().insert(entity, Marked).unwrap();
        });
    }
    let count = told.clone();
    world.on_despawn::<Burning>(move |_, _| _ = count.fetch_add(1, Relaxed));
    let entity = world.spawn(Burning(1)).unwrap();
    let bytes = world.snapshot().unwrap().to_vec();
    world.restore(&bytes).unwrap();
    assert_eq!(told.load(Relaxed), 2);
    assert!(world.has::<Marked>(entity), "what they did is there");
}

#[test]
fn a_snapshot_is_written_as_it_is_appended() {
    let world = some();
    let snapshot = world.snapshot().unwrap();
    let mut bytes = vec![1, 2, 3];
    snapshot.append_to(&mut bytes);
    assert_eq!(bytes[..3], [1, 2, 3]);
    assert_eq!(bytes[3..], snapshot.to_vec());
    #[cfg(feature = "std")]
    {
        let mut written = Vec::new();
        snapshot.write_to(&mut written).unwrap();
        assert_eq!(written, snapshot.to_vec());
        let mut short = [0; 30];
        assert!(snapshot.write_to(&mut short.as_mut_slice()).is_err());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Spawn(u8),
    Despawn(prop::sample::Index),
    Toggle(prop::sample::Index, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<u8>().prop_map(Step::Spawn),
        1 => any::<prop::sample::Index>().prop_map(Step::Despawn),
        2 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, n)| Step::Toggle(at, n)),
    ]
}

fn apply(world: &mut World<Base>, step: &Step) {
    let ids: Vec<_> = world.entities().collect();
    match step {
        Step::Spawn(n) => {
            let position = Position { x: f32::from(*n), y: 0.25 };
            match n % 5 {
                0 => _ = world.spawn((position, Team::Blue)).unwrap(),
                1 => _ = world.spawn((position, Small(*n), Tag)).unwrap(),
                2 => _ = world.spawn((Small(*n), Burning(u16::from(*n)))).unwrap(),
                3 => _ = world.spawn(()).unwrap(),
                _ => _ = world.spawn_batch((0..70).map(Small)).unwrap(),
            }
        }
        Step::Despawn(at) if !ids.is_empty() => world.despawn(*at.get(&ids)).unwrap(),
        Step::Toggle(at, n) if !ids.is_empty() => {
            let entity = *at.get(&ids);
            match n % 4 {
                0 if world.remove::<Burning>(entity).is_err() => {
                    world.insert(entity, Burning(u16::from(*n))).unwrap();
                }
                1 if world.remove::<Tag>(entity).is_err() => world.insert(entity, Tag).unwrap(),
                2 if world.remove::<Team>(entity).is_err() => {
                    world.insert(entity, Team::Red).unwrap();
                }
                3 if world.remove::<Marked>(entity).is_err() => {
                    world.insert(entity, Marked).unwrap();
                }
                _ => {}
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(property(200, 2))]

    #[test]
    fn any_world_comes_back_as_it_was(steps in prop::collection::vec(step(), 0..scaled(60, 8) as usize)) {
        let mut world = World::new();
        steps.iter().for_each(|step| apply(&mut world, step));
        check(&mut world);
    }
}
