//! Transfers, markers and completion.

use static_ecs::prelude::*;

use crate::*;

#[test]
fn world_and_entity_transfer() {
    let mut world = World::<Base>::new();
    let entity = world.spawn((HERE, FAST)).unwrap();
    for (position, velocity) in world.query::<(&mut Position, &Velocity)>() {
        position.x += velocity.dx;
    }
    assert_eq!(world.get::<Position>(entity).unwrap().x, 6.0);

    let mut transfer: EntityTransfer<Base> = world.take(entity).unwrap();
    assert!(!world.contains(entity));
    assert_eq!(transfer.entity(), Some(entity));
    assert!(transfer.has::<Velocity>() && !transfer.has::<Body>());
    transfer.pack(Body(vec![1])).unwrap();
    assert_eq!(world.insert_transfer(transfer).unwrap(), entity, "it keeps its id");
    assert_eq!(world.get::<Body>(entity).unwrap().0, [1]);
}

#[test]
fn create_transfer_pack_unpack_has_reset() {
    let mut transfer = Server::create_transfer(ACCEPT, COMPUTE);
    assert_eq!((transfer.source(), transfer.target()), (ACCEPT, COMPUTE));
    assert_eq!(transfer.entity(), None);
    // In any order: each component has its own place.
    transfer.pack(FAST).unwrap();
    transfer.pack(Body(vec![1, 2])).unwrap();
    transfer.pack(HERE).unwrap();
    let doubled = transfer.pack(Body(vec![3])).unwrap_err();
    assert_eq!(doubled.into_inner().0, [3], "a doubled value is handed back");
    assert!(transfer.has::<Position>() && transfer.has::<Velocity>() && transfer.has::<Body>());
    assert!(!transfer.has::<Failed>());
    assert_eq!(transfer.get::<Position>(), Some(&HERE));
    transfer.get_mut::<Position>().unwrap().x = 1.0;
    assert_eq!(transfer.unpack::<Body>().unwrap().0, [1, 2]);
    assert!(!transfer.has::<Body>());
    assert_eq!(transfer.unpack::<Body>(), None, "it was moved out");
    transfer.pack(Body(vec![4])).unwrap();
    transfer.reset();
    assert!(!transfer.has::<Position>() && !transfer.has::<Body>());
    assert_eq!((transfer.source(), transfer.target()), (ACCEPT, COMPUTE), "these stay");
}

#[test]
fn flags_say_what_a_transfer_was_made_as() {
    let mut world = World::<Base>::new();
    let entity = world.spawn((HERE, FAST)).unwrap();
    let copy = world.copy(entity).unwrap();
    assert!(!copy.flags().destroy_on_arrive && copy.flags().full_transfer);
    assert!(world.contains(entity) && copy.entity() != Some(entity));

    // Only the packed components go, as a new entity, and theirs stays.
    let part = world.split::<(Velocity,)>(entity).unwrap();
    assert!(!part.flags().full_transfer);
    assert!(part.has::<Velocity>() && !part.has::<Position>());
    assert!(!world.has::<Velocity>(entity) && world.has::<Position>(entity));
    let new = world.insert_transfer(part).unwrap();
    assert_ne!(new, entity);

    let whole = world.take(entity).unwrap();
    assert!(whole.flags().destroy_on_arrive && whole.flags().full_transfer);
    assert!(!whole.flags().priority);
    assert!(whole.with_priority(true).flags().priority);
}

#[test]
fn priority_of_a_transfer_is_kept() {
    let mut server = Server::new();
    for priority in [false, true] {
        let mut transfer = Server::create_transfer(ACCEPT, IO).with_priority(priority);
        transfer.pack(Body(vec![priority.into()])).unwrap();
        server.queue_transfer(ACCEPT, IO, transfer).unwrap();
    }
    let mut first = server.pop_transfer_for(IO).unwrap();
    assert!(first.flags().priority);
    assert_eq!(first.unpack::<Body>().unwrap().0, [1]);
    assert!(!server.pop_transfer_for(IO).unwrap().flags().priority);
}

#[test]
fn a_transfer_made_by_hand_gets_its_id_on_arrival() {
    let mut server = Server::new();
    let mut transfer = Server::create_transfer(ACCEPT, IO);
    transfer.pack(HERE).unwrap();
    server.queue_transfer(ACCEPT, IO, transfer).unwrap();
    server.tick_world::<Io>().unwrap();
    let entity = server.world::<Io>().entities().next().unwrap();
    assert_eq!(entity.origin(), IO + 1);
    assert_eq!(server.world::<Io>().get::<Position>(entity), Ok(&HERE));
}

#[test]
fn transfer_marker() {
    let mut server = Server::new();
    server.add_system::<Io, _>(|world: &mut World<Io>, commands: &mut Commands<Io>| {
        let to_compute =
            TransferMarker { target_world: COMPUTE, priority: true, destroy_on_transfer: true };
        for entity in world.query_filtered::<Entity, (With<Position>, Without<TransferMarker>)>() {
            commands.insert(entity, to_compute).unwrap();
        }
    });
    let io = server.world_mut::<Io>();
    let tables = io.tables().len();
    let entity = io.spawn((HERE,)).unwrap();
    let marked = io.spawn((FAST, TransferMarker::to(AUDIT))).unwrap();
    let with = |io: &World<Io>| io.view_filtered::<Entity, With<TransferMarker>>().count();
    assert_eq!(with(io), 1);
    let recalled = io.spawn((FAST, TransferMarker::to(AUDIT))).unwrap();
    let (marker,) = io.remove::<(TransferMarker,)>(recalled).unwrap();
    assert_eq!(marker, TransferMarker::to(AUDIT));
    assert_eq!(with(io), 1);
    assert_eq!(io.tables().len(), tables + 2, "a marker makes no table of its own");

    server.tick().unwrap();
    assert!(server.world::<Compute>().contains(entity), "removed here, and there in the same tick");
    assert!(!server.world::<Io>().contains(entity));
    assert!(server.world::<Audit>().contains(marked));
    assert!(server.world::<Io>().contains(recalled));
}

#[test]
fn completed_entities() {
    let mut server = Server::new();
    let io = server.world_mut::<Io>();
    let plain = io.spawn((HERE,)).unwrap();
    let failed = io.spawn((HERE, Failed)).unwrap();
    let stays = io.spawn((HERE,)).unwrap();
    io.complete(plain).unwrap();
    io.complete(failed).unwrap();
    server.tick_world::<Io>().unwrap();
    assert!(server.world::<Io>().contains(stays));
    server.tick().unwrap();
    assert!(server.world::<Compute>().contains(plain), "the default target");
    assert!(server.world::<Accept>().contains(failed), "the component's route");

    // By command, from inside of a query.
    server.add_system::<Io, _>(|world: &mut World<Io>, commands: &mut Commands<Io>| {
        for entity in world.query::<Entity>() {
            commands.complete(entity).unwrap();
        }
    });
    server.tick().unwrap();
    assert!(server.world::<Compute>().contains(stays));
}

#[test]
fn component_routes_last_match_wins() {
    let mut server = Server::new();
    let io = server.world_mut::<Io>();
    // `Failed` leads to Accept, and `Urgent`, declared after it, to Audit.
    let both = io.spawn((Failed, Urgent)).unwrap();
    let one = io.spawn((Failed,)).unwrap();
    io.complete(both).unwrap();
    io.complete(one).unwrap();
    server.tick().unwrap();
    server.tick().unwrap();
    assert!(server.world::<Audit>().contains(both));
    assert!(server.world::<Accept>().contains(one));
}

/// Where StaticECS gave an entity a new id in each world, it keeps its own.
#[test]
fn identity_survives() {
    let mut server = Server::new();
    let entity = server.world_mut::<Accept>().spawn((Body(vec![7]),)).unwrap();
    server.world_mut::<Accept>().complete(entity).unwrap();
    server.tick().unwrap();
    server.world_mut::<Io>().complete(entity).unwrap();
    server.tick().unwrap();
    assert_eq!(server.world::<Compute>().get::<Body>(entity).unwrap().0, [7]);
    assert_eq!(entity.origin(), ACCEPT + 1);
    server.world_mut::<Compute>().complete(entity).unwrap();
    server.tick().unwrap();
    server.tick().unwrap();
    server.world_mut::<Io>().insert(entity, (Failed,)).unwrap();
    server.world_mut::<Io>().complete(entity).unwrap();
    server.tick().unwrap();
    server.tick().unwrap();
    assert_eq!(server.world::<Accept>().get::<Body>(entity).unwrap().0, [7], "home again");
}
