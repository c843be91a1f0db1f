//! Which worlds reach which, and what happens where no edge leads.

use static_ecs::config::neighbours;
use static_ecs::prelude::*;
use static_ecs::{CoordinatorStats, EdgeEnd, Problem, QueueErrorKind};

use crate::*;

fn edges(stats: &CoordinatorStats) -> Vec<(u16, EdgeEnd)> {
    stats.edges.iter().map(|edge| (edge.from, edge.to)).collect()
}

#[world_config(base = Base, source, routing(default_target = Near, Tag => Far), targets(3))]
struct Start;
#[world_config(base = Base, routing(default_target = Far))]
struct Near;
#[world_config(base = Base)]
struct Far;
#[world_config(base = Base)]
struct Named;
coordinator!(type Four = (Start, Near, Far, Named));

#[test]
fn edges_exist_only_where_routes_lead() {
    use EdgeEnd::World;
    let expected = [(0, World(1)), (0, World(2)), (0, World(3)), (1, World(2))];
    assert_eq!(edges(&Four::new().stats()), expected);
}

#[test]
fn no_edge_is_reported_once_and_the_entity_stays() {
    let mut four = Four::new();
    let near = four.world_mut::<Near>();
    let mark = |near: &mut World<Near>, target| {
        near.spawn((Number(1), TransferMarker::to(target))).unwrap();
    };
    mark(near, 0);
    mark(near, 0);
    mark(near, 1);
    mark(near, 99);
    four.tick().unwrap();
    four.tick().unwrap();
    let near = four.world::<Near>();
    assert_eq!((near.len(), near.outbox_len()), (4, 0), "they stay, and are not tried again");
    let no_edge = |target| Problem::NoEdge { world: "Near", target };
    assert_eq!(four.problems(), [no_edge(0), no_edge(1), no_edge(99)]);
    assert_eq!(four.stats().worlds[1].counts.no_edge, 4);
    mark(four.world_mut::<Near>(), 0);
    four.tick().unwrap();
    assert_eq!(four.problems(), [], "once");
    assert!(four.conservation().holds());
}

#[test]
fn no_route_is_reported_once_and_the_entity_stays() {
    let mut four = Four::new();
    for _ in 0..2 {
        spawn_complete(four.world_mut::<Far>(), 0..2);
        four.tick().unwrap();
    }
    assert_eq!(four.world::<Far>().len(), 4);
    assert_eq!(four.problems(), [Problem::NoRoute { world: "Far" }]);
    assert!(four.problems().is_empty());
}

#[test]
fn members_of_an_array_reach_their_neighbours() {
    const fn up(from: usize, to: usize) -> bool {
        to == from + 1
    }
    macro_rules! edges_among {
        ($count:literal, $neighbours:expr) => {{
            #[world_config(base = Base, source, neighbours = $neighbours)]
            struct Zone;
            coordinator!(type Zones = [Zone; $count]);
            let edges = edges(&Zones::new().stats());
            edges.into_iter().map(|(from, to)| match to {
                EdgeEnd::World(to) => (from, to),
                EdgeEnd::Group(_) => panic!("each member has an inbox of its own"),
            }).collect::<Vec<_>>()
        }};
    }
    assert_eq!(edges_among!(3, up), [(0, 1), (1, 2)]);
    let all = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];
    assert_eq!(edges_among!(3, neighbours::all), all);
    let ring = [(0, 1), (0, 3), (1, 0), (1, 2), (2, 1), (2, 3), (3, 0), (3, 2)];
    assert_eq!(edges_among!(4, neighbours::ring::<4>), ring);
    // 0 1
    // 2 3
    let grid = [(0, 1), (0, 2), (1, 0), (1, 3), (2, 0), (2, 3), (3, 1), (3, 2)];
    assert_eq!(edges_among!(4, neighbours::grid::<2, 2>), grid);
}

#[world_config(base = Base, source, routing(default_target = Worker), targets(3))]
struct Boss;
#[world_config(
    base = Base,
    neighbours = nobody,
    routing(default_target = Boss),
    transfer_queue(capacity = 64, batch_size = 4)
)]
struct Worker;
const fn nobody(_: usize, _: usize) -> bool {
    false
}
coordinator!(type Office = (Boss, [Worker; 4]));

#[test]
fn array_behind_a_route_shares_one_inbox_and_every_member_takes() {
    let mut office = Office::new();
    spawn_complete(office.world_mut::<Boss>(), 0..64);
    office.tick_world::<Boss>().unwrap();
    assert_eq!(office.pending_transfers_for(1), 64);
    assert_eq!(office.pending_transfers_for(4), 64, "the same inbox");
    office.tick_world::<Worker>().unwrap();
    let took: Vec<usize> = office.worlds::<Worker>().map(World::len).collect();
    assert_eq!(took, [4, 4, 4, 4], "a batch each");
    while office.tick().unwrap().is_busy() {}
    assert!(office.worlds::<Worker>().all(|worker| worker.len() == 16));
    let stats = office.stats();
    assert_eq!(stats.edges[0].to, EdgeEnd::Group(1));
    assert_eq!(stats.edges[0].counts.received, 64);
    assert!(office.conservation().holds());
}

#[test]
fn an_id_names_one_member_of_an_array() {
    let mut office = Office::new();
    for number in 0..6 {
        let boss = office.world_mut::<Boss>();
        boss.spawn((Number(number), TransferMarker::to(3))).unwrap();
    }
    office.tick().unwrap();
    assert_eq!(numbers(office.world_at::<Worker>(2)), [0, 1, 2, 3, 4, 5]);
    office.world_mut::<Boss>().spawn((Number(9), TransferMarker::to(2))).unwrap();
    office.tick().unwrap();
    assert_eq!(office.problems(), [Problem::NoEdge { world: "Boss", target: 2 }]);
}

#[world_config(base = Base, source, targets(Clerk))]
struct Chief;
#[world_config(base = Base, neighbours = nobody)]
struct Clerk;
coordinator!(type Bureau = (Chief, [Clerk; 3]));

#[test]
fn targets_of_an_array_are_its_members() {
    let mut bureau = Bureau::new();
    let ends = [1, 2, 3].map(|id| (0, EdgeEnd::World(id)));
    assert_eq!(edges(&bureau.stats()), ends);
    for target in [3, 1, 3] {
        let marker = TransferMarker::to(target);
        bureau.world_mut::<Chief>().spawn((Number(target.into()), marker)).unwrap();
    }
    bureau.tick().unwrap();
    assert_eq!(numbers(bureau.world_at::<Clerk>(0)), [1]);
    assert_eq!(numbers(bureau.world_at::<Clerk>(1)), []);
    assert_eq!(numbers(bureau.world_at::<Clerk>(2)), [3, 3]);
}

#[test]
fn a_closed_target_takes_only_its_archetypes() {
    #[world_config(base = Base, source, archetypes(plain(Number)), routing(default_target = Strict))]
    struct Loose;
    #[world_config(base = Base, archetypes(plain(Number), closed))]
    struct Strict;
    coordinator!(type Pair = (Loose, Strict));

    let mut pair = Pair::new();
    let plain = pair.world_mut::<Loose>().spawn((Number(1),)).unwrap();
    let tagged = pair.world_mut::<Loose>().spawn((Number(2), Tag)).unwrap();
    pair.world_mut::<Loose>().complete(plain).unwrap();
    pair.world_mut::<Loose>().complete(tagged).unwrap();
    pair.tick().unwrap();
    assert!(pair.world::<Strict>().contains(plain));
    assert!(pair.world::<Loose>().contains(tagged), "it stays");
    assert_eq!(pair.world::<Loose>().outbox_len(), 0);
    assert_eq!(pair.stats().edge(0, 1).unwrap().refused, 1);
    assert_eq!(pair.problems(), [Problem::ClosedArchetype { world: "Loose", target: 1 }]);
    assert!(pair.world_mut::<Strict>().insert(plain, Tag).is_err());
    assert!(pair.world_mut::<Strict>().remove::<Number>(plain).is_err());
    assert_eq!(pair.world::<Strict>().counts().refused, 2);

    let mut strange = Pair::create_transfer(0, 1);
    strange.pack(Tag).unwrap();
    let error = pair.queue_transfer(0, 1, strange).unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::ClosedArchetype);
    assert!(error.into_inner().has::<Tag>());
    // Once it fits, it goes.
    pair.world_mut::<Loose>().remove::<(Tag,)>(tagged).unwrap();
    pair.world_mut::<Loose>().complete(tagged).unwrap();
    pair.tick().unwrap();
    assert_eq!(numbers(pair.world::<Strict>()), [1, 2]);
    assert!(pair.conservation().holds());
}
