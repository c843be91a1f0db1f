//! Whole tables, and lists, that are sent to another world.

use std::sync::Mutex;

use static_ecs::prelude::*;

use crate::*;

/// A source, and a sink whose queue is large enough for all that a test sends.
macro_rules! pair {
    ($($setting:tt)*) => {
        #[world_config(base = Base, source, targets(Sink))]
        struct Start;
        #[world_config(
            base = Base,
            transfer_queue(capacity = 64, batch_size = 4, $($setting)*)
        )]
        struct Sink;
        coordinator!(type Pair = (Start, Sink));
    };
}

fn spawn<W: WorldConfig<Schema = Base>>(
    world: &mut World<W>,
    numbers: std::ops::Range<u32>,
) -> Vec<Entity> {
    world.spawn_batch(numbers.map(Number)).unwrap().to_vec()
}

/// Ticks until nothing happens any more.
macro_rules! settle {
    ($worlds:expr) => {{
        while $worlds.tick().unwrap().is_busy() {}
        let conservation = $worlds.conservation();
        assert!(conservation.holds(), "{conservation}");
    }};
}

#[test]
fn a_table_with_room_in_the_queue_goes_in_one_piece() {
    pair!(on_full = retain);
    let mut pair = Pair::new();
    let entities = spawn(pair.world_mut::<Start>(), 0..50);
    let column = std::ptr::from_ref(pair.world::<Start>().get::<Number>(entities[0]).unwrap());
    assert_eq!(pair.world_mut::<Start>().transfer_query::<()>(1), 50);
    assert_eq!(pair.world::<Start>().len(), 50, "at the end of the tick");
    let sent = pair.tick_world::<Start>().unwrap();
    assert_eq!((sent.sent, sent.waiting), (50, 0));
    let edge = *pair.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.batches), (50, 1));
    assert_eq!(pair.conservation().edges[0].in_flight, 50);
    pair.tick_world::<Sink>().unwrap();
    let sink = pair.world::<Sink>();
    assert!(sink.entities().eq(entities.iter().copied()), "in their order");
    let now = std::ptr::from_ref(sink.get::<Number>(entities[0]).unwrap());
    assert_eq!(now, column, "handed over, not copied");
    // Where some are already, the next ones are put behind them.
    let more = spawn(pair.world_mut::<Start>(), 50..60);
    pair.world_mut::<Start>().transfer_query::<With<Number>>(1);
    settle!(pair);
    let sink = pair.world::<Sink>();
    assert!(sink.entities().eq(entities.iter().chain(&more).copied()));
    assert_eq!(numbers(sink), (0..60).collect::<Vec<_>>());
}

#[test]
fn what_finds_no_room_is_tried_again_with_the_rest_of_its_table() {
    pair!(on_full = retain);
    let mut pair = Pair::new();
    let entities = spawn(pair.world_mut::<Start>(), 0..100);
    pair.world_mut::<Start>().transfer_query::<()>(1);
    let sent = pair.tick_world::<Start>().unwrap();
    assert_eq!((sent.sent, sent.waiting), (64, 36));
    assert!(entities[..64].iter().all(|&entity| !pair.world::<Start>().contains(entity)));
    assert_eq!(pair.world::<Start>().outbox_len(), 36);
    // One that comes into the table goes along, one that leaves it stays.
    spawn(pair.world_mut::<Start>(), 100..101);
    pair.world_mut::<Start>().insert(entities[99], Tag).unwrap();
    settle!(pair);
    assert_eq!(pair.world::<Sink>().len(), 100);
    assert_eq!(numbers(pair.world::<Start>()), [99]);
    assert_eq!(pair.world::<Start>().outbox_len(), 0);
    // It is over: who comes now stays.
    spawn(pair.world_mut::<Start>(), 0..1);
    settle!(pair);
    assert_eq!(pair.world::<Start>().len(), 2);
}

#[test]
fn a_member_of_an_array_gets_a_table() {
    #[world_config(base = Base, source, targets(Worker))]
    struct Start;
    #[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 4))]
    struct Worker;
    coordinator!(type Farm = (Start, [Worker; 2]));
    let mut farm = Farm::new();
    spawn(farm.world_mut::<Start>(), 0..40);
    farm.world_mut::<Start>().transfer_query::<()>(2);
    settle!(farm);
    assert_eq!([0, 1].map(|at| farm.world_at::<Worker>(at).len()), [0, 40]);
}

#[test]
fn spill_takes_a_part_of_a_table() {
    pair!(on_full = spill(10));
    let mut pair = Pair::new();
    spawn(pair.world_mut::<Start>(), 0..100);
    pair.world_mut::<Start>().transfer_query::<()>(1);
    pair.tick_world::<Start>().unwrap();
    let edge = *pair.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.spilled), (74, 10));
    assert_eq!(pair.world::<Start>().len(), 26);
    settle!(pair);
    assert_eq!(numbers(pair.world::<Sink>()), (0..100).collect::<Vec<_>>());
}

#[test]
fn block_waits_until_all_of_a_table_has_gone() {
    pair!(on_full = block(10s));
    let mut pair = Pair::new();
    spawn(pair.world_mut::<Start>(), 0..300);
    pair.world_mut::<Start>().transfer_query::<()>(1);
    let sent = pair.tick_world::<Start>().unwrap();
    assert_eq!((sent.sent, sent.waiting), (300, 0));
    settle!(pair);
    assert_eq!(pair.world::<Sink>().len(), 300);
}

#[test]
fn shed_drops_of_a_table_what_finds_no_room() {
    pair!(on_full = shed);
    let mut pair = Pair::new();
    spawn(pair.world_mut::<Start>(), 0..100);
    pair.world_mut::<Start>().transfer_query::<()>(1);
    pair.tick_world::<Start>().unwrap();
    let edge = *pair.stats().edge(0, 1).unwrap();
    assert_eq!((edge.taken, edge.shed), (100, 36));
    settle!(pair);
    assert_eq!(numbers(pair.world::<Sink>()), (36..100).collect::<Vec<_>>(), "the oldest go");
}

#[test]
fn a_request_of_its_own_comes_first() {
    #[world_config(base = Base, source, targets(Sink, Other), routing(default_target = Other))]
    struct Start;
    #[world_config(base = Base, transfer_queue(capacity = 64))]
    struct Sink;
    #[world_config(base = Base, transfer_queue(capacity = 64))]
    struct Other;
    coordinator!(type Three = (Start, Sink, Other));
    let mut three = Three::new();
    let start = three.world_mut::<Start>();
    let entities = spawn(start, 0..50);
    start.transfer_query::<()>(1);
    start.insert(entities[3], TransferMarker::to(2)).unwrap();
    start.complete(entities[4]).unwrap();
    settle!(three);
    assert_eq!(numbers(three.world::<Other>()), [3, 4]);
    assert_eq!(three.world::<Sink>().len(), 48);
    assert_eq!(three.world::<Start>().outbox_len(), 0);
}

#[test]
fn priority_goes_before_other_tables_and_a_hook_is_told_of_each() {
    pair!(on_full = retain);
    let mut pair = Pair::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = told.clone();
    let start = pair.world_mut::<Start>();
    start.spawn_batch((0..10).map(|n| (Number(n), Tag))).unwrap();
    spawn(start, 10..20);
    start.transfer_query::<With<Tag>>(1);
    start.transfer_query::<Without<Tag>>(TransferMarker { priority: true, ..1.into() });
    pair.tick_world::<Start>().unwrap();
    assert_eq!(pair.stats().edge(0, 1).unwrap().batches, 2);
    let first = pair.pop_transfer_for(1).unwrap();
    assert!(first.flags().priority);
    pair.world_mut::<Sink>().insert_transfer(first).unwrap();
    settle!(pair);

    pair.world_mut::<Start>().on_depart(move |world, entity, departure| {
        assert_eq!(departure.target, 1);
        noted.lock().unwrap().push(world.get::<Number>(entity).unwrap().0);
    });
    spawn(pair.world_mut::<Start>(), 30..40);
    pair.world_mut::<Start>().transfer_query::<()>(1);
    settle!(pair);
    assert_eq!(*told.lock().unwrap(), (30..40).collect::<Vec<_>>());
    assert_eq!(pair.world::<Sink>().len(), 30);
}

#[test]
fn a_table_that_cant_go_stays_and_is_reported_once() {
    #[world_config(base = Base, source, targets(Closed), archetypes(only(Number, Tag)))]
    struct Start;
    #[world_config(base = Base, archetypes(only(Number, Tag), closed))]
    struct Closed;
    #[world_config(base = Base, source)]
    struct Apart;
    coordinator!(type Three = (Start, Closed, Apart));
    let mut three = Three::new();
    spawn(three.world_mut::<Start>(), 0..10);
    for _ in 0..2 {
        three.world_mut::<Start>().transfer_query::<()>(1);
        settle!(three);
        three.world_mut::<Start>().transfer_query::<()>(2);
        settle!(three);
        assert_eq!(three.world::<Start>().outbox_len(), 0, "and is not tried again");
    }
    assert_eq!(three.world::<Start>().len(), 10);
    let problems = three.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(three.stats().edge(0, 1).unwrap().refused, 2);
}

#[test]
fn copies_of_a_table_are_made() {
    pair!(on_full = retain);
    let mut pair = Pair::new();
    spawn(pair.world_mut::<Start>(), 0..10);
    let copy = TransferMarker { destroy_on_transfer: false, ..1.into() };
    assert_eq!(pair.world_mut::<Start>().transfer_query::<()>(copy), 10);
    settle!(pair);
    assert_eq!(numbers(pair.world::<Start>()), numbers(pair.world::<Sink>()));
}

#[test]
fn what_a_table_owns_is_dropped_once_wherever_it_ends() {
    pair!(on_full = retain);
    let drops = Drops::new(200);
    let mut pair = Pair::new();
    let batch = |range: std::ops::Range<usize>| {
        let drops = drops.clone();
        range.map(move |n| (Number(n as u32), drops.value(n))).collect::<Vec<_>>()
    };
    // Some have come, some are in the front block, some in the queue, some stay.
    for first in [0, 50, 100, 150] {
        pair.world_mut::<Start>().spawn_batch(batch(first..first + 50)).unwrap();
        if first < 150 {
            pair.world_mut::<Start>().transfer_query::<()>(1);
            pair.tick_world::<Start>().unwrap();
        }
        if first == 0 {
            pair.tick_world::<Sink>().unwrap();
        }
    }
    let mut popped = pair.pop_transfer_for(1).unwrap();
    let owned: Owned = popped.unpack().unwrap();
    assert_eq!((owned.index, drops.total()), (50, 0));
    drop((owned, popped));
    assert_eq!(drops.total(), 1);
    drop(pair);
    drops.each_once();
}

/// Sends all that it has there and back, whatever the threads.
#[test]
fn tables_that_go_there_and_back_on_threads_are_conserved() {
    #[world_config(
        base = Base,
        source,
        targets(Right),
        transfer_queue(capacity = 256, batch_size = 16, spsc = true)
    )]
    struct Left;
    #[world_config(
        base = Base,
        targets(Left),
        transfer_queue(capacity = 256, batch_size = 16, spsc = true)
    )]
    struct Right;
    coordinator!(type Court = (Left, Right));
    for placement in [Placement::Single, Placement::PerWorld] {
        let mut court = Court::new();
        spawn(court.world_mut::<Left>(), 0..200);
        court.add_system::<Left, _>(|world: &mut World<Left>| {
            world.transfer_query::<()>(1);
        });
        court.add_system::<Right, _>(|world: &mut World<Right>| {
            world.transfer_query::<()>(0);
        });
        let running = court.run(placement).unwrap();
        let begun = std::time::Instant::now();
        while running.stats().transfers_received.iter().sum::<u64>() < 20_000
            && begun.elapsed().as_secs() < 20
        {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        // They would go on for good.
        let stopped = running.stop_within(std::time::Duration::from_millis(20));
        let mut court = stopped.into_result().unwrap();
        let conservation = court.conservation();
        assert!(conservation.holds(), "{conservation}");
        assert!(court.stats().transfers_received.iter().sum::<u64>() >= 20_000);
        let mut all = numbers(court.world::<Left>());
        all.extend(numbers(court.world::<Right>()));
        let way: usize = conservation.edges.iter().map(|edge| edge.in_flight as usize).sum();
        assert_eq!(all.len() + way, 200);
    }
}

/// A source with two ways for what is complete, and a way for who is marked.
macro_rules! ways {
    () => {
        #[world_config(base = Base, source, routing(default_target = Plain, Tag => Tagged),
            targets(Other))]
        struct Start;
        #[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 4))]
        struct Plain;
        #[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 4))]
        struct Tagged;
        #[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 4))]
        struct Other;
        coordinator!(type Ways = (Start, Plain, Tagged, Other));
    };
}

#[test]
fn complete_tables_go_where_their_components_lead() {
    ways!();
    let mut ways = Ways::new();
    let start = ways.world_mut::<Start>();
    spawn(start, 0..30);
    start.spawn_batch((30..40).map(|n| (Number(n), Tag))).unwrap();
    assert_eq!(start.complete_query::<()>(), 40);
    assert_eq!((start.outbox_len(), start.outbox().count()), (40, 0));
    let sent = ways.tick_world::<Start>().unwrap();
    assert_eq!((sent.sent, sent.waiting), (40, 0));
    let stats = ways.stats();
    assert_eq!(stats.edge(0, 1).map(|edge| (edge.taken, edge.batches)), Some((30, 1)));
    settle!(ways);
    assert_eq!(numbers(ways.world::<Plain>()), (0..30).collect::<Vec<_>>());
    assert_eq!(numbers(ways.world::<Tagged>()), (30..40).collect::<Vec<_>>());
}

#[test]
fn a_marker_stays_in_force_where_a_table_is_complete() {
    ways!();
    let other = 3;
    // One of the table was marked before, the table was marked before, or is afterwards.
    for case in 0..3 {
        let mut ways = Ways::new();
        let start = ways.world_mut::<Start>();
        let entities = spawn(start, 0..10);
        match case {
            0 => start.insert(entities[4], TransferMarker::to(other)).unwrap(),
            1 => assert_eq!(start.transfer_query::<With<Number>>(other), 10),
            _ => {}
        }
        assert_eq!(start.complete_query::<With<Number>>(), 10);
        if case == 2 {
            start.transfer_query::<With<Number>>(other);
        }
        settle!(ways);
        let others = if case == 0 { vec![4] } else { (0..10).collect() };
        assert_eq!(numbers(ways.world::<Other>()), others, "case {case}");
        assert_eq!(ways.world::<Plain>().len(), 10 - others.len(), "case {case}");
    }
}

#[test]
fn what_has_nowhere_to_go_is_complete_no_more() {
    #[world_config(base = Base, source, targets(Sink))]
    struct Start;
    #[world_config(base = Base)]
    struct Sink;
    coordinator!(type Pair = (Start, Sink));
    let mut pair = Pair::new();
    spawn(pair.world_mut::<Start>(), 0..10);
    assert_eq!(pair.world_mut::<Start>().complete_query::<()>(), 10);
    settle!(pair);
    let start = pair.world::<Start>();
    assert_eq!((start.len(), start.outbox_len()), (10, 0));
    assert_eq!(pair.problems().len(), 1, "there is no route, which is told once");
}
