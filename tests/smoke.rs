use static_ecs::prelude::*;

#[derive(Component, Clone, Debug, PartialEq)]
struct Position(u32);
#[derive(Component)]
struct Body(Vec<u8>);
#[derive(Component)]
struct Failed;

#[world_config(components(Position, Body, Failed), max_entities = 10_000)]
struct Base;
#[world_config(base = Base, role = accept, world_id = 0, routing(default_target = Io))]
struct Accept;
#[world_config(base = Base, role = io, world_id = 1, transfer_queue(capacity = 256, batch_size = 16, spsc = true), routing(default_target = Compute, Failed => Accept))]
struct Io;
#[world_config(base = Base, role = compute, routing(default_target = Io))]
struct Compute;
coordinator!(type Server = (Accept, Io, [Compute; 2]));

#[test]
fn goes_around() {
    let mut server = Server::new();
    let e = server.world_mut::<Accept>().spawn((Position(7), Body(vec![1, 2, 3]))).unwrap();
    server.world_mut::<Accept>().complete(e).unwrap();
    server.start().unwrap();
    server.tick().unwrap();
    assert_eq!(server.world::<Io>().get::<Position>(e).unwrap().0, 7);
    server.world_mut::<Io>().complete(e).unwrap();
    server.tick().unwrap();
    server.tick().unwrap();
    let at: Vec<_> = server.worlds::<Compute>().map(|w| w.contains(e)).collect();
    assert_eq!(at.iter().filter(|x| **x).count(), 1);
    println!("{}", server.conservation());
    assert!(server.conservation().holds());
}

#[test]
fn threads() {
    let mut server = Server::new();
    server.add_system::<Io, _>(|world: &mut World<Io>, commands: &mut Commands<Io>| {
        for (e, p) in world.query::<(Entity, &mut Position)>() {
            p.0 += 1;
            if p.0 < 100 {
                commands.complete(e).unwrap();
            }
        }
    });
    server.add_system::<Compute, _>(
        |world: &mut World<Compute>, commands: &mut Commands<Compute>| {
            for e in world.query::<Entity>() {
                commands.complete(e).unwrap();
            }
        },
    );
    let mut ids = vec![];
    for i in 0..1000 {
        let w = server.world_mut::<Accept>();
        let e = w.spawn((Position(0), Body(vec![i as u8]))).unwrap();
        w.complete(e).unwrap();
        ids.push(e);
    }
    let running = server.run(Placement::PerWorld).unwrap();
    while running.stats().received() < 1000 {
        std::thread::yield_now()
    }
    let stopped = running.stop();
    println!("{}", stopped.conservation);
    assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
    assert!(stopped.conservation.holds());
    let io = stopped.coordinator.world::<Io>();
    assert_eq!(io.len(), 1000);
    for (i, e) in ids.iter().enumerate() {
        assert!(io.get::<Position>(*e).unwrap().0 >= 100);
        assert_eq!(io.get::<Body>(*e).unwrap().0, [i as u8]);
    }
}
