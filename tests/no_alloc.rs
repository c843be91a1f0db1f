//! In the steady state nothing is allocated for a transfer, and an edge takes no
//! more memory than its constant says: seen by an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use static_ecs::config::neighbours::ring;
use static_ecs::prelude::*;
use static_ecs::{EdgeEnd, edge_bytes};

struct Counting;

thread_local! {
    /// Calls for memory, on this thread.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// Bytes taken and not given back, on this thread.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(calls: usize, bytes: isize) {
    // Not while the thread ends.
    let _ = CALLS.try_with(|count| count.set(count.get() + calls));
    let _ = BYTES.try_with(|count| count.set(count.get() + bytes));
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: the caller's promises are the system's demands.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as isize - layout.size() as isize);
        // SAFETY: as in `alloc`.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Component, Clone, Copy)]
struct Position([f32; 3]);
#[derive(Component, Clone, Copy)]
struct Velocity(#[expect(dead_code)] [f32; 3]);
#[derive(Component, Clone, Copy)]
struct Fast;
#[derive(Component)]
struct Body(#[expect(dead_code)] Vec<u8>);

#[world_config(components(Position, Velocity, Fast, Body))]
struct Base;

const ENTITIES: usize = if cfg!(miri) { 50 } else { 10_000 };
const ROUNDS: usize = if cfg!(miri) { 3 } else { 50 };

/// How the entities are sent on.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Completion,
    Priority,
    Copies,
}

fn send_on<W: WorldConfig<Schema = Base>>(
    next: u16,
    by: By,
) -> impl FnMut(&mut World<W>, &mut Commands<W>) + Clone + Send + use<W> {
    move |world: &mut World<W>, commands: &mut Commands<W>| {
        for (entity, position) in world.query::<(Entity, &mut Position)>() {
            position.0[0] += 1.0;
            let marker = TransferMarker {
                target_world: next,
                priority: by == By::Priority,
                destroy_on_transfer: by != By::Copies,
            };
            match by {
                By::Completion => commands.complete(entity).unwrap(),
                By::Priority | By::Copies => commands.insert(entity, marker).unwrap(),
            }
        }
    }
}

/// The calls for memory while 10,000 entities go around three worlds.
macro_rules! calls_around {
    ($by:expr, $($queue:tt)*) => {{
        #[world_config(base = Base, source, routing(default_target = B),
            transfer_queue(capacity = 16384, batch_size = 64, $($queue)*))]
        struct A;
        #[world_config(base = A, routing(default_target = C))]
        struct B;
        #[world_config(base = A, routing(default_target = A))]
        struct C;
        coordinator!(type Ring = (A, B, C));

        let mut ring = Ring::new();
        let start = (Position([0.0; 3]), Velocity([1.0; 3]));
        for index in 0..ENTITIES {
            let entity = ring.world_mut::<A>().spawn(start).unwrap();
            // Two archetypes, one of which owns memory.
            if index % 3 == 0 {
                ring.world_mut::<A>().insert(entity, (Body(vec![1; 8]), Fast)).unwrap();
            }
        }
        ring.add_system::<A, _>(send_on::<A>(1, $by));
        ring.add_system::<B, _>(send_on::<B>(2, $by));
        ring.add_system::<C, _>(send_on::<C>(0, $by));
        for _ in 0..8 {
            ring.tick().unwrap();
        }
        let moved = ring.stats().received();
        let begun = CALLS.get();
        for _ in 0..ROUNDS {
            ring.tick().unwrap();
        }
        let made = CALLS.get() - begun;
        assert!(ring.stats().received() - moved >= (ROUNDS * ENTITIES) as u64);
        assert!(ring.conservation().holds());
        made
    }};
}

#[test]
fn nothing_is_allocated_per_transfer_through_inboxes() {
    assert_eq!(calls_around!(By::Completion, spsc = false), 0);
}

#[test]
fn nothing_is_allocated_per_transfer_through_rings() {
    assert_eq!(calls_around!(By::Completion, spsc = true), 0);
}

#[test]
fn nothing_is_allocated_per_transfer_with_priority() {
    assert_eq!(calls_around!(By::Priority, spsc = false), 0);
    assert_eq!(calls_around!(By::Priority, spsc = true), 0);
}

#[test]
fn nothing_is_allocated_while_queues_are_full() {
    #[world_config(base = Base, source, routing(default_target = Narrow))]
    struct Many;
    #[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 16, spsc = true))]
    struct Narrow;
    #[world_config(base = Base, source, routing(default_target = Spilled))]
    struct Source;
    #[world_config(base = Base, transfer_queue(capacity = 64, batch_size = 16, on_full = spill(64)))]
    struct Spilled;
    coordinator!(type Strait = (Many, Narrow, Source, Spilled));

    let mut strait = Strait::new();
    let mut made = Vec::new();
    for _ in 0..40 {
        let many = strait.world_mut::<Many>();
        for _ in 0..100 {
            let entity = many.spawn((Position([0.0; 3]),)).unwrap();
            many.complete(entity).unwrap();
        }
        let source = strait.world_mut::<Source>();
        for _ in 0..100 {
            let entity = source.spawn((Position([0.0; 3]),)).unwrap();
            source.complete(entity).unwrap();
        }
        while strait.world::<Many>().len() + strait.world::<Source>().len() > 0 {
            let begun = CALLS.get();
            strait.tick().unwrap();
            made.push(CALLS.get() - begun);
            strait.world_mut::<Narrow>().clear();
            strait.world_mut::<Spilled>().clear();
        }
        strait.tick().unwrap();
        strait.world_mut::<Narrow>().clear();
        strait.world_mut::<Spilled>().clear();
    }
    let late = &made[made.len() / 2..];
    assert!(late.len() > 30 && late.iter().sum::<usize>() == 0, "{made:?}");
}

/// Copies take fresh ids, and ids of guests that end return to their origin.
#[test]
fn nothing_is_allocated_for_copies_and_returned_ids() {
    #[world_config(base = Base, source, targets(1))]
    struct Mother;
    #[world_config(base = Base, transfer_queue(capacity = 1024, batch_size = 64))]
    struct Grave;
    coordinator!(type Life = (Mother, Grave));

    let mut life = Life::new();
    for _ in 0..500 {
        life.world_mut::<Mother>().spawn((Position([0.0; 3]), Velocity([0.0; 3]))).unwrap();
    }
    life.add_system::<Mother, _>(send_on::<Mother>(1, By::Copies));
    life.add_system::<Grave, _>(|world: &mut World<Grave>, commands: &mut Commands<Grave>| {
        for entity in world.query::<Entity>() {
            commands.despawn(entity).unwrap();
        }
    });
    for _ in 0..8 {
        life.tick().unwrap();
    }
    let begun = CALLS.get();
    for _ in 0..ROUNDS {
        life.tick().unwrap();
    }
    assert_eq!(CALLS.get() - begun, 0);
    assert!(life.stats().received() >= (ROUNDS * 500) as u64);
    assert!(life.conservation().holds());
}

/// What a coordinator of one edge takes when each entity in it is alone in its
/// block, in both lanes.
macro_rules! bytes_when_full {
    ($capacity:literal, $($queue:tt)*) => {{
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Start;
        #[world_config(base = Base, transfer_queue(capacity = $capacity, batch_size = 16, $($queue)*))]
        struct Sink;
        coordinator!(type Pair = (Start, Sink));
        let before = BYTES.get();
        let mut pair = Pair::new();
        for round in 0..3 {
            for priority in [false, true] {
                for _ in 0..$capacity {
                    let mut transfer = Pair::create_transfer(0, 1).with_priority(priority);
                    transfer.pack(Position([0.0; 3])).unwrap();
                    pair.queue_transfer(0, 1, transfer).unwrap();
                }
            }
            if round < 2 {
                while pair.pop_transfer_for(1).is_some() {}
            }
        }
        assert_eq!(pair.pending_transfers_for(1), 2 * $capacity);
        ((BYTES.get() - before) as usize, edge_bytes::<Base>(Sink::DESC.queue, 1))
    }};
}

#[test]
fn an_edge_takes_no_more_than_its_constant() {
    let (small, small_limit) = bytes_when_full!(64, spsc = true);
    let (large, large_limit) = bytes_when_full!(128, spsc = true);
    let (grown, limit) = (large - small, large_limit - small_limit);
    assert!(grown <= limit && grown > limit / 2, "{grown} of {limit}");
    let (small, small_limit) = bytes_when_full!(64, spsc = false);
    let (large, large_limit) = bytes_when_full!(128, spsc = false);
    let (grown, limit) = (large - small, large_limit - small_limit);
    assert!(grown <= limit && grown > limit / 2, "{grown} of {limit}");
}

/// The bytes taken by events that fill an edge, and the edge's constant.
macro_rules! bytes_of_full_event_queue {
    ($capacity:expr) => {{
        #[derive(Event)]
        struct Note(#[expect(dead_code)] [u64; 5]);
        #[world_config(components(Position), events(Note(capacity = $capacity)))]
        struct Base;
        #[world_config(base = Base, source, targets(Sink))]
        struct Source;
        #[world_config(base = Base)]
        struct Sink;
        coordinator!(type Pair = (Source, Sink));

        let mut pair = Pair::new();
        pair.start().unwrap();
        let sink = Pair::id_of::<Sink>();
        let send = |source: &mut World<Source>| while source.send_to(sink, Note([0; 5])).is_ok() {};
        // The line in the source is the world's, and has its memory already.
        send(pair.world_mut::<Source>());
        let before = BYTES.get();
        pair.tick_world::<Source>().unwrap();
        let taken = BYTES.get() - before;
        // From here on nothing is allocated, whatever comes and goes.
        for round in 0..3 * ROUNDS {
            let calls = CALLS.get();
            send(pair.world_mut::<Source>());
            pair.tick().unwrap();
            assert!(round < 4 || CALLS.get() == calls, "in round {round}");
        }
        let sent = pair.stats().edge(0, sink).unwrap().events_received;
        assert!(sent as usize > ROUNDS);
        (taken as usize, edge_bytes::<Base>(static_ecs::config::QueueConfig::DEFAULT, 1))
    }};
}

#[test]
fn an_event_queue_takes_no_more_than_its_constant_and_then_nothing() {
    let (small, small_limit) = bytes_of_full_event_queue!(64);
    let (large, large_limit) = bytes_of_full_event_queue!(128);
    let (grown, limit) = (large - small, large_limit - small_limit);
    assert!(grown <= limit && grown > limit / 2, "{grown} of {limit}");
}

/// What a coordinator takes whose worlds and edges are full, and its constants: by edges, and by
/// entities in worlds.
macro_rules! bytes_when_all_is_full {
    ($capacity:literal, $residents:literal) => {{
        #[world_config(
            components(Position, Velocity, Fast, Body),
            max_entities = $residents,
            transfer_queue(capacity = $capacity, batch_size = 16)
        )]
        struct Own;
        #[world_config(base = Own, source, targets(Sink, Ring))]
        struct Start;
        #[world_config(base = Own, source, neighbours = ring::<3>, targets(Sink))]
        struct Shard;
        #[world_config(base = Own, targets(Ring))]
        struct Sink;
        #[world_config(
            base = Own,
            transfer_queue(capacity = $capacity, batch_size = 16, spsc = true)
        )]
        struct Ring;
        coordinator!(type All = (Start, [Shard; 3], Sink, Ring));

        fn fill<W: WorldConfig<Schema = Own>>(all: &mut All) {
            let count = all.worlds::<W>().len();
            for index in 0..count {
                let world = all.world_at_mut::<W>(index);
                world.reserve::<(Position, Velocity, Fast, Body)>($residents).unwrap();
                let row = || (Position([0.0; 3]), Velocity([0.0; 3]), Fast, Body(Vec::new()));
                world.spawn_batch((0..$residents).map(|_| row())).unwrap();
            }
        }

        let before = BYTES.get();
        let mut all = All::new();
        let edges = all.stats().edges;
        let fill_edges = |all: &mut All| {
            for edge in &edges {
                let EdgeEnd::World(to) = edge.to else { unreachable!("none is shared") };
                for priority in [false, true] {
                    for _ in 0..$capacity {
                        let transfer = All::create_transfer(edge.from, to).with_priority(priority);
                        // Sources of one inbox share its room.
                        let _ = all.queue_transfer(edge.from, to, transfer);
                    }
                }
            }
        };
        fill_edges(&mut all);
        let on_edges = (BYTES.get() - before) as usize;
        let before = BYTES.get();
        fill::<Start>(&mut all);
        fill::<Shard>(&mut all);
        fill::<Sink>(&mut all);
        fill::<Ring>(&mut all);
        let in_worlds = (BYTES.get() - before) as usize;
        let told = [All::EDGE_BYTES, All::MAX_BYTES - All::EDGE_BYTES];
        [(on_edges, told[0]), (in_worlds, told[1])]
    }};
}

#[test]
fn a_coordinator_takes_what_its_constants_say() {
    // Each on a thread of its own, which has kept no memory of others.
    let alone = |measure: fn() -> [(usize, usize); 2]| {
        std::thread::spawn(measure).join().expect("it can be measured")
    };
    let [(few, few_told), (small, small_told)] = alone(|| bytes_when_all_is_full!(64, 20_000));
    let [(many, many_told), (large, large_told)] = alone(|| bytes_when_all_is_full!(256, 60_000));
    // Without what each world and edge has beside its places.
    let (grown, told) = (many - few, many_told - few_told);
    assert!(grown <= told && grown > told / 10 * 9, "{grown} of {told}");
    assert!(few <= few_told + (6 + 12) * 8192, "{few} of {few_told}");
    // Columns are rounded up by a quarter at most, and not all slots have all of theirs.
    for (taken, told) in [(small, small_told), (large, large_told)] {
        assert!(taken <= told / 4 * 5 && taken > told / 10 * 9, "{taken} of {told}");
    }
}

/// The bytes taken by events that fill all ways through an inbox that an array shares, and the
/// coordinator's constant.
macro_rules! bytes_of_events_to_an_array {
    ($capacity:expr) => {{
        #[derive(Event)]
        struct Note(#[expect(dead_code)] [u64; 5]);
        #[world_config(components(Position), events(Note(capacity = $capacity)))]
        struct Base;
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Source;
        #[world_config(base = Base)]
        struct Sink;
        coordinator!(type Fan = (Source, [Sink; 4]));

        let mut fan = Fan::new();
        fan.start().unwrap();
        let first = Fan::id_of::<Sink>();
        for sink in first..first + 4 {
            let source = fan.world_mut::<Source>();
            while source.send_to(sink, Note([0; 5])).is_ok() {}
        }
        let before = BYTES.get();
        fan.tick_world::<Source>().unwrap();
        assert_eq!(fan.stats().edges.iter().map(|e| e.counts.events_sent).sum::<u64>(), 4 * $capacity);
        ((BYTES.get() - before) as usize, Fan::describe().event_bytes)
    }};
}

/// The sinks are neighbours, too, who send nothing.
#[test]
fn events_to_an_array_take_a_queue_for_each_member() {
    let (small, small_told) = bytes_of_events_to_an_array!(64);
    let (large, large_told) = bytes_of_events_to_an_array!(128);
    let ways = 4 + 4 * 3;
    let (grown, told) = (large - small, (large_told - small_told) / ways * 4);
    assert!(grown <= told && grown > told / 10 * 9, "{grown} of {told}");
}
