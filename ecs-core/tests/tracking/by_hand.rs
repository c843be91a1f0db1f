//! One rule after the other.

use ecs_core::query::With;
use ecs_core::schema::Schema;

use super::*;

fn changed(world: &mut World<Base>, seen: &mut Tick) -> usize {
    world.since(seen).view_filtered::<Entity, Changed<T>>().count()
}

#[test]
fn what_is_not_declared_is_not_tracked() {
    assert_eq!(Base::TRACKED, 0b1110);
    let mut plain = World::<Base>::new();
    let mut tracked = World::<Base>::new();
    let rows = 1 << 8;
    plain.spawn_columns((vec![Plain(0); rows],)).unwrap();
    tracked.spawn_columns((vec![G; rows],)).unwrap();
    plain.shrink();
    tracked.shrink();
    // Beside the values, a stamp of when they were added and one of when they changed.
    assert_eq!(tracked.bytes() - rows * 8, plain.bytes() - rows * 4);
}

#[test]
fn without_a_look_everything_is_news() {
    let mut world = World::<Base>::new();
    world.spawn(T(1)).unwrap();
    world.advance();
    world.spawn(T(2)).unwrap();
    assert_eq!(world.view_filtered::<&T, Added<T>>().count(), 2);
    assert_eq!(world.query_filtered::<&T, Changed<T>>().count(), 2);
    // After a look as well.
    let mut seen = world.tick();
    world.since(&mut seen);
    assert_eq!(world.view_filtered::<&T, Added<T>>().count(), 2);
}

#[test]
fn a_replaced_value_is_changed_and_not_added() {
    let mut world = World::<Base>::new();
    let e = world.spawn(T(1)).unwrap();
    let mut seen = world.advance();
    world.insert(e, (T(1), P(1))).unwrap();
    let world = world.since(&mut seen);
    assert_eq!(world.view_filtered::<&T, Added<T>>().count(), 0);
    assert_eq!(world.view_filtered::<&T, Changed<T>>().count(), 1);
    assert_eq!(world.view_filtered::<&P, Added<P>>().count(), 1);
}

#[test]
fn what_moves_to_another_table_keeps_its_history() {
    let mut world = World::<Base>::new();
    let ids = world.spawn_batch((0..100).map(T)).unwrap().to_vec();
    let mut seen = world.advance();
    world.get_mut::<T>(ids[50]).unwrap().0 = 0;
    // One by one, and all.
    world.insert(ids[0], Plain(0)).unwrap();
    world.insert(ids[50], Plain(0)).unwrap();
    world.insert_where::<(), _>(|_| G).unwrap();
    world.remove_where::<(), Plain>().unwrap();
    let changed = world.since(&mut seen);
    assert!(changed.view_filtered::<Entity, Changed<T>>().eq([ids[50]]));
    assert_eq!(changed.view_filtered::<Entity, Added<G>>().count(), 100);
}

#[test]
fn looks_inside_of_looks_end_with_them() {
    let mut world = World::<Base>::new();
    let (mut one, mut other) = (world.tick(), world.tick());
    world.advance();
    world.spawn(T(1)).unwrap();
    {
        let mut outer = world.since(&mut one);
        assert_eq!(outer.view_filtered::<&T, Changed<T>>().count(), 1);
        assert_eq!(changed(&mut outer, &mut other), 1);
        assert_eq!(outer.view_filtered::<&T, Changed<T>>().count(), 1);
    }
    assert_eq!((changed(&mut world, &mut one), changed(&mut world, &mut other)), (0, 0));
}

#[test]
fn stamps_of_long_ago_stay_so() {
    let mut world = World::<Base>::new();
    let e = world.spawn((T(1), P(1))).unwrap();
    let mut seen = world.advance();
    assert_eq!(changed(&mut world, &mut seen), 0);
    for _ in 0..20 {
        world.skip_ticks(1 << 29);
        let (mut now, mut then) = (world.advance(), seen);
        assert_eq!(changed(&mut world, &mut now), 0);
        assert_eq!(changed(&mut world, &mut then), 0);
    }
    // Nothing wrapped around.
    assert_eq!(changed(&mut world, &mut seen), 0);
    world.get_mut::<T>(e).unwrap().0 = 2;
    assert_eq!(changed(&mut world, &mut seen), 1);
}

#[test]
fn a_log_of_removals_is_bounded_and_tells_what_was_lost() {
    let mut world = World::<Base>::new();
    world.set_removed_limit(3);
    let (mut early, mut late) = (RemovedReader::<T>::default(), RemovedReader::<T>::default());
    let ids = world.spawn_batch((0..5).map(T)).unwrap().to_vec();
    world.despawn(ids[0]).unwrap();
    assert!(world.removed(&mut early).read().eq([ids[0]]));
    world.despawn_batch(&ids[1..]);
    let mut removed = world.removed(&mut early);
    assert_eq!((removed.len(), removed.lost()), (3, 1));
    // What is not taken counts as read.
    assert_eq!(removed.read().next(), Some(ids[2]));
    assert!(removed.is_empty());
    let mut removed = world.removed(&mut late);
    assert_eq!(removed.lost(), 2);
    assert!(removed.read().eq(ids[2..].iter().copied()));
    // A reader of another world reads this one's from where it is.
    let mut other = World::<Base>::new();
    let e = other.spawn(T(0)).unwrap();
    assert!(other.removed(&mut late).is_empty());
    other.remove::<T>(e).unwrap();
    assert!(other.removed(&mut late).read().eq([e]));
    world.set_removed_limit(1);
    let mut fresh = RemovedReader::<T>::default();
    assert_eq!((world.removed(&mut fresh).len(), world.removed(&mut fresh).lost()), (1, 4));
}

#[test]
fn commands_that_remove_and_insert_are_told_as_both() {
    let mut world = World::<Base>::new();
    let e = world.spawn(T(1)).unwrap();
    let mut seen = world.advance();
    let mut commands = Commands::with_capacity(10);
    commands.remove::<T>(e).unwrap();
    commands.insert(e, (T(2), Plain(1))).unwrap();
    commands.insert(e, G).unwrap();
    commands.remove::<G>(e).unwrap();
    commands.apply(&mut world).unwrap();
    let (mut of_t, mut of_g) = (RemovedReader::<T>::default(), RemovedReader::<G>::default());
    assert!(world.removed(&mut of_t).read().eq([e]));
    assert!(world.removed(&mut of_g).read().eq([e]));
    assert_eq!(world.since(&mut seen).view_filtered::<&T, Added<T>>().count(), 1);
}

#[test]
fn a_move_between_worlds_changes_and_neither_adds_nor_removes() {
    let (mut source, mut target) = (World::<Base>::new(), World::<Base>::new());
    let ids = source.spawn_batch((0..3).map(|n| (T(n), P(0)))).unwrap().to_vec();
    let mut seen = target.advance();
    target.insert_transfer(source.take(ids[0]).unwrap()).unwrap();
    target.insert_transfer(source.copy(ids[1]).unwrap()).unwrap();
    target.insert_transfer(source.split::<T>(ids[1]).unwrap()).unwrap();
    source.shed(ids[2], 1).unwrap();
    let world = target.since(&mut seen);
    assert_eq!(world.view_filtered::<&T, Added<T>>().count(), 0);
    assert_eq!(world.view_filtered::<&T, Changed<T>>().count(), 3);
    assert_eq!(world.view_filtered::<&P, Changed<P>>().count(), 2);
    assert!(source.removed(&mut RemovedReader::<T>::default()).is_empty());
}

#[test]
fn a_chunk_stamps_its_own_rows() {
    let mut world = World::<Base>::new();
    world.spawn_batch((0..400).map(|n| (T(n), Plain(0)))).unwrap();
    let mut seen = world.advance();
    let chunks: Vec<_> = world.query::<(&mut T, &Plain)>().chunks(64).collect();
    std::thread::scope(|scope| {
        for chunk in chunks.into_iter().step_by(2) {
            scope.spawn(move || chunk.for_each(|(t, _)| t.0 = 7));
        }
    });
    let world = world.since(&mut seen);
    assert!(world.view_filtered::<&T, Changed<T>>().all(|t| t.0 == 7));
    assert_eq!(world.view_filtered::<&T, Changed<T>>().count(), 3 * 64 + 16);
}

#[test]
fn a_struct_asks_for_history() {
    #[derive(ecs_macros::Query)]
    #[query(crate = ecs_core)]
    struct Seen<'w> {
        entity: Entity,
        t: Mut<'w, T>,
        p: Option<Ref<'w, P>>,
    }
    let mut world = World::<Base>::new();
    let e = world.spawn((T(1), P(2))).unwrap();
    let mut seen = world.advance();
    for mut item in world.query_filtered::<Seen<'_>, With<P>>() {
        assert_eq!(item.entity, e);
        assert!(item.p.is_some_and(|p| p.is_added() && p.into_inner().0 == 2));
        item.t.0 = 3;
        assert_eq!(format!("{:?}", item.t), "Mut(T(3))");
    }
    assert_eq!(changed(&mut world, &mut seen), 1);
}
