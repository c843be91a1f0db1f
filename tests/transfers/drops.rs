//! Components that own memory are dropped exactly once, wherever their entity
//! ends and whatever passes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use static_ecs::prelude::*;

use crate::*;

/// The same through rings and through an inbox.
macro_rules! both {
    ($($name:ident)*) => {
        mod ring {
            use super::*;
            #[world_config(base = Base, source, routing(default_target = Sink))]
            struct Start;
            #[world_config(base = Base, max_entities = 10, transfer_queue(capacity = 64, spsc = true))]
            struct Sink;
            coordinator!(type Pair = (Start, Sink));
            $(#[test] fn $name() { super::$name::<Pair, Start, Sink>(); })*
        }
        mod inbox {
            use super::*;
            #[world_config(base = Base, source, routing(default_target = Sink))]
            struct Start;
            #[world_config(base = Base, max_entities = 10, transfer_queue(capacity = 64, spsc = false))]
            struct Sink;
            coordinator!(type Pair = (Start, Sink));
            $(#[test] fn $name() { super::$name::<Pair, Start, Sink>(); })*
        }
    };
}

/// A coordinator of a source (0) and a sink (1).
trait Pair<A: WorldConfig<Schema = Base>, B: WorldConfig<Schema = Base>> {
    fn start() -> Self;
    fn a(&mut self) -> &mut World<A>;
    fn b(&mut self) -> &mut World<B>;
    fn coordinator_tick_a(&mut self);
    fn coordinator_tick_b(&mut self);
    fn pop(&mut self) -> Option<EntityTransfer<Base>>;
    fn conserved(&mut self);
    fn end(self) -> static_ecs::Conservation;
}

impl<A, B> Pair<A, B> for WorldCoordinator<(A, B)>
where
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    fn start() -> Self {
        Self::new()
    }
    fn a(&mut self) -> &mut World<A> {
        self.world_mut::<A>()
    }
    fn b(&mut self) -> &mut World<B> {
        self.world_mut::<B>()
    }
    fn coordinator_tick_a(&mut self) {
        self.tick_world::<A>().unwrap();
    }
    fn coordinator_tick_b(&mut self) {
        self.tick_world::<B>().unwrap();
    }
    fn pop(&mut self) -> Option<EntityTransfer<Base>> {
        self.pop_transfer_for(1)
    }
    fn conserved(&mut self) {
        let conservation = self.conservation();
        assert!(conservation.holds(), "{conservation}");
    }
    fn end(self) -> static_ecs::Conservation {
        self.close()
    }
}

/// Spawns values `0..count` and completes them.
fn fill<W: WorldConfig<Schema = Base>>(world: &mut World<W>, drops: &Arc<Drops>) -> Vec<Entity> {
    let count = drops.0.len();
    let spawn = |index| {
        let entity = world.spawn_batch([(drops.value(index),)]).unwrap()[0];
        world.complete(entity).unwrap();
        entity
    };
    (0..count).map(spawn).collect()
}

fn a_queue_dropped_half_way<P, A, B>()
where
    P: Pair<A, B>,
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    let drops = Drops::new(20);
    let mut pair = P::start();
    fill(pair.a(), &drops);
    pair.coordinator_tick_a();
    assert_eq!(drops.total(), 0);
    pair.conserved();
    drop(pair);
    drops.each_once();
}

fn a_block_received_in_part<P, A, B>()
where
    P: Pair<A, B>,
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    // The sink has room for 10: two batches of 4 and half of a third.
    let drops = Drops::new(20);
    let mut pair = P::start();
    let entities = fill(pair.a(), &drops);
    pair.coordinator_tick_a();
    pair.coordinator_tick_b();
    assert_eq!(pair.b().len(), 10);
    pair.conserved();
    for (index, &entity) in entities[..10].iter().enumerate() {
        assert_eq!(pair.b().get::<Owned>(entity).unwrap().index, index);
    }
    pair.b().despawn(entities[0]).unwrap();
    assert_eq!(drops.total(), 1);
    drop(pair);
    drops.each_once();
}

fn a_batch_popped_in_part<P, A, B>()
where
    P: Pair<A, B>,
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    let drops = Drops::new(6);
    let mut pair = P::start();
    fill(pair.a(), &drops);
    pair.coordinator_tick_a();
    let mut moved_out = pair.pop().unwrap();
    let value = moved_out.unpack::<Owned>().unwrap();
    drop(moved_out);
    assert_eq!(drops.total(), 0, "it was moved out of the transfer");
    drop(value);
    drop(pair.pop().unwrap());
    assert_eq!(drops.counts(), [1, 1, 0, 0, 0, 0]);
    pair.conserved();
    drop(pair);
    drops.each_once();
}

fn a_coordinator_that_is_closed<P, A, B>()
where
    P: Pair<A, B>,
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    let drops = Drops::new(20);
    let mut pair = P::start();
    fill(pair.a(), &drops);
    pair.coordinator_tick_a();
    pair.coordinator_tick_b();
    let conservation = pair.end();
    drops.each_once();
    let edge = &conservation.edges[0];
    assert_eq!(
        (edge.stats.counts.received, edge.stats.counts.dropped, edge.in_flight),
        (10, 10, 0)
    );
    assert!(conservation.holds(), "{conservation}");
}

fn a_panic_in_a_drop<P, A, B>()
where
    P: Pair<A, B>,
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    let drops = Drops::new(20);
    let mut pair = P::start();
    for index in 0..20 {
        // In the first block, in one that is in the middle, and in the last.
        let value = match index {
            1 | 9 | 18 => drops.fragile(index),
            _ => drops.value(index),
        };
        let entity = pair.a().spawn_batch([(value, Number(1))]).unwrap()[0];
        pair.a().complete(entity).unwrap();
    }
    pair.coordinator_tick_a();
    let panicked = catch_unwind(AssertUnwindSafe(|| drop(pair)));
    assert!(panicked.is_err());
    drops.each_once();
}

fn a_panic_in_a_drop_when_closed<P, A, B>()
where
    P: Pair<A, B>,
    A: WorldConfig<Schema = Base>,
    B: WorldConfig<Schema = Base>,
{
    let drops = Drops::new(12);
    let mut pair = P::start();
    for index in 0..12 {
        let value = if index == 5 { drops.fragile(index) } else { drops.value(index) };
        let entity = pair.a().spawn_batch([(value,)]).unwrap()[0];
        pair.a().complete(entity).unwrap();
    }
    pair.coordinator_tick_a();
    assert!(catch_unwind(AssertUnwindSafe(|| pair.end())).is_err());
    drops.each_once();
}

both! {
    a_queue_dropped_half_way
    a_block_received_in_part
    a_batch_popped_in_part
    a_coordinator_that_is_closed
    a_panic_in_a_drop
    a_panic_in_a_drop_when_closed
}

#[world_config(base = Base, source, routing(default_target = Sink))]
struct Start;
#[world_config(base = Base, transfer_queue(capacity = 8, batch_size = 4, on_full = shed))]
struct Sink;
coordinator!(type Two = (Start, Sink));

#[test]
fn what_is_shed() {
    let drops = Drops::new(20);
    let mut two = Two::new();
    fill(two.world_mut::<Start>(), &drops);
    two.tick_world::<Start>().unwrap();
    assert_eq!(drops.counts()[..12], [1; 12], "the oldest");
    assert_eq!(drops.total(), 12);
    assert!(two.conservation().holds());
    drop(two);
    drops.each_once();
}

#[test]
fn a_panic_while_something_is_shed() {
    let drops = Drops::new(20);
    let mut two = Two::new();
    for index in 0..20 {
        let value = if index == 3 { drops.fragile(index) } else { drops.value(index) };
        let entity = two.world_mut::<Start>().spawn((value,)).unwrap();
        two.world_mut::<Start>().complete(entity).unwrap();
    }
    let failure = two.tick_world::<Start>().unwrap_err();
    assert!(failure.to_string().contains("a fragile value"), "{failure}");
    let conservation = two.conservation();
    assert!(conservation.worlds.iter().all(|world| world.holds()), "{conservation}");
    drop(two);
    drops.each_once();
}

/// Room that was reserved comes back, and what did arrive is accounted for.
#[test]
fn a_panic_in_a_hook() {
    // Before an entity departs.
    let drops = Drops::new(4);
    let mut two = Two::new();
    let entities = fill(two.world_mut::<Start>(), &drops);
    two.world_mut::<Start>().on_depart(|_, _, _| panic!("departing"));
    let failure = two.tick_world::<Start>().unwrap_err();
    assert!(failure.to_string().contains("departing"), "{failure}");
    assert_eq!(two.pending_transfers_for(1), 0, "the room is back");
    assert!(entities.iter().all(|&entity| two.world::<Start>().contains(entity)));
    assert!(two.conservation().holds());

    // After it has arrived.
    two.start().unwrap();
    two.world_mut::<Start>().on_depart(|_, _, _| ());
    for &entity in &entities {
        two.world_mut::<Start>().complete(entity).unwrap();
    }
    two.tick_world::<Start>().unwrap();
    two.world_mut::<Sink>().on_arrive(|_, _| panic!("arriving"));
    let failure = two.tick_world::<Sink>().unwrap_err();
    assert!(failure.to_string().contains("arriving"), "{failure}");
    let conservation = two.conservation();
    assert!(conservation.holds(), "{conservation}");
    assert_eq!(two.pending_transfers_for(1), 0);
    assert!(entities.iter().all(|&entity| two.world::<Sink>().contains(entity)));
    assert_eq!(drops.total(), 0);
    drop(two);
    drops.each_once();
}

/// Panics when it is cloned the third time.
#[derive(Component)]
struct Shy(Arc<AtomicUsize>);

impl Clone for Shy {
    fn clone(&self) -> Self {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) != 2, "a shy value");
        Self(self.0.clone())
    }
}

#[test]
fn a_panic_in_a_clone() {
    #[world_config(components(Shy), transfer_queue(capacity = 8, batch_size = 8))]
    struct Shys;
    #[world_config(base = Shys, source, routing(default_target = There))]
    struct Here;
    #[world_config(base = Shys)]
    struct There;
    coordinator!(type Places = (Here, There));

    let count = Arc::new(AtomicUsize::new(0));
    let mut places = Places::new();
    let copy = TransferMarker { target_world: 1, priority: false, destroy_on_transfer: false };
    for _ in 0..5 {
        places.world_mut::<Here>().spawn((Shy(count.clone()), copy)).unwrap();
    }
    let failure = places.tick_world::<Here>().unwrap_err();
    assert!(failure.to_string().contains("a shy value"), "{failure}");
    assert_eq!(places.pending_transfers_for(1), 0, "the room is back");
    assert_eq!(places.world::<Here>().len(), 5);
    let conservation = places.conservation();
    assert!(conservation.holds(), "{conservation}");
    assert_eq!(Arc::strong_count(&count), 6, "the copies that were made are dropped");
    drop(places);
    assert_eq!(Arc::strong_count(&count), 1);
}
