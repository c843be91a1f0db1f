//! Who has asked to leave a world still wants to after a hook has panicked in the midst of a
//! dispatch.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use static_ecs::prelude::*;

#[derive(Component, Clone, Copy)]
struct Number(#[expect(dead_code)] u32);
#[derive(Component, Clone, Copy)]
struct Other;
/// The first that is dropped panics.
#[derive(Component)]
struct Fragile(Arc<AtomicI64>);

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.0.fetch_sub(1, Ordering::Relaxed) != 1, "a drop panics");
    }
}

#[world_config(
    components(Number, Other, Fragile, ChildOf, Children),
    transfer_queue(capacity = 8, batch_size = 4)
)]
struct Base;
#[world_config(base = Base, source, routing(default_target = Wide), targets(Narrow, Wide, Brim))]
struct Home;
#[world_config(base = Base)]
struct Narrow;
#[world_config(base = Base, transfer_queue(capacity = 64))]
struct Wide;
#[world_config(base = Base, transfer_queue(on_full = shed))]
struct Brim;
coordinator!(type Town = (Home, Narrow, Wide, Brim));

/// A town where the hook of whoever leaves home panics at one of the next calls.
fn town() -> (Town, Arc<AtomicI64>) {
    let mut town = Town::new();
    town.supervise::<Home>(Supervision::Restart { most: 3 });
    let armed = Arc::<AtomicI64>::default();
    let calls = armed.clone();
    town.world_mut::<Home>().on_depart(move |_, _, _| {
        assert!(calls.fetch_sub(1, Ordering::Relaxed) != 1, "a hook panics");
    });
    town.start().unwrap();
    (town, armed)
}

#[track_caller]
fn fails(town: &mut Town) {
    let failure = town.tick_world::<Home>().unwrap_err().to_string();
    assert!(failure.contains("a hook panics"), "{failure}");
    assert!(town.conservation().holds());
}

#[test]
fn who_asked_to_leave_leaves_after_a_hook_has_panicked() {
    // The first, one within a batch, the last, and one of those who were completed.
    for call in [1, 3, 10, 14] {
        let (mut town, armed) = town();
        let (wide, home) = (Town::id_of::<Wide>(), town.world_mut::<Home>());
        for number in 0..20 {
            let entity = home.spawn(Number(number)).unwrap();
            match number {
                0..10 => home.insert(entity, TransferMarker::to(wide)).unwrap(),
                _ => home.complete(entity).unwrap(),
            }
        }
        armed.store(call, Ordering::Relaxed);
        fails(&mut town);
        let home = town.world::<Home>();
        assert_eq!(home.outbox_len(), home.len());
        assert!(town.drain(10).unwrap());
        assert_eq!(town.world::<Wide>().len(), 20);
        assert!(town.conservation().holds());
    }
}

/// What is asked for in vain, or by copy, is not asked for again.
#[test]
fn copies_are_not_made_twice() {
    let (mut town, armed) = town();
    let (wide, home) = (Town::id_of::<Wide>(), town.world_mut::<Home>());
    let copy = TransferMarker { destroy_on_transfer: false, ..TransferMarker::to(wide) };
    home.spawn((Number(0), copy)).unwrap();
    home.spawn((Number(1), TransferMarker::to(9))).unwrap();
    home.spawn((Number(2), Other, TransferMarker::to(wide))).unwrap();
    // The copy goes first.
    armed.store(2, Ordering::Relaxed);
    fails(&mut town);
    assert_eq!(town.world::<Home>().outbox_len(), 1);
    assert!(town.drain(10).unwrap());
    assert_eq!((town.world::<Home>().len(), town.world::<Wide>().len()), (2, 2));
    assert_eq!(town.problems().len(), 1);
    assert!(town.conservation().holds());
}

/// A tree that waits holds back who goes the same way, until it has gone or wants to no more.
#[test]
fn a_tree_that_waited_goes_after_a_hook_has_panicked() {
    for recalled in [false, true] {
        let (mut town, armed) = town();
        let [narrow, wide] = [Town::id_of::<Narrow>(), Town::id_of::<Wide>()];
        let home = town.world_mut::<Home>();
        let mut tree = || {
            let root = home.spawn(Number(0)).unwrap();
            (1..6).for_each(|number| _ = home.spawn_child(root, Number(number)).unwrap());
            root
        };
        let [first, second] = [tree(), tree()];
        home.send_tree(first, TransferMarker::to(narrow)).unwrap();
        home.spawn((Number(9), TransferMarker::to(narrow))).unwrap();
        home.spawn((Number(9), TransferMarker::to(wide))).unwrap();
        home.send_tree(second, TransferMarker::to(narrow)).unwrap();
        // Six go as a tree, and the second finds no room.
        armed.store(7, Ordering::Relaxed);
        fails(&mut town);
        assert_eq!(town.pending_transfers_for(narrow), 6);
        assert_eq!(town.world::<Home>().outbox_len(), 3);
        if recalled {
            town.world_mut::<Home>().recall(second).unwrap();
        }
        for _ in 0..2 {
            town.tick_world::<Home>().unwrap();
        }
        let waits = if recalled { 0 } else { 2 };
        assert_eq!(town.world::<Home>().outbox_len(), waits);
        assert_eq!(town.pending_transfers_for(narrow), if recalled { 7 } else { 6 });
        assert!(town.drain(10).unwrap());
        let came = (town.world::<Narrow>().len(), town.world::<Wide>().len());
        assert_eq!(came, if recalled { (7, 1) } else { (13, 1) });
        assert!(town.conservation().holds());
    }
}

#[test]
fn whole_tables_leave_after_a_drop_has_panicked() {
    let mut town = Town::new();
    town.supervise::<Home>(Supervision::Restart { most: 3 });
    town.start().unwrap();
    let [wide, brim] = [Town::id_of::<Wide>(), Town::id_of::<Brim>()];
    let home = town.world_mut::<Home>();
    // One more than there is room for.
    let armed = Arc::new(AtomicI64::new(1));
    for _ in 0..9 {
        home.spawn((Fragile(armed.clone()), TransferMarker::to(brim))).unwrap();
    }
    home.spawn_batch((0..3_u32).map(|number| (Number(number), Other))).unwrap();
    assert_eq!(home.transfer_query::<With<Other>>(wide), 3);
    let failure = town.tick_world::<Home>().unwrap_err().to_string();
    assert!(failure.contains("a drop panics"), "{failure}");
    assert_eq!(town.world::<Home>().outbox_len(), 8 + 3);
    assert!(town.drain(10).unwrap());
    assert_eq!((town.world::<Brim>().len(), town.world::<Wide>().len()), (8, 3));
    assert!(town.conservation().holds());
}
