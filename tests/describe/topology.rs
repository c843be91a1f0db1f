//! All edges of a coordinator, beside those that its worlds have once they are made.

use static_ecs::config::neighbours::{grid, ring};
use static_ecs::prelude::*;
use static_ecs::{EdgeEnd, EdgeReason, TopologyDescription, WorldCoordinator, edge_bytes};

use static_ecs::config::QueueConfig;
use static_ecs::members::WorldSet;
use static_ecs::schema::Schema;

#[derive(Component)]
struct Number(#[expect(dead_code)] [u64; 3]);
#[derive(Component)]
struct Failed;
#[derive(Event)]
struct Note(#[expect(dead_code)] u64);

#[world_config(
    components(Number, Failed),
    max_entities = 100,
    transfer_queue(capacity = 16, batch_size = 4)
)]
struct Base;

/// The counts and bytes of a description are those of the edges that are there.
fn holds<Worlds: WorldSet>() -> TopologyDescription
where
    <Worlds::Schema as Schema>::Types: Send,
{
    let told = WorldCoordinator::<Worlds>::describe();
    let made = WorldCoordinator::<Worlds>::new();
    let edges = made.stats().edges;
    assert_eq!(told.worlds, made.len());
    assert_eq!(told.worlds, WorldCoordinator::<Worlds>::WORLDS);
    assert_eq!(told.edges, edges.len());
    assert_eq!(told.edges, WorldCoordinator::<Worlds>::EDGES);

    let member_of = |id: u16| {
        let has = |member: &static_ecs::MemberDescription| {
            (member.first_id..).take(member.count).any(|own| own == id)
        };
        told.members.iter().position(has).expect("each id is a member's")
    };
    let mut bytes = 0;
    for queue in &told.queues {
        let ends: Vec<EdgeEnd> = match (queue.shared, told.members[queue.to].first_id) {
            (true, first) => vec![EdgeEnd::Group(first)],
            (false, first) => {
                (first..).take(told.members[queue.to].count).map(EdgeEnd::World).collect()
            }
        };
        let into: Vec<_> = edges.iter().filter(|edge| ends.contains(&edge.to)).collect();
        for edge in &queue.edges {
            let same = |made: &&&static_ecs::EdgeStats| {
                let only = edge.only.is_none_or(|id| made.to == EdgeEnd::World(id));
                member_of(made.from) == edge.from && only
            };
            let neighbours = edge.why == [EdgeReason::Neighbours];
            let count = into.iter().filter(same).count();
            assert!(count == edge.count || neighbours && edge.count < count, "{edge:?} {count}");
        }
        // Each edge has a reason.
        for made in &into {
            let mut reasons = queue.edges.iter().filter(|edge| {
                edge.from == member_of(made.from)
                    && edge.only.is_none_or(|id| made.to == EdgeEnd::World(id))
            });
            assert!(reasons.next().is_some(), "{made:?}");
        }
        // The sum over all worlds that something leads to.
        let mut sum = 0;
        for end in ends {
            let sources = edges.iter().filter(|edge| edge.to == end).count();
            sum += if sources > 0 { silent::<Worlds::Schema>(queue.config, sources) } else { 0 };
        }
        assert_eq!(queue.bytes, sum);
        bytes += sum;
    }
    assert_eq!(told.edge_bytes, bytes + told.event_bytes);
    assert_eq!(told.edge_bytes, WorldCoordinator::<Worlds>::EDGE_BYTES);
    let worlds: usize = told.members.iter().map(|m| m.count * m.world.max_bytes).sum();
    assert_eq!(told.max_bytes, told.edge_bytes + worlds);
    assert_eq!(told.max_bytes, WorldCoordinator::<Worlds>::MAX_BYTES);
    told
}

/// The bytes of one inbox, or of the rings into one world, without events.
fn silent<S: Schema>(queue: QueueConfig, sources: usize) -> usize {
    let of = |sources| edge_bytes::<S>(queue, sources);
    of(sources) - sources * event_bytes::<S>()
}

fn event_bytes<S: Schema>() -> usize {
    let one = |event: &static_ecs::event::EventInfo| {
        event.capacity.next_power_of_two() as usize * (size_of::<usize>() + event.parcel_size)
    };
    S::EVENTS.iter().map(one).sum()
}

/// `(from, only, why, count)` of each edge.
fn edges(told: &TopologyDescription) -> Vec<(usize, usize, Option<u16>, String, usize)> {
    let edges = told.queues.iter().flat_map(|queue| {
        queue.edges.iter().map(|edge| {
            let why: Vec<String> = edge.why.iter().map(ToString::to_string).collect();
            (edge.from, queue.to, edge.only, why.join(", "), edge.count)
        })
    });
    edges.collect()
}

#[test]
fn a_pipeline_has_an_edge_for_each_route() {
    #[world_config(base = Base, role = accept, routing(default_target = Work, Failed => Log), targets(Log))]
    struct Source;
    #[world_config(base = Base, routing(default_target = Log), neighbours = none)]
    struct Work;
    #[world_config(base = Base)]
    struct Log;
    const fn none(_: usize, _: usize) -> bool {
        false
    }
    let told = holds::<(Source, [Work; 4], Log)>();
    let expected = [
        (0, 1, None, "completed".to_owned(), 1),
        (0, 2, None, "completed with Failed, marked".to_owned(), 1),
        (1, 2, None, "completed".to_owned(), 4),
    ];
    assert_eq!(edges(&told), expected);
    assert_eq!(told.queues.iter().map(|queue| queue.shared).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn an_array_has_edges_between_neighbours() {
    #[world_config(base = Base, source)]
    struct All;
    #[world_config(base = Base, source, neighbours = ring::<5>)]
    struct Ring;
    #[world_config(base = Base, source, neighbours = grid::<3, 2>)]
    struct Grid;
    for (told, count) in
        [(holds::<[All; 5]>(), 20), (holds::<[Ring; 5]>(), 10), (holds::<[Grid; 6]>(), 14)]
    {
        assert_eq!(edges(&told), [(0, 0, None, "neighbours".to_owned(), count)]);
        assert_eq!(told.edges, count);
    }
    assert!(edges(&holds::<[All; 1]>()).is_empty());
    assert_eq!(edges(&holds::<([All; 2], [Ring; 5], [Grid; 6])>()).len(), 3);
}

#[test]
fn targets_may_be_ids_arrays_and_the_own_array() {
    #[world_config(base = Base, source, targets(Shards, 3, Log, 5))]
    struct Hub;
    // Its target twice: by name and by id.
    #[world_config(base = Base)]
    struct Log;
    // One of them is its own target, and one its neighbour.
    #[world_config(base = Base, targets(2, Hub), neighbours = ring::<4>)]
    struct Shards;
    let told = holds::<(Hub, [Shards; 4], Log)>();
    let expected = [
        (1, 0, None, "marked".to_owned(), 4),
        (0, 1, None, "marked".to_owned(), 4),
        (0, 1, Some(3), "marked".to_owned(), 1),
        (1, 1, Some(2), "marked".to_owned(), 3),
        (1, 1, None, "neighbours".to_owned(), 8),
        (0, 2, None, "marked".to_owned(), 1),
    ];
    let mut found = edges(&told);
    found.sort_by_key(|edge| (edge.1, edge.0, edge.2.is_none()));
    let mut expected = expected.to_vec();
    expected.sort_by_key(|edge| (edge.1, edge.0, edge.2.is_none()));
    assert_eq!(found, expected);
    // The edges that two entries have are there once.
    assert_eq!(told.edges, 4 + 4 + 9 + 1);
}

#[test]
fn rings_are_counted_one_by_one() {
    #[world_config(base = Base, source, routing(default_target = Sink))]
    struct Left;
    #[world_config(base = Base, source, targets(Sink))]
    struct Right;
    #[world_config(
        base = Base,
        transfer_queue(capacity = 16, batch_size = 4, spsc = true, on_full = spill(7))
    )]
    struct Sink;
    let told = holds::<([Left; 3], Right, Sink)>();
    // The others are the neighbours among `Left`.
    let sink = told.queues.iter().find(|queue| queue.to == 2).unwrap();
    assert_eq!((sink.count, sink.shared), (4, false));
    assert!(told.to_string().contains("4 rings"));
}

mod with_events {
    use super::*;

    #[world_config(
        components(Number),
        events(Note(capacity = 12)),
        max_entities = 100,
        transfer_queue(capacity = 16, batch_size = 4)
    )]
    struct Base;
    #[world_config(base = Base, source, routing(default_target = Work), targets(Work))]
    struct Source;
    #[world_config(base = Base, targets(Source))]
    struct Work;
    #[world_config(base = Base, source, routing(default_target = Apart))]
    struct Door;
    #[world_config(base = Base, neighbours = none)]
    struct Apart;
    const fn none(_: usize, _: usize) -> bool {
        false
    }

    /// An array is sent events one by one, also where it shares an inbox; and once where there
    /// are two edges.
    #[test]
    fn events_are_counted_for_each_two_worlds() {
        let told = holds::<(Source, [Work; 3])>();
        let pairs = 3 + 3 + 3 * 2;
        assert_eq!(told.event_bytes, pairs * event_bytes::<Base>());
        assert!(told.to_string().contains("events on their way: up to "));
        // Through the inbox alone.
        let told = holds::<(Door, [Apart; 3])>();
        assert_eq!((told.edges, told.event_bytes), (1, 3 * event_bytes::<Base>()));
    }
}

mod large {
    use super::*;

    #[world_config(base = Base, source)]
    struct Cell;
    #[world_config(base = Base, source, targets(Cell))]
    struct Hub;
    coordinator!(type Cells = (Hub, [Cell; 255]));

    const _: () = assert!(Cells::WORLDS == 256 && Cells::EDGES == 255 + 255 * 254);
    const _: () = assert!(Cells::MAX_BYTES > Cells::EDGE_BYTES);

    #[test]
    fn many_worlds_are_few_lines() {
        let told = Cells::describe();
        assert_eq!((told.worlds, told.edges), (256, 255 * 255));
        let text = told.to_string();
        assert!(text.lines().count() < 10, "{text}");
        assert!(text.contains("Cell x 255  1 to 255"), "{text}");
        assert_eq!(told.mermaid().to_string().lines().count(), 1 + 2 + 2);
        assert_eq!(told.graphviz().to_string().lines().count(), 2 + 2 + 2 + 1);
    }
}
