//! Edges, ids and cycles of small topologies, and that a large one is quick.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::*;
use crate::config::{NeighbourMatrix, OnFull, Route, WorldDesc, neighbours};

const fn world(name: &'static str, targets: &'static [Target]) -> Group {
    let mut desc = WorldDesc::new(name, name, "Base");
    desc.targets = targets;
    Group { desc, count: 1, array: false, components: &[] }
}

const fn array(name: &'static str, targets: &'static [Target], count: usize) -> Group {
    Group { count, array: true, ..world(name, targets) }
}

const fn matrix(mut group: Group, rows: &'static NeighbourMatrix) -> Group {
    group.desc.neighbours = Neighbours::Matrix(rows);
    group
}

const IO: Target = Target::World("Io");
const COMPUTE: Target = Target::World("Compute");
static RING: NeighbourMatrix = crate::__neighbour_matrix!(neighbours::ring::<4>);

fn edges(topology: &Topology<'_>) -> Vec<(usize, usize)> {
    let pairs = |from| topology.one_by_one(from).map(move |to| (from, to));
    let edges: Vec<_> = (0..topology.total()).flat_map(pairs).collect();
    for from in 0..topology.total() {
        for to in 0..topology.total() {
            assert_eq!(topology.edge(from, to), edges.contains(&(from, to)));
        }
    }
    edges
}

#[test]
fn worlds_are_counted_through_all_groups() {
    let groups = [world("Io", &[]), array("Compute", &[], 4), world("Audit", &[])];
    let topology = Topology::new(&groups);
    assert_eq!(topology.total(), 6);
    assert_eq!(
        [topology.locate(0), topology.locate(4), topology.locate(5)],
        [(0, 0), (1, 3), (2, 0)]
    );
    assert_eq!(topology.flat(1, 2), 3);
    assert_eq!(topology.members(1).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn ids_are_declared_or_the_place() {
    let mut groups = [world("Io", &[]), array("Compute", &[], 3), world("Audit", &[])];
    groups[0].desc.id = Some(3);
    groups[1].desc.id = Some(0);
    let topology = Topology::new(&groups);
    let ids: Vec<_> = (0..5).map(|world| topology.id_of(world)).collect();
    assert_eq!(ids, [3, 0, 1, 2, 4]);
    for world in 0..5 {
        assert_eq!(topology.world_of(topology.id_of(world)), Some(world));
    }
    assert_eq!(topology.world_of(5), None);
    assert_eq!(topology.resolve(Target::Id(3)), Some(Destination::World(0)));
}

#[test]
fn target_is_a_world_or_a_whole_array() {
    let groups = [world("Io", &[]), array("Compute", &[], 2)];
    let topology = Topology::new(&groups);
    assert_eq!(topology.resolve(IO), Some(Destination::World(0)));
    assert_eq!(topology.resolve(COMPUTE), Some(Destination::Array(1)));
    assert_eq!(topology.resolve(Target::Id(2)), Some(Destination::World(2)));
    assert_eq!(topology.resolve(Target::World("Audit")), None);
}

#[test]
fn edges_come_from_default_routes_and_targets() {
    let mut io = world("Io", &[Target::Id(3)]);
    io.desc.routing.default = Some(Target::World("Accept"));
    io.desc.routing.routes = &[Route { component: 0, target: Target::World("Audit") }];
    let groups = [world("Accept", &[IO]), io, world("Audit", &[]), world("Last", &[])];
    assert_eq!(edges(&Topology::new(&groups)), [(0, 1), (1, 0), (1, 2), (1, 3)]);
}

#[test]
fn array_is_reached_through_one_inbox_or_member_by_member() {
    let mut io = world("Io", &[]);
    io.desc.routing.default = Some(COMPUTE);
    let mut store = world("Store", &[]);
    store.desc.routing.routes = &[Route { component: 0, target: COMPUTE }];
    let groups = [
        io,
        array("Compute", &[IO, COMPUTE], 2),
        world("Audit", &[Target::Id(2)]),
        store,
        world("Accept", &[COMPUTE]),
    ];
    let topology = Topology::new(&groups);
    assert_eq!(edges(&topology), [(1, 0), (1, 2), (2, 0), (2, 1), (3, 2), (5, 1), (5, 2)]);
    let through_inbox = [0, 1, 3, 4, 5].map(|from| topology.array_edge(from, 1));
    assert_eq!(through_inbox, [true, false, false, true, false]);
    assert!(topology.shares_inbox(1) && !topology.shares_inbox(0));
    let targets = [groups[4], groups[1]];
    assert!(!Topology::new(&targets).shares_inbox(1));
    for from in [0, 4, 5] {
        assert_eq!(topology.successors(from).collect::<Vec<_>>(), [1, 2]);
    }
}

#[test]
fn neighbours_are_counted_inside_their_array() {
    let groups = [world("Io", &[]), matrix(array("Zone", &[], 4), &RING)];
    let expected = [(1, 2), (1, 4), (2, 1), (2, 3), (3, 2), (3, 4), (4, 1), (4, 3)];
    assert_eq!(edges(&Topology::new(&groups)), expected);
}

#[test]
fn bits_move_across_words() {
    let bits = WorldBits::range(3, 70);
    for places in [0, 1, 61, 64, 130, 186] {
        let moved: Vec<_> = bits.shifted(places).collect();
        assert_eq!(moved, (3 + places..70 + places).collect::<Vec<_>>());
    }
    assert_eq!(WorldBits::range(0, 256).count(), 256);
    assert_eq!(WorldBits::range(64, 64).first(), None);
}

#[test]
fn cycles_are_numbered_along_the_edges() {
    let groups = [
        world("Last", &[]),
        world("Io", &[COMPUTE]),
        array("Compute", &[IO, Target::World("Last")], 3),
        world("Accept", &[IO]),
    ];
    let cycles = Topology::new(&groups).cycles();
    assert_eq!(cycles.count(), 3);
    assert_eq!([5, 1, 2, 0].map(|world| cycles.component_of(world)), [0, 1, 1, 2]);
    assert!(cycles.same(1, 4) && !cycles.same(0, 1) && cycles.same(0, 0));
}

/// Compares with the transitive closure, on matrices from sparse to dense.
#[test]
#[cfg_attr(miri, ignore = "long, leaks its matrices, and runs no unsafe code")]
#[allow(clippy::needless_range_loop)]
fn cycles_are_where_each_reaches_the_other() {
    let mut seed = 1_u64;
    for round in 0..30 {
        let rows: &NeighbourMatrix = Box::leak(Box::new(core::array::from_fn(|_| {
            let mut row = [0; 4];
            for to in 0..40 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                row[0] |= u64::from((seed >> 33) % 400 < 2 + round) << to;
            }
            row
        })));
        let groups = [matrix(array("Zone", &[], 40), rows)];
        let topology = Topology::new(&groups);
        let mut reach: Vec<Vec<bool>> =
            (0..40).map(|from| (0..40).map(|to| topology.edge(from, to)).collect()).collect();
        for via in 0..40 {
            for from in 0..40 {
                for to in 0..40 {
                    reach[from][to] |= reach[from][via] && reach[via][to];
                }
            }
        }
        let cycles = topology.cycles();
        for a in 0..40 {
            for b in 0..40 {
                assert_eq!(cycles.same(a, b), a == b || reach[a][b] && reach[b][a]);
                assert!(!reach[a][b] || cycles.component_of(a) <= cycles.component_of(b));
            }
        }
    }
}

/// The circle that a walk in depth finds first goes through seven worlds; the shorter one
/// leads to the eighth.
#[test]
#[should_panic(
    expected = "for ever: Zone[3] -> Zone[7] -> Zone[3]; write another `on_full` than `block`"
)]
fn shortest_blocking_cycle_is_told() {
    const fn circles(from: usize, to: usize) -> bool {
        match from {
            3 => to == 4 || to == 7,
            7 => to == 3,
            _ => to == (from + 1) % 7,
        }
    }
    static CIRCLES: NeighbourMatrix = crate::__neighbour_matrix!(circles);
    let mut zones = matrix(array("Zone", &[], 8), &CIRCLES);
    zones.desc.queue.on_full = OnFull::Block(core::time::Duration::ZERO);
    check(&[zones]);
}

/// At the limit of worlds the rules and the cycles are constants without a
/// complaint of the compiler about their cost.
#[test]
fn many_worlds_are_checked_at_compile_time() {
    const fn blocking_line() -> [Group; 1] {
        let mut zones = matrix(array("Zone", &[], MAX_WORLDS), &ALL_BUT_BACK);
        zones.desc.source = true;
        zones.desc.queue.on_full = OnFull::Block(core::time::Duration::ZERO);
        [zones]
    }
    const fn forward(from: usize, to: usize) -> bool {
        from < to
    }
    static ALL_BUT_BACK: NeighbourMatrix = crate::__neighbour_matrix!(forward);
    const ALIKE: [Group; 1] = [array("Zone", &[], MAX_WORLDS)];
    const ORDERED: usize = {
        check(&blocking_line());
        check(&ALIKE);
        Topology::new(&blocking_line()).cycles().count()
    };
    const { assert!(Topology::new(&ALIKE).cycles().count() == 1) };
    assert_eq!(ORDERED, MAX_WORLDS);
}
