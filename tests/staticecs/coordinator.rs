//! The coordinator's own calls.

use static_ecs::prelude::*;
use static_ecs::{EdgeEnd, QueueErrorKind};

use crate::*;

fn transfer(source: u16, target: u16) -> EntityTransfer<Base> {
    let mut transfer = Server::create_transfer(source, target);
    transfer.pack(HERE).unwrap();
    transfer
}

#[test]
fn coordinator_init_start_stop_is_running() {
    let mut server = Server::new();
    assert!(!server.is_running());
    assert_eq!(server.len(), 4);
    server.start().unwrap();
    assert!(server.is_running());
    server.stop();
    assert!(!server.is_running());
    server.start().unwrap();
    assert!(server.is_running());
}

#[test]
fn queue_transfer_hands_back_full() {
    let mut server = Server::new();
    for _ in 0..4 {
        server.queue_transfer(IO, AUDIT, transfer(IO, AUDIT)).unwrap();
    }
    let error = server.queue_transfer(IO, AUDIT, transfer(IO, AUDIT)).unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::Full);
    assert!(error.is_full());
    assert_eq!(error.into_inner().get::<Position>(), Some(&HERE));
    assert_eq!(server.stats().queue_full_count, 1);
    server.pop_transfer_for(AUDIT).unwrap();
    server.queue_transfer(IO, AUDIT, transfer(IO, AUDIT)).unwrap();
}

#[test]
fn queue_transfer_hands_back_no_edge() {
    let mut server = Server::new();
    let error = server.queue_transfer(ACCEPT, COMPUTE, transfer(ACCEPT, COMPUTE)).unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::NoEdge { from: ACCEPT, to: COMPUTE });
    assert_eq!(error.into_inner().unpack::<Position>(), Some(HERE));
}

#[test]
fn queue_transfer_hands_back_self() {
    let mut server = Server::new();
    let error = server.queue_transfer(IO, IO, transfer(IO, IO)).unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::SelfTransfer(IO));
    assert_eq!(error.into_inner().unpack::<Position>(), Some(HERE));
}

#[test]
fn queue_transfer_hands_back_unknown() {
    let mut server = Server::new();
    for (source, target, unknown) in [(ACCEPT, 4, 4), (9, IO, 9), (ACCEPT, u16::MAX, u16::MAX)] {
        let error = server.queue_transfer(source, target, transfer(source, target)).unwrap_err();
        assert_eq!(error.kind(), QueueErrorKind::UnknownWorld(unknown));
        assert_eq!(error.into_inner().unpack::<Position>(), Some(HERE));
    }
}

#[test]
fn pop_transfer_for_gives_what_has_arrived() {
    let mut server = Server::new();
    assert!(server.pop_transfer_for(IO).is_none());
    server.queue_transfer(ACCEPT, IO, transfer(ACCEPT, IO)).unwrap();
    assert!(server.pop_transfer_for(COMPUTE).is_none());
    let mut popped = server.pop_transfer_for(IO).unwrap();
    assert_eq!((popped.source(), popped.target()), (ACCEPT, IO));
    assert_eq!(popped.unpack::<Position>(), Some(HERE));
    assert!(server.pop_transfer_for(IO).is_none());
    assert!(server.pop_transfer_for(9).is_none());
}

#[test]
fn pop_transfer_for_keeps_a_place_in_a_batch() {
    let mut server = Server::new();
    let accept = server.world_mut::<Accept>();
    let ids = [0, 1].map(|n| accept.spawn((Body(vec![n]),)).unwrap());
    for id in ids {
        accept.complete(id).unwrap();
    }
    server.tick_world::<Accept>().unwrap();
    assert_eq!(server.stats().edge(ACCEPT, IO).unwrap().batches, 1);
    let popped = ids.map(|_| server.pop_transfer_for(IO).unwrap());
    assert_eq!(popped.each_ref().map(|transfer| transfer.entity()), ids.map(Some));
    for (transfer, id) in popped.into_iter().zip(ids) {
        assert_eq!(server.world_mut::<Io>().insert_transfer(transfer).unwrap(), id);
    }
    assert_eq!(server.world::<Io>().get::<Body>(ids[1]).unwrap().0, [1]);
    assert!(server.conservation().holds());
}

#[test]
fn pop_transfer_batch_for_stops_at_its_limit() {
    let mut server = Server::new();
    for _ in 0..3 {
        server.queue_transfer(IO, AUDIT, transfer(IO, AUDIT)).unwrap();
    }
    let mut out = Vec::new();
    assert_eq!(server.pop_transfer_batch_for(AUDIT, &mut out, 2), 2);
    assert_eq!(server.pop_transfer_batch_for(AUDIT, &mut out, 64), 1);
    assert_eq!(server.pop_transfer_batch_for(AUDIT, &mut out, 64), 0);
    assert_eq!(server.pop_transfer_batch_for(9, &mut out, 64), 0);
    assert_eq!(out.len(), 3);
}

#[test]
fn pending_transfers_for_counts_entities() {
    let mut server = Server::new();
    assert_eq!(server.pending_transfers_for(IO), 0);
    server.queue_transfer(ACCEPT, IO, transfer(ACCEPT, IO)).unwrap();
    server.queue_transfer(COMPUTE, IO, transfer(COMPUTE, IO).with_priority(true)).unwrap();
    assert_eq!(server.pending_transfers_for(IO), 2);
    assert_eq!(server.pending_transfers_for(COMPUTE), 0);
    assert_eq!(server.pending_transfers_for(9), 0);
    server.pop_transfer_for(IO).unwrap();
    assert_eq!(server.pending_transfers_for(IO), 1);
}

#[test]
fn stats_count_what_happened() {
    let mut server = Server::new();
    let entity = server.world_mut::<Accept>().spawn((HERE,)).unwrap();
    server.world_mut::<Accept>().complete(entity).unwrap();
    server.tick().unwrap();
    server.tick().unwrap();
    let stats = server.stats();
    assert_eq!(stats.ticks, 8, "two of each world");
    assert_eq!(stats.worlds[IO as usize].counts.ticks, 2);
    assert!(stats.total_tick_time_ns > 0);
    assert_eq!(stats.transfers_sent, [1, 0, 0, 0]);
    assert_eq!(stats.transfers_received, [0, 1, 0, 0]);
    assert_eq!((stats.sent(), stats.received(), stats.queue_full_count), (1, 1, 0));
    assert_eq!((stats.worlds[1].name, stats.worlds[1].counts.entities), ("Io", 1));
    let edge = stats.edges.iter().find(|edge| edge.from == ACCEPT).unwrap();
    assert_eq!((edge.to, edge.counts.taken, edge.counts.received), (EdgeEnd::World(IO), 1, 1));
    assert!(stats.edge(ACCEPT, COMPUTE).is_none());
}

#[test]
fn reset_stats_starts_again() {
    let mut server = Server::new();
    server.queue_transfer(ACCEPT, IO, transfer(ACCEPT, IO)).unwrap();
    server.queue_transfer(ACCEPT, IO, transfer(ACCEPT, IO)).unwrap();
    server.pop_transfer_for(IO).unwrap();
    server.tick_world::<Accept>().unwrap();
    server.reset_stats();
    let stats = server.stats();
    assert_eq!((stats.ticks, stats.total_tick_time_ns), (0, 0));
    assert_eq!((stats.sent(), stats.received()), (1, 0), "what is in flight counts as taken after");
    server.tick_world::<Io>().unwrap();
    let stats = server.stats();
    assert_eq!((stats.ticks, stats.sent(), stats.received()), (1, 1, 1));
    assert!(server.conservation().holds(), "conservation counts from the start");
}

#[test]
fn a_reader_sees_the_stats_from_another_thread() {
    let mut server = Server::new();
    server.queue_transfer(ACCEPT, IO, transfer(ACCEPT, IO)).unwrap();
    let reader = server.stats_reader();
    let sent = std::thread::spawn(move || reader.read().sent()).join().unwrap();
    assert_eq!(sent, 1);
}

/// Several sources of one world take turns, through rings of their own.
#[test]
fn pop_transfer_for_is_fair_over_sources() {
    #[world_config(base = Base, source, routing(default_target = Sink))]
    struct Left;
    #[world_config(base = Base, source, routing(default_target = Sink))]
    struct Right;
    #[world_config(base = Base, transfer_queue(spsc = true))]
    struct Sink;
    coordinator!(type Funnel = (Left, Right, Sink));

    let mut funnel = Funnel::new();
    for source in [0, 0, 0, 1, 1, 1] {
        funnel.queue_transfer(source, 2, transfer(source, 2)).unwrap();
    }
    let mut out = Vec::new();
    assert_eq!(funnel.pop_transfer_batch_for(2, &mut out, 6), 6);
    let sources: Vec<u16> = out.iter().map(EntityTransfer::source).collect();
    assert_eq!(sources, [0, 1, 0, 1, 0, 1]);
}
