//! Ticked by hand: where events go, in which order, and through full queues.

use static_ecs::error::Refusal;
use static_ecs::{EdgeEnd, Problem};

use crate::*;

#[world_config(base = Base, role = accept, routing(default_target = Hub))]
struct Left;
#[world_config(base = Base, role = accept, targets(Hub))]
struct Right;
#[world_config(base = Base, routing(default_target = Crowd), targets(Left))]
struct Hub;
#[world_config(base = Base, neighbours = static_ecs::config::neighbours::ring::<4>)]
struct Crowd;
coordinator!(type Town = (Left, Right, Hub, [Crowd; 4]));

const HUB: u16 = 2;
const CROWD: u16 = 3;

fn town() -> Town {
    let mut town = Town::new();
    let hub = town.world_mut::<Hub>();
    hub.insert_resource(Seen::default());
    town.start().unwrap();
    town
}

/// The notes that are in a world now.
fn notes<W: WorldConfig<Schema = Base>>(world: &World<W>) -> Vec<Note> {
    world.events::<Note>().iter().copied().collect()
}

#[test]
fn events_go_where_edges_lead_and_nowhere_else() {
    let mut town = town();
    assert_eq!(town.world::<Left>().event_target::<Hub>(), Some(HUB));
    assert_eq!(town.world::<Left>().event_target::<Right>(), None);
    // An array that is reached through its inbox: each member by itself.
    assert_eq!(town.world::<Hub>().event_target::<Crowd>(), Some(CROWD));
    for member in 0..4 {
        town.world_mut::<Hub>().send_to(CROWD + member, Note(HUB, member.into())).unwrap();
    }
    // Members reach their neighbours.
    let first = town.world_mut::<Crowd>();
    first.send_to(CROWD + 1, News(CROWD, 0)).unwrap();
    first.send_to(CROWD + 3, News(CROWD, 0)).unwrap();
    let refused = first.send_to(CROWD + 2, News(CROWD, 7)).unwrap_err();
    assert_eq!(refused.why(), Refusal::NoEdge { target: CROWD + 2 });
    assert_eq!(refused.into_inner(), News(CROWD, 7));
    first.send_to(HUB, News(CROWD, 0)).unwrap_err();
    first.send_to(99, News(CROWD, 0)).unwrap_err();
    town.world_mut::<Left>().send_to(1, Note(0, 0)).unwrap_err();
    // To itself.
    town.world_mut::<Right>().send_to(1, Note(1, 5)).unwrap();
    assert_eq!(notes(town.world::<Right>()), [Note(1, 5)]);
    for _ in 0..2 {
        town.tick().unwrap();
    }
    for member in 0..4 {
        let world = town.world_at::<Crowd>(member);
        assert_eq!(world.events::<Note>().counts().received, 1);
        assert_eq!(world.events::<News>().counts().received, [0, 1, 0, 1][member]);
    }
    let stats = town.stats();
    assert_eq!(stats.worlds[CROWD as usize].counts.events_no_edge, 3);
    assert_eq!(stats.worlds[0].counts.events_no_edge, 1);
    let problems = town.problems();
    let world = "Crowd";
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems.contains(&Problem::NoEdge { world, target: 99 }));
    let to_crowd = stats.edges.iter().find(|edge| edge.to == EdgeEnd::Group(CROWD)).unwrap();
    assert_eq!((to_crowd.counts.events_sent, to_crowd.counts.events_received), (4, 4));
    assert!(town.conservation().holds());
    town.reset_stats();
    assert_eq!(town.stats().worlds[CROWD as usize].counts.events_no_edge, 0);
    assert_eq!(town.stats().edge(HUB, CROWD).unwrap().events_sent, 0);
}

#[test]
fn they_come_in_order_of_their_sources() {
    let mut town = town();
    for n in 0..2 {
        town.world_mut::<Right>().send_to(HUB, Note(1, n)).unwrap();
        town.world_mut::<Left>().send_to(HUB, Note(0, n)).unwrap();
    }
    // Who has a higher id ticks first.
    town.tick_world::<Right>().unwrap();
    town.tick_world::<Left>().unwrap();
    assert_eq!(town.endpoint(HUB).pending_events(), 4);
    assert!(notes(town.world::<Hub>()).is_empty());
    let activity = town.tick_world::<Hub>().unwrap();
    assert_eq!((activity.events, activity.is_busy()), (4, true));
    assert_eq!(notes(town.world::<Hub>()), [Note(0, 0), Note(0, 1), Note(1, 0), Note(1, 1)]);
    assert_eq!(town.endpoint(HUB).pending_events(), 0);
}

#[test]
fn what_finds_no_room_waits_in_order_and_is_tried_again() {
    let mut town = town();
    // Nobody takes from the hub's queues: 4 in its queue, and 4 wait.
    let left = town.world_mut::<Left>();
    for n in 0..4 {
        left.send_to(HUB, Note(0, n)).unwrap();
    }
    let refused = left.send_to(HUB, Note(0, 99)).unwrap_err();
    assert_eq!(refused.why(), Refusal::EventsFull { event: "Note", capacity: 4 });
    town.tick_world::<Left>().unwrap();
    for n in 4..8 {
        town.world_mut::<Left>().send_to(HUB, Note(0, n)).unwrap();
    }
    let activity = town.tick_world::<Left>().unwrap();
    assert!(!activity.is_busy());
    assert_eq!(town.stats().edge(0, HUB).unwrap().events_full, 1);
    let conservation = town.conservation();
    assert!(conservation.holds());
    assert_eq!((conservation.events(), conservation.worlds[0].events_waiting), (8, 4));
    assert!(!town.drain(0).unwrap());
    // The hub's own are as many as there may be.
    for n in 0..4 {
        town.world_mut::<Hub>().send(Note(HUB, n)).unwrap();
    }
    let mut all = Vec::new();
    let mut cursor = EventCursor::new();
    for _ in 0..8 {
        town.tick().unwrap();
        assert!(town.conservation().holds());
        all.extend(town.world::<Hub>().events::<Note>().read(&mut cursor).copied());
    }
    assert_eq!((all.len(), cursor.missed()), (12, 0));
    assert!(each_in_order(&all, 0) && each_in_order(&all, HUB));
    assert_eq!(town.conservation().events(), 0);
    assert!(town.drain(10).unwrap());
}

#[test]
fn sources_take_turns_where_there_is_too_little_room() {
    let mut town = town();
    town.add_system::<Left, _>(send_notes(HUB, u32::MAX));
    town.add_system::<Right, _>(send_notes(HUB, u32::MAX));
    let mut counts = [0_u32; 2];
    let mut cursor = EventCursor::new();
    for _ in 0..40 {
        town.tick().unwrap();
        for note in town.world::<Hub>().events::<Note>().read(&mut cursor) {
            counts[note.0 as usize] += 1;
        }
    }
    assert_eq!(cursor.missed(), 0);
    assert!(counts[0].abs_diff(counts[1]) <= 8, "{counts:?}");
}

#[test]
fn a_target_that_drops_the_oldest_refuses_none() {
    let mut town = town();
    for n in 0..6 {
        town.world_mut::<Left>().send_to(HUB, News(0, n)).unwrap();
    }
    // Three could not wait.
    assert_eq!(town.world::<Left>().event_store().unwrap().lost_away(), (0, 3));
    assert_eq!(town.conservation().worlds[0].events_waiting, 3);
    town.tick_world::<Left>().unwrap();
    assert_eq!(town.conservation().worlds[0].events_waiting, 0);
    for n in 0..3 {
        town.world_mut::<Right>().send_to(HUB, News(1, n)).unwrap();
    }
    town.tick_world::<Right>().unwrap();
    town.tick_world::<Hub>().unwrap();
    let counts = town.world::<Hub>().events::<News>().counts();
    assert_eq!((counts.received, counts.dropped), (6, 3));
    let left: Vec<News> = town.world::<Hub>().events::<News>().iter().copied().collect();
    assert_eq!(left, [News(1, 0), News(1, 1), News(1, 2)]);
    assert!(town.conservation().holds());
}

#[test]
fn in_flight_at_the_end_they_are_dropped_once_and_counted() {
    let drops = Arc::<AtomicUsize>::default();
    let mut town = town();
    let send = |town: &mut Town, to| {
        town.world_mut::<Left>().send_to(to, Owned(Box::new(1), drops.clone())).unwrap();
    };
    send(&mut town, HUB);
    send(&mut town, HUB);
    town.tick_world::<Left>().unwrap();
    send(&mut town, HUB);
    let conservation = town.conservation();
    assert_eq!(conservation.events(), 3);
    let text = conservation.to_string();
    assert!(text.contains("2 events sent = 0 received + 2 in flight + 0 dropped"), "{text}");
    assert!(text.contains("1 events wait to leave"), "{text}");
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    let closed = town.close();
    assert!(closed.holds());
    assert_eq!(closed.edges.iter().map(|edge| edge.stats.counts.events_dropped).sum::<u64>(), 2);
    assert_eq!(drops.load(Ordering::Relaxed), 3);
    // Merely dropped.
    let drops = Arc::<AtomicUsize>::default();
    let mut town = self::town();
    let left = town.world_mut::<Left>();
    left.send_to(HUB, Owned(Box::new(1), drops.clone())).unwrap();
    town.tick_world::<Left>().unwrap();
    drop(town);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn events_that_wait_for_a_failed_world_are_not_at_rest() {
    let mut town = town();
    town.schedule::<Hub>().add(|hub: &mut World<Hub>| assert!(hub.is_empty(), "full"));
    town.world_mut::<Hub>().spawn(Job).unwrap();
    town.tick().unwrap_err();
    for _ in 0..2 {
        (0..4).for_each(|n| town.world_mut::<Left>().send_to(HUB, Note(0, n)).unwrap());
        town.tick_world::<Left>().unwrap();
    }
    assert!(!town.drain(10).unwrap());
    let conservation = town.conservation();
    assert_eq!((conservation.events(), conservation.worlds[0].events_waiting), (8, 4));
}

#[test]
fn an_intake_of_ones_own_takes_entities_only() {
    let mut town = town();
    town.set_intake::<Hub>(|_, _| ());
    town.world_mut::<Left>().send_to(HUB, Note(0, 1)).unwrap();
    town.tick().unwrap();
    assert_eq!(notes(town.world::<Hub>()), [Note(0, 1)]);
}

#[test]
fn the_bound_of_an_edge_counts_its_event_queues() {
    use static_ecs::config::QueueConfig;

    #[world_config(components(Job))]
    struct Silent;

    let more = static_ecs::edge_bytes::<Base>(QueueConfig::DEFAULT, 3)
        - static_ecs::edge_bytes::<Silent>(QueueConfig::DEFAULT, 3);
    let word = size_of::<usize>();
    // A note and news are 8 bytes, each with 16 for whom it is to, and a stamp before it;
    // places are a power of two.
    let one = (4 + 4 + 64) * (word + 8 + 16) + 2 * (3 * word + 16);
    assert_eq!(more, 3 * one);
}
