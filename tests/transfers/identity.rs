//! Where entities are, and what their ids say, in several worlds.

use static_ecs::error::EntityError;
use static_ecs::prelude::*;

use crate::*;

#[world_config(base = Base, source, routing(default_target = Work, Tag => Grave))]
struct Home;
#[world_config(base = Base, routing(default_target = Home))]
struct Work;
/// Nothing leads out of here.
#[world_config(base = Base)]
struct Grave;
coordinator!(type Town = (Home, Work, Grave));

fn send<W: WorldConfig<Schema = Base>>(town: &mut Town, entity: Entity) {
    town.world_mut::<W>().complete(entity).unwrap();
    town.tick().unwrap();
    town.tick().unwrap();
}

#[test]
fn a_guest_keeps_its_id_and_comes_home_with_it() {
    let mut town = Town::new();
    let entity = town.world_mut::<Home>().spawn((Number(1),)).unwrap();
    send::<Home>(&mut town, entity);
    assert_eq!(town.world::<Home>().check(entity), Err(EntityError::NotHere(entity)));
    let work = town.world_mut::<Work>();
    assert_eq!(work.check(entity), Ok(()));
    work.get_mut::<Number>(entity).unwrap().0 = 2;
    work.insert(entity, (Friend(entity),)).unwrap();
    send::<Work>(&mut town, entity);
    assert_eq!(town.world::<Work>().check(entity), Err(EntityError::NotHere(entity)));
    let home = town.world_mut::<Home>();
    assert_eq!(home.get::<Number>(entity), Ok(&Number(2)));
    assert_eq!(home.get::<Friend>(entity), Ok(&Friend(entity)));
    home.despawn(entity).unwrap();
    assert_eq!(home.check(entity), Err(EntityError::Dead(entity)));
    let next = home.spawn((Number(3),)).unwrap();
    assert_eq!((next.index(), next.generation()), (entity.index(), entity.generation() + 1));
}

#[test]
fn stale_handles_reach_nobody() {
    let mut town = Town::new();
    let first = town.world_mut::<Home>().spawn((Number(1), Tag)).unwrap();
    send::<Home>(&mut town, first);
    town.world_mut::<Grave>().despawn(first).unwrap();
    assert_eq!(town.world::<Grave>().check(first), Err(EntityError::NotHere(first)));
    town.tick().unwrap();
    town.tick().unwrap();
    // The slot was returned, and its next entity goes the same way.
    assert_eq!(town.world::<Home>().check(first), Err(EntityError::Dead(first)));
    let second = town.world_mut::<Home>().spawn((Number(2), Tag)).unwrap();
    assert_eq!(second.index(), first.index());
    send::<Home>(&mut town, second);
    let grave = town.world_mut::<Grave>();
    assert!(grave.contains(second) && !grave.contains(first));
    assert!(grave.get::<Number>(first).is_err() && grave.despawn(first).is_err());
    assert!(grave.insert(first, (Tag,)).is_err() && grave.complete(first).is_err());
    assert_eq!(grave.len(), 1);
    // A handle of another world that was never here.
    let other = town.world_mut::<Work>().spawn((Number(3),)).unwrap();
    assert_eq!(town.world::<Grave>().check(other), Err(EntityError::NotHere(other)));
    assert_eq!(town.world::<Home>().check(other), Err(EntityError::NotHere(other)));
}

/// Ids inside components need no remapping, wherever their target is.
#[test]
fn references_inside_components_survive() {
    let mut town = Town::new();
    let home = town.world_mut::<Home>();
    let stays = home.spawn((Number(1),)).unwrap();
    let travels = home.spawn((Number(2), Friend(stays))).unwrap();
    home.insert(stays, (Friend(travels),)).unwrap();
    send::<Home>(&mut town, travels);
    let Friend(back) = *town.world::<Work>().get::<Friend>(travels).unwrap();
    assert_eq!(town.world::<Home>().get::<Number>(back), Ok(&Number(1)));
    let Friend(there) = *town.world::<Home>().get::<Friend>(stays).unwrap();
    assert_eq!(town.world::<Work>().get::<Number>(there), Ok(&Number(2)));
    // Both travel: they still find each other.
    send::<Home>(&mut town, stays);
    let work = town.world::<Work>();
    assert_eq!(work.get::<Friend>(work.get::<Friend>(stays).unwrap().0), Ok(&Friend(stays)));
}

/// Despawned where no edge leads back from, 100,000 times: ids don't run dry,
/// and memory stays as it is.
#[test]
fn a_slot_returns_to_its_origin_without_an_edge_back() {
    let (rounds, each) = if cfg!(miri) { (8, 10) } else { (1000, 100) };
    let mut town = Town::new();
    town.add_system::<Grave, _>(|world: &mut World<Grave>| world.clear());
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        for _ in 0..each {
            let home = town.world_mut::<Home>();
            let entity = home.spawn((Number(1), Tag)).unwrap();
            home.complete(entity).unwrap();
        }
        while town.tick().unwrap().is_busy() {}
        bytes.push(town.world::<Home>().bytes() + town.world::<Grave>().bytes());
    }
    assert_eq!(bytes[rounds - 1], bytes[rounds / 2], "{bytes:?}");
    assert!(town.world::<Home>().bytes() < 64 * 1024, "{bytes:?}");
    assert_eq!(town.stats().received(), rounds as u64 * each);
    assert!(town.conservation().holds());
}

/// Also while each world runs on a thread of its own.
#[test]
fn slots_return_on_threads() {
    let mut town = Town::new();
    town.set_pace::<Home>(Pace::Continuous);
    let total = if cfg!(miri) { 200 } else { 100_000 };
    let mut left = total;
    town.add_system::<Home, _>(move |world: &mut World<Home>| {
        for _ in 0..left.min(50) {
            if world.try_admit(1).is_ok() {
                let entity = world.spawn((Number(1), Tag)).unwrap();
                world.complete(entity).unwrap();
                left -= 1;
            }
        }
    });
    town.add_system::<Grave, _>(|world: &mut World<Grave>| world.clear());
    let running = town.run(Placement::PerWorld).unwrap();
    while running.stats().received() < total {
        std::thread::yield_now();
    }
    let mut stopped = running.stop();
    assert!(stopped.drained && stopped.conservation.holds(), "{stopped:?}");
    // All slots come home, so the next entities need no new ones.
    stopped.coordinator.tick().unwrap();
    let home = stopped.coordinator.world_mut::<Home>();
    assert_eq!(home.len(), 0);
    let bytes = home.bytes();
    assert!(bytes < 4 << 20, "{bytes}");
    for _ in 0..50 {
        let entity = home.spawn((Number(1),)).unwrap();
        assert!(entity.generation() > 1, "{entity}");
    }
}

#[test]
fn worlds_have_different_origins() {
    let mut town = Town::new();
    let home = town.world_mut::<Home>().spawn((Number(1),)).unwrap();
    let work = town.world_mut::<Work>().spawn((Number(1),)).unwrap();
    let alone = World::<Home>::new().spawn((Number(1),)).unwrap();
    assert_eq!((home.origin(), work.origin(), alone.origin()), (1, 2, 0));
    assert_eq!((town.world::<Home>().id(), town.world::<Work>().id()), (Some(0), Some(1)));
}

/// A transfer's id can be in use where it comes to, if it is from another
/// coordinator: it gets a fresh one, and disturbs nobody.
#[test]
fn a_stranger_with_an_id_in_use_gets_a_fresh_one() {
    let (mut one, mut two) = (Town::new(), Town::new());
    let here = one.world_mut::<Home>().spawn((Number(1),)).unwrap();
    let there = two.world_mut::<Home>().spawn((Number(2),)).unwrap();
    assert_eq!(here, there, "unique within one coordinator only");
    let stranger = two.world_mut::<Home>().take(there).unwrap();
    let fresh = one.world_mut::<Home>().insert_transfer(stranger).unwrap();
    assert_ne!(fresh, here);
    assert_eq!(one.world::<Home>().get::<Number>(here), Ok(&Number(1)));
    assert_eq!(one.world::<Home>().get::<Number>(fresh), Ok(&Number(2)));
}

/// Popped by hand and ended, 100,000 times: the origin's memory stays as it is.
#[test]
fn a_transfer_that_is_ended_gives_its_id_back() {
    let (rounds, each) = if cfg!(miri) { (8, 10) } else { (1000, 100) };
    let mut town = Town::new();
    town.set_intake::<Grave>(|world, endpoint| {
        while let Some(transfer) = endpoint.pop_transfer() {
            world.end_transfer(transfer);
        }
    });
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        for _ in 0..each {
            let home = town.world_mut::<Home>();
            let entity = home.spawn((Number(1), Tag)).unwrap();
            home.complete(entity).unwrap();
        }
        while town.tick().unwrap().is_busy() {}
        bytes.push(town.world::<Home>().bytes());
    }
    assert_eq!(bytes[rounds - 1], bytes[rounds / 2], "{bytes:?}");
    let home = town.world_mut::<Home>();
    let entity = home.spawn((Number(1),)).unwrap();
    let taken = home.take(entity).unwrap();
    home.end_transfer(taken);
    assert_eq!(home.check(entity), Err(EntityError::Dead(entity)));
    assert!(town.conservation().holds());
}

#[test]
fn a_world_made_elsewhere_can_not_join() {
    let mut town = Town::new();
    *town.world_mut::<Work>() = World::new();
    let failure = town.tick().unwrap_err();
    assert_eq!((failure.world, failure.id), ("Work", 1));
    assert!(failure.to_string().contains("replaced"), "{failure}");
}
