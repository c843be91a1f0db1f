//! Trees travel as units: all of it is in one place at each moment that anyone can see,
//! in its order, whatever the policy of the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use static_ecs::prelude::*;
use static_ecs::world::SendTreeError;

use super::Drops;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Number(u32);

/// Puts an entity into another table.
#[derive(Component, Clone, Copy)]
struct Odd;

#[derive(Component)]
struct Owned(#[allow(dead_code)] super::Owned);

/// How many the tree of a root has.
#[derive(Component, Clone, Copy)]
struct Size(usize);

#[derive(Component, Clone, Copy)]
#[component(relation)]
struct Likes(Entity);

#[world_config(
    components(Number, Odd, Owned, Size, ChildOf, Children, Likes, Sources<Likes>),
    transfer_queue(capacity = 16, batch_size = 4)
)]
struct Base;

#[world_config(base = Base, source, targets(Retaining, Small, Shedding, Spilling, Blocking, Ring))]
struct Home;
#[world_config(base = Base, targets(Home))]
struct Retaining;
#[world_config(base = Base, max_entities = 10, targets(Home))]
struct Small;
#[world_config(base = Base, transfer_queue(on_full = shed))]
struct Shedding;
#[world_config(base = Base, transfer_queue(on_full = spill(3)))]
struct Spilling;
#[world_config(base = Base, transfer_queue(on_full = block(20ms)))]
struct Blocking;
#[world_config(base = Base, transfer_queue(spsc = true))]
struct Ring;

coordinator!(type Trees = (Home, Retaining, Small, Shedding, Spilling, Blocking, Ring));

/// A root with `size - 1` descendants, of several tables: children, and a grandchild of
/// each second of them.
fn plant<W: WorldConfig<Schema = Base>>(world: &mut World<W>, size: usize) -> Entity {
    let root = world.spawn((Number(0), Size(size))).unwrap();
    let mut parent = root;
    for n in 1..size as u32 {
        let at = if n % 3 == 0 { parent } else { root };
        parent = match n % 2 == 1 {
            true => world.spawn_child(at, (Number(n), Odd)).unwrap(),
            false => world.spawn_child(at, Number(n)).unwrap(),
        };
    }
    root
}

/// The numbers of a tree, depth first: its shape and its order.
fn shape<W: WorldConfig<Schema = Base>>(world: &World<W>, root: Entity) -> Vec<u32> {
    let all = [root].into_iter().chain(world.descendants(root));
    all.map(|entity| world.get::<Number>(entity).unwrap().0).collect()
}

/// Panics if a tree is not here as a whole.
fn check<W: WorldConfig<Schema = Base>>(world: &World<W>) {
    let mut counted = 0;
    for (root, size) in world.view::<(Entity, &Size)>() {
        assert_eq!(world.descendants(root).count() + 1, size.0);
        counted += size.0;
    }
    assert_eq!(counted, world.len(), "no part of a tree is here without the rest");
}

#[track_caller]
fn balanced(trees: &mut Trees) {
    let conservation = trees.conservation();
    assert!(conservation.holds(), "{conservation:?}");
}

#[test]
fn a_tree_moves_whole_and_in_order() {
    for target in ["inbox", "ring"] {
        let mut trees = Trees::new();
        trees.start().unwrap();
        let id =
            if target == "ring" { Trees::id_of::<Ring>() } else { Trees::id_of::<Retaining>() };
        let home = trees.world_mut::<Home>();
        let root = plant(home, 16);
        let [outside, inside] = [home.spawn(Number(50)).unwrap(), home.children(root)[2]];
        home.set_parent(root, outside).unwrap();
        home.relate::<Likes>(inside, outside).unwrap();
        home.relate::<Likes>(home.children(root)[0], inside).unwrap();
        home.relate::<Likes>(outside, inside).unwrap();
        let before = shape(home, root);
        assert_eq!(home.send_tree(root, TransferMarker::to(id)), Ok(16));
        trees.tick().unwrap();
        let home = trees.world::<Home>();
        assert_eq!((home.len(), home.children(outside)), (1, &[][..]));
        assert_eq!(home.target_of::<Likes>(outside), Some(inside));
        let (arrived, len, parent, likes) = if target == "ring" {
            let world = trees.world::<Ring>();
            let likes = world.sources_of::<Likes>(inside).to_vec();
            (shape(world, root), world.len(), world.parent(root), likes)
        } else {
            let world = trees.world::<Retaining>();
            let likes = world.sources_of::<Likes>(inside).to_vec();
            (shape(world, root), world.len(), world.parent(root), likes)
        };
        assert_eq!((arrived, len, parent), (before, 16, Some(outside)));
        assert_eq!(likes.len(), 1, "who likes it from elsewhere is not here");
        balanced(&mut trees);
    }
}

#[test]
fn what_can_not_be_sent_is_refused_or_reported_and_stays() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let (retaining, small) = (Trees::id_of::<Retaining>(), Trees::id_of::<Small>());
    let home = trees.world_mut::<Home>();
    let root = plant(home, 17);
    let copy = TransferMarker { destroy_on_transfer: false, ..TransferMarker::to(retaining) };
    assert_eq!(home.send_tree(root, copy), Err(SendTreeError::Copy));
    let ten = plant(home, 11);
    home.send_tree(root, TransferMarker::to(retaining)).unwrap();
    home.send_tree(ten, TransferMarker::to(small)).unwrap();
    trees.tick().unwrap();
    let problems: Vec<String> = trees.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("takes 16 entities at once"), "{}", problems[0]);
    assert!(problems[1].contains("takes 10 entities at once"), "{}", problems[1]);
    let home = trees.world_mut::<Home>();
    assert_eq!((home.len(), home.outbox_len()), (28, 0));
    check(home);
    home.send_tree(root, TransferMarker::to(40)).unwrap();
    trees.tick().unwrap();
    assert_eq!(trees.problems().len(), 1);
    check(trees.world::<Home>());
    balanced(&mut trees);
}

/// A small world into which nothing fits while the first tree is there.
#[test]
fn a_tree_waits_in_the_queue_for_room_in_the_target() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let small = Trees::id_of::<Small>();
    let home = trees.world_mut::<Home>();
    let roots = [6, 7, 3].map(|size| plant(home, size));
    for root in roots {
        home.send_tree(root, TransferMarker::to(small)).unwrap();
    }
    for _ in 0..3 {
        trees.tick().unwrap();
        check(trees.world::<Small>());
        assert_eq!(trees.world::<Small>().len(), 6);
        balanced(&mut trees);
    }
    trees.world_mut::<Small>().despawn_recursive(roots[0]).unwrap();
    trees.tick().unwrap();
    trees.tick().unwrap();
    assert_eq!(trees.world::<Small>().len(), 10);
    check(trees.world::<Small>());
    balanced(&mut trees);
}

#[test]
fn a_tree_that_waits_holds_back_what_goes_the_same_way() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let (small, other) = (Trees::id_of::<Small>(), Trees::id_of::<Retaining>());
    let home = trees.world_mut::<Home>();
    let [first, second] = [9, 10].map(|size| plant(home, size));
    let [single, priority, elsewhere] = [0, 1, 2].map(|_| plant(home, 1));
    home.send_tree(first, TransferMarker::to(small)).unwrap();
    home.send_tree(second, TransferMarker::to(small)).unwrap();
    home.insert(single, TransferMarker::to(small)).unwrap();
    let urgent = TransferMarker { priority: true, ..TransferMarker::to(small) };
    home.insert(priority, urgent).unwrap();
    home.insert(elsewhere, TransferMarker::to(other)).unwrap();
    trees.tick().unwrap();
    // Nine of the sixteen places were taken: seven were left, too few for the second.
    let home = trees.world::<Home>();
    assert!(home.contains(second) && home.contains(single), "it waits behind the tree");
    assert!(!home.contains(first) && !home.contains(priority) && !home.contains(elsewhere));
    let order: Vec<Entity> = home.outbox().map(|parcel| parcel.entity).collect();
    assert_eq!(order, [second, single]);
    for _ in 0..4 {
        trees.tick().unwrap();
        check(trees.world::<Home>());
        check(trees.world::<Small>());
    }
    balanced(&mut trees);
}

#[test]
fn shed_drops_a_tree_whole() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let shedding = Trees::id_of::<Shedding>();
    let drops = Drops::new(20);
    let home = trees.world_mut::<Home>();
    let roots = [10, 10].map(|size| plant(home, size));
    let mut index = 0;
    for root in roots {
        let members: Vec<Entity> = [root].into_iter().chain(home.descendants(root)).collect();
        for member in members {
            home.insert(member, Owned(drops.value(index))).unwrap();
            index += 1;
        }
        home.send_tree(root, TransferMarker::to(shedding)).unwrap();
    }
    trees.tick().unwrap();
    assert_eq!(drops.total(), 10);
    assert_eq!(trees.world::<Home>().len(), 0);
    trees.tick().unwrap();
    check(trees.world::<Shedding>());
    assert_eq!(trees.world::<Shedding>().len(), 10);
    let shed: u64 = trees.stats().edges.iter().map(|edge| edge.counts.shed).sum();
    assert_eq!(shed, 10);
    balanced(&mut trees);
    drop(trees);
    drops.each_once();
}

#[test]
fn a_tree_is_not_spilled() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let spilling = Trees::id_of::<Spilling>();
    let home = trees.world_mut::<Home>();
    let roots = [15, 2, 2].map(|size| plant(home, size));
    for root in roots {
        home.send_tree(root, TransferMarker::to(spilling)).unwrap();
    }
    // The target has not ticked yet: one of the queue's sixteen places is left.
    for _ in 0..3 {
        trees.tick().unwrap();
        check(trees.world::<Home>());
        check(trees.world::<Spilling>());
        balanced(&mut trees);
    }
    assert_eq!(trees.world::<Spilling>().len(), 19);
}

#[test]
fn block_waits_for_the_target_to_make_room() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let blocking = Trees::id_of::<Blocking>();
    let home = trees.world_mut::<Home>();
    for size in [12, 9, 16, 3] {
        let root = plant(home, size);
        home.send_tree(root, TransferMarker::to(blocking)).unwrap();
    }
    trees.tick().unwrap();
    assert_eq!(trees.world::<Home>().len(), 0, "the target was ticked meanwhile");
    trees.tick().unwrap();
    check(trees.world::<Blocking>());
    assert_eq!(trees.world::<Blocking>().len(), 40);
    balanced(&mut trees);
}

#[test]
fn a_tree_in_a_tree_goes_with_it() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let (retaining, ring) = (Trees::id_of::<Retaining>(), Trees::id_of::<Ring>());
    let home = trees.world_mut::<Home>();
    let root = plant(home, 9);
    let inner = home.children(root)[1];
    home.send_tree(root, TransferMarker::to(retaining)).unwrap();
    home.send_tree(inner, TransferMarker::to(ring)).unwrap();
    home.insert(home.children(root)[0], TransferMarker::to(ring)).unwrap();
    trees.tick().unwrap();
    trees.tick().unwrap();
    check(trees.world::<Retaining>());
    assert_eq!((trees.world::<Retaining>().len(), trees.world::<Ring>().len()), (9, 0));
    balanced(&mut trees);
}

/// Hooks see each member, and a panic of one leaves the tree where it was.
#[test]
fn a_hook_is_told_of_each_member() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let retaining = Trees::id_of::<Retaining>();
    let (left, came) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = left.clone();
    let home = trees.world_mut::<Home>();
    home.on_depart(move |world, entity, _| {
        assert!(world.contains(entity));
        count.fetch_add(1, Ordering::Relaxed);
    });
    let root = plant(home, 9);
    home.send_tree(root, TransferMarker::to(retaining)).unwrap();
    let count = came.clone();
    trees.world_mut::<Retaining>().on_arrive(move |world, entity| {
        let root = world.root(entity);
        let size = world.get::<Size>(root).unwrap().0;
        assert_eq!(world.descendants(root).count() + 1, size, "all are here");
        count.fetch_add(1, Ordering::Relaxed);
    });
    trees.tick().unwrap();
    trees.tick().unwrap();
    let counts = (left.load(Ordering::Relaxed), came.load(Ordering::Relaxed));
    assert_eq!(counts, (9, 9));
}

#[test]
fn what_is_dropped_in_flight_is_dropped_once() {
    let drops = Drops::new(12);
    let mut trees = Trees::new();
    trees.start().unwrap();
    let small = Trees::id_of::<Small>();
    let full = trees.world_mut::<Small>();
    full.spawn_batch((0..5).map(|_| (Number(0), Size(1)))).unwrap();
    let home = trees.world_mut::<Home>();
    for round in 0..2 {
        let root = plant(home, 6);
        let members: Vec<Entity> = [root].into_iter().chain(home.descendants(root)).collect();
        for (n, &member) in members.iter().enumerate() {
            home.insert(member, Owned(drops.value(round * 6 + n))).unwrap();
        }
        home.send_tree(root, TransferMarker::to(small)).unwrap();
    }
    trees.tick().unwrap();
    trees.tick().unwrap();
    assert_eq!(trees.world::<Small>().len(), 5, "none of them fits");
    let conservation = trees.close();
    assert!(conservation.holds(), "{conservation:?}");
    drops.each_once();
}

/// Trees go back and forth on threads, through queues into which one or two fit.
#[test]
fn trees_stay_whole_on_threads() {
    #[world_config(base = Base, max_entities = 4096, targets(Right), transfer_queue(capacity = 32))]
    struct Left;
    #[world_config(base = Base, max_entities = 4096, targets(Left), transfer_queue(capacity = 32, spsc = true))]
    struct Right;
    coordinator!(type Both = (Left, Right));

    static SENT: AtomicUsize = AtomicUsize::new(0);
    static GO: AtomicBool = AtomicBool::new(true);

    /// Checks each tree, and sends it on.
    fn send_on<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
        check(world);
        let other = 1 - world.id().unwrap();
        let roots: Vec<Entity> = world.view_filtered::<Entity, With<Size>>().collect();
        for root in roots {
            let mut numbers = shape(world, root);
            numbers.sort_unstable();
            assert!(numbers.iter().copied().eq(0..numbers.len() as u32));
            if GO.load(Ordering::Relaxed) {
                world.send_tree(root, TransferMarker::to(other)).unwrap();
                SENT.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    for placement in [Placement::PerWorld, Placement::Single] {
        SENT.store(0, Ordering::Relaxed);
        GO.store(true, Ordering::Relaxed);
        let mut both = Both::new();
        both.add_system::<Left, _>(send_on::<Left>);
        both.add_system::<Right, _>(send_on::<Right>);
        let mut planted = 0;
        for n in 0..12 {
            let size = 1 + n * 7 % 20;
            let roots =
                [plant(both.world_mut::<Left>(), size), plant(both.world_mut::<Right>(), size)];
            both.world_mut::<Left>().send_tree(roots[0], TransferMarker::to(1)).unwrap();
            both.world_mut::<Right>().send_tree(roots[1], TransferMarker::to(0)).unwrap();
            planted += 2 * size;
        }
        let running = both.run(placement).unwrap();
        let enough = if cfg!(miri) { 60 } else { 5_000 };
        while SENT.load(Ordering::Relaxed) < enough {
            std::thread::yield_now();
        }
        GO.store(false, Ordering::Relaxed);
        let stopped = running.stop_within(Duration::from_secs(300));
        assert!(stopped.drained && stopped.failures.is_empty(), "{stopped:?}");
        assert!(stopped.conservation.holds());
        let both = stopped.coordinator;
        let live = both.world::<Left>().len() + both.world::<Right>().len();
        assert_eq!(live, planted);
    }
}

/// In the queue, in part in the world's hands, and in the outbox: who takes a tree out by hand
/// gets all of it, and it grows together again where it is put in.
#[test]
fn a_tree_that_is_unfinished_is_handed_back_whole() {
    let mut trees = Trees::new();
    trees.start().unwrap();
    let (small, retaining) = (Trees::id_of::<Small>(), Trees::id_of::<Retaining>());
    let home = trees.world_mut::<Home>();
    let mut before = Vec::new();
    // The first fills the target, the next the queue; two more wait, and one is too large.
    for size in [9, 8, 7, 6, 5, 11] {
        let root = plant(home, size);
        home.send_tree(root, TransferMarker::to(small)).unwrap();
        before.push((root, shape(home, root)));
    }
    // Asked for by itself, and goes with its tree.
    let child = home.children(before[4].0)[0];
    home.insert(child, TransferMarker { priority: true, ..TransferMarker::to(retaining) }).unwrap();
    (0..4).for_each(|_| _ = trees.tick().unwrap());
    assert_eq!((trees.world::<Small>().len(), trees.pending_transfers_for(small)), (9, 15));
    assert_eq!(trees.problems().len(), 1);
    let home = trees.world_mut::<Home>();
    assert_eq!(home.len(), 6 + 5 - 1 + 11, "while its tree waits, one goes by itself");
    let held: Vec<_> = trees.take_unfinished().collect();
    assert_eq!(held.len(), 8 + 7 + 6 + 4);
    assert!(held.iter().all(|one| (one.source(), one.target()) == (0, small)));
    balanced(&mut trees);
    for transfer in held {
        trees.world_mut::<Retaining>().insert_transfer(transfer).unwrap();
    }
    let world = trees.world::<Retaining>();
    for (root, before) in &before[1..4] {
        let mut after = shape(world, *root);
        // Children come in the order in which they were put in.
        let mut before = before.clone();
        after.sort_unstable();
        before.sort_unstable();
        assert_eq!(after, before);
    }
    assert_eq!(shape(world, before[4].0).len(), 5, "also who went before");
    check(world);
    let home = trees.world::<Home>();
    assert_eq!(shape(home, before[5].0), before[5].1, "the large one never left");
    assert_eq!(home.len(), 11);
    balanced(&mut trees);
}
