//! What comes from several worlds is put in order of their ids, and depends on
//! what was at the last barrier only.

use static_ecs::Overloaded;

use crate::*;

#[world_config(base = Base, source, routing(default_target = Sink, Tag => Team))]
struct First;
#[world_config(base = Base, source, routing(default_target = Sink, Tag => Team))]
struct Second;
/// One inbox for both.
#[world_config(base = Base, max_entities = 16)]
struct Sink;
#[world_config(base = Base, max_entities = 4, neighbours = nobody)]
struct Team;
coordinator!(type Both = (First, Second, Sink, [Team; 2]));

const fn nobody(_: usize, _: usize) -> bool {
    false
}

fn on_threads(both: Both, ticks: u64) -> Both {
    both.run_ticks(Placement::PerWorld, ticks).unwrap().into_result().unwrap()
}

#[test]
fn what_is_sent_in_a_step_is_received_in_the_next() {
    let mut both = Both::new();
    send(both.world_mut::<First>(), 0..2);
    let ticked = both.step().unwrap();
    assert_eq!((ticked.sent, ticked.received), (2, 0));
    assert_eq!((both.world::<First>().len(), both.world::<Sink>().len()), (0, 0));
    assert_eq!(both.pending_transfers_for(2), 2);
    let ticked = both.step().unwrap();
    assert_eq!((ticked.sent, ticked.received), (0, 2));
    assert_eq!(rows(both.world::<Sink>()), [0, 1]);
    // Also with one thread, which ticks the worlds in the order of the route.
    send(both.world_mut::<First>(), 2..3);
    let both = both.run_ticks(Placement::Single, 1).unwrap().coordinator;
    assert_eq!(rows(both.world::<Sink>()), [0, 1]);
}

#[test]
fn an_inbox_is_read_in_order_of_its_sources() {
    let mut both = Both::new();
    be_slow(both.world_mut::<First>());
    send(both.world_mut::<First>(), 0..3);
    send(both.world_mut::<Second>(), 10..13);
    let both = on_threads(both, 2);
    assert_eq!(rows(both.world::<Sink>()), [0, 1, 2, 10, 11, 12]);
}

#[test]
fn room_is_shared_by_what_all_ask_for() {
    let mut both = Both::new();
    be_slow(both.world_mut::<First>());
    send(both.world_mut::<First>(), 0..20);
    send(both.world_mut::<Second>(), 10..30);
    let both = on_threads(both, 2);
    assert_eq!(rows(both.world::<Sink>()), [0, 1, 2, 3, 10, 11, 12, 13]);
}

#[test]
fn an_array_is_dealt_batches_in_order_of_their_sources() {
    let mut both = Both::new();
    be_slow(both.world_mut::<First>());
    let complete = |world: &mut World<First>, number| {
        let entity = world.spawn((Number(number), Tag)).unwrap();
        world.complete(entity).unwrap();
    };
    (0..2).for_each(|number| complete(both.world_mut::<First>(), number));
    for number in 10..14 {
        let second = both.world_mut::<Second>();
        let entity = second.spawn((Number(number), Tag)).unwrap();
        second.complete(entity).unwrap();
    }
    let both = on_threads(both, 3);
    // Batches of two: 0 and 1 to one member, 10 and 11 to the other, and the third
    // to the member whose turn it is.
    let team = |member| rows(both.world_at::<Team>(member));
    assert_eq!((team(0), team(1)), (vec![10, 11, 12, 13], vec![0, 1]));
}

/// A member that is full, or has failed, is dealt nothing that others can take.
#[test]
fn an_array_deals_to_those_who_have_room() {
    let mut both = Both::new();
    let member = both.world_at_mut::<Team>(0);
    (100..104).for_each(|number| _ = member.spawn((Number(number),)).unwrap());
    for number in 0..6 {
        let first = both.world_mut::<First>();
        let entity = first.spawn((Number(number), Tag)).unwrap();
        first.complete(entity).unwrap();
    }
    let mut both = on_threads(both, 12);
    assert_eq!(rows(both.world_at::<Team>(1)), [0, 1, 2, 3]);
    assert_eq!(both.pending_transfers_for(3), 2);
    assert!(both.conservation().holds());
    // Those who were left in the queue come when there is room.
    let here: Vec<Entity> = both.world_at::<Team>(0).entities().collect();
    here.into_iter().for_each(|entity| both.world_at_mut::<Team>(0).despawn(entity).unwrap());
    let both = on_threads(both, 2);
    assert_eq!(rows(both.world_at::<Team>(0)), [4, 5]);
}

#[test]
fn ids_come_home_in_order() {
    #[world_config(base = Base, source, routing(default_target = Near, Tag => Far))]
    struct Home;
    #[world_config(base = Base, routing(default_target = Void))]
    struct Near;
    #[world_config(base = Base)]
    struct Far;
    #[world_config(base = Base)]
    struct Void;
    coordinator!(type Trip = (Home, Near, Far, Void));
    let mut trip = Trip::new();
    let home = trip.world_mut::<Home>();
    let ids: Vec<Entity> = (0..4).map(|n| home.spawn((Number(n),)).unwrap()).collect();
    for (number, &entity) in ids.iter().enumerate() {
        if number >= 2 {
            home.insert(entity, (Tag,)).unwrap();
        }
        home.complete(entity).unwrap();
    }
    fn end<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
        let here: Vec<Entity> = world.entities().collect();
        here.into_iter().for_each(|entity| world.despawn(entity).unwrap());
    }
    trip.add_system::<Near, _>(|world: &mut World<Near>| {
        end(world);
        // To be slow, it has something to send.
        send(world, 50..51);
    });
    trip.add_system::<Far, _>(end::<Far>);
    be_slow(trip.world_mut::<Near>());
    let mut trip = trip.run_ticks(Placement::PerWorld, 3).unwrap().into_result().unwrap();
    let home = trip.world_mut::<Home>();
    let again: Vec<u32> = (0..4).map(|n| home.spawn((Number(n),)).unwrap().index()).collect();
    let mut expected: Vec<u32> = ids.iter().map(|entity| entity.index()).collect();
    expected.reverse();
    assert_eq!(again, expected);
}

/// A system sees the pressure at the end of the last tick, never of this one.
#[test]
fn pressure_is_that_of_the_last_tick() {
    #[world_config(base = Base, source, routing(default_target = Full))]
    struct Door;
    #[world_config(base = Base, max_entities = 8)]
    struct Full;
    coordinator!(type Shop = (Full, Door));
    let fill = |world: &mut World<Full>| {
        let free = world.room() as u64;
        (0..free).for_each(|number| _ = world.spawn((Number(number),)).unwrap());
    };
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut shop = Shop::new();
    shop.add_system::<Full, _>(fill);
    let told = seen.clone();
    shop.add_system::<Door, _>(move |world: &mut World<Door>| {
        // Time enough for the other world to fill up.
        std::thread::sleep(std::time::Duration::from_millis(10));
        told.lock().unwrap().push(world.try_admit(1).is_ok());
        send(world, 0..1);
    });
    // A hook of the send part sees no more than a system does.
    let told = seen.clone();
    shop.world_mut::<Door>().on_depart(move |world, _, _| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        told.lock().unwrap().push(world.try_admit(1).is_ok());
    });
    let shop = shop.run_ticks(Placement::PerWorld, 2).unwrap().into_result().unwrap();
    assert_eq!(*seen.lock().unwrap(), [true, true, false, false]);
    // By hand, it is the newest.
    let refused = shop.world::<Door>().try_admit(1).unwrap_err();
    assert_eq!(refused, Overloaded::Downstream { world: "Full" });
}

/// Nobody makes room for a world that waits, so it does not wait.
#[test]
fn block_does_what_retain_does() {
    #[world_config(base = Base, source, routing(default_target = Full))]
    struct Many;
    #[world_config(base = Base, transfer_queue(capacity = 4, batch_size = 2, on_full = block(600s)))]
    struct Full;
    coordinator!(type Jam = (Many, Full));
    for placement in [Placement::Single, Placement::PerWorld] {
        let mut jam = Jam::new();
        send(jam.world_mut::<Many>(), 0..10);
        let jam = jam.run_ticks(placement, 2).unwrap().into_result().unwrap();
        assert_eq!((jam.world::<Many>().len(), rows(jam.world::<Full>())), (2, vec![0, 1, 2, 3]));
    }
}

/// What an intake sends by hand leaves with the rest, up to the queue's capacity.
#[test]
fn transfers_by_hand_leave_at_the_end_of_the_tick() {
    let mut both = Both::new();
    let sink = Both::id_of::<Sink>();
    both.set_intake::<First>(move |_, endpoint| {
        let mut refused = 0;
        for number in 0..10 {
            let mut transfer = endpoint.create_transfer(sink);
            transfer.pack(Number(number)).unwrap();
            refused += usize::from(endpoint.queue_transfer(sink, transfer).is_err());
        }
        assert_eq!(refused, 2, "there is room for 8");
        assert_eq!(endpoint.pending_transfers(), 0);
    });
    assert_eq!(both.step().unwrap().sent, 8);
    assert_eq!(both.world::<Sink>().len(), 0);
    let mut both = on_threads(both, 1);
    assert_eq!(rows(both.world::<Sink>()), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(both.conservation().holds());
}

/// Each way to tick goes on where the others have left off.
#[test]
fn what_lock_step_leaves_in_queues_others_find() {
    let mut both = Both::new();
    send(both.world_mut::<Second>(), 10..14);
    send(both.world_mut::<First>(), 0..4);
    both.step().unwrap();
    both.start().unwrap();
    assert_eq!(both.pop_transfer_for(2).unwrap().get::<Number>(), Some(&Number(0)));
    send(both.world_mut::<First>(), 4..5);
    both.tick().unwrap();
    assert_eq!(rows(both.world::<Sink>()), [1, 2, 3, 10, 11, 12, 13, 4]);
    assert!(both.drain(5).unwrap());
}
