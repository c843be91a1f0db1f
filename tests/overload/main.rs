//! A producer that is faster than its consumer, under each policy, with priority traffic: how
//! long priority takes stays what it is without load, counts add up, and with admission the
//! memory of the whole pipeline stays under what is declared.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use static_ecs::prelude::*;
use static_ecs::{edge_bytes, schema::Schema};

/// Counts the bytes that each thread has taken and not given back.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // Not while the thread ends.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: hands each call on to the system's allocator, and counts beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are the system's demands.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// When it was made: the number of the tick.
#[derive(Component, Clone, Copy)]
struct Made(u64);

#[derive(Component, Clone, Copy)]
struct Urgent;

/// What makes an entity heavy.
#[derive(Component, Clone, Copy)]
struct Load(#[expect(dead_code)] [u64; 12]);

#[world_config(components(Made, Urgent, Load))]
struct Base;

/// Entities that the source makes in a tick, and that the sink works off in one.
const PRODUCED: usize = 48;
const CONSUMED: usize = 16;
/// One of this many ticks makes an urgent one.
const URGENT_EVERY: u64 = 8;

/// What the sink has seen.
struct Seen {
    /// How many ticks each urgent one took.
    latencies: Vec<u64>,
    plain: usize,
}

/// A source, a world between, and a slow sink, with queues of one kind.
macro_rules! pipeline {
    ($($setting:tt)*) => {
        #[world_config(
            base = Base, source, max_entities = 1024,
            routing(default_target = Middle), targets(Middle),
            transfer_queue(capacity = 64, batch_size = 16, $($setting)*)
        )]
        struct Source;
        #[world_config(
            base = Base, max_entities = 128, routing(default_target = Sink), targets(Sink),
            transfer_queue(capacity = 64, batch_size = 16, $($setting)*)
        )]
        struct Middle;
        #[world_config(
            base = Base, max_entities = 128,
            transfer_queue(capacity = 64, batch_size = 16, $($setting)*)
        )]
        struct Sink;
        coordinator!(type Pipeline = (Source, Middle, Sink));

        /// With `produced` entities in each tick, as far as `admitted` ones are asked for.
        #[allow(dead_code)]
        fn pipeline(produced: usize, admitted: bool) -> (Pipeline, Arc<Mutex<Seen>>) {
            let mut pipeline = Pipeline::new();
            let clock = Arc::new(AtomicU64::new(0));
            let now = clock.clone();
            pipeline.add_system::<Source, _>(move |world: &mut World<Source>| {
                let tick = now.fetch_add(1, Ordering::Relaxed);
                if tick.is_multiple_of(URGENT_EVERY) {
                    let marker = TransferMarker { priority: true, ..1.into() };
                    world.spawn((Made(tick), Urgent, marker)).unwrap();
                }
                for _ in 0..produced {
                    let refused = admitted && world.try_admit(1).is_err();
                    // Without admission the source's own limit is what ends it.
                    if refused || world.room() < 64 {
                        break;
                    }
                    let entity = world.spawn((Made(tick), Load([tick; 12]))).unwrap();
                    world.complete(entity).unwrap();
                }
            });
            pipeline.add_system::<Middle, _>(|world: &mut World<Middle>| {
                let here: Vec<Entity> = world.entities().collect();
                for entity in here {
                    if world.has::<Urgent>(entity) {
                        let marker = TransferMarker { priority: true, ..2.into() };
                        world.insert(entity, marker).unwrap();
                    } else {
                        world.complete(entity).unwrap();
                    }
                }
            });
            let seen = Seen { latencies: Vec::with_capacity(4096), plain: 0 };
            let seen = Arc::new(Mutex::new(seen));
            let noted = seen.clone();
            pipeline.add_system::<Sink, _>(move |world: &mut World<Sink>| {
                let tick = clock.load(Ordering::Relaxed);
                let mut seen = noted.lock().unwrap();
                let urgent: Vec<_> = world
                    .view_filtered::<(Entity, &Made), With<Urgent>>()
                    .map(|(entity, made)| (entity, made.0))
                    .collect();
                for (entity, made) in urgent {
                    seen.latencies.push(tick - made);
                    world.despawn(entity).unwrap();
                }
                let plain: Vec<Entity> = world.entities().take(CONSUMED).collect();
                seen.plain += plain.len();
                plain.into_iter().for_each(|entity| world.despawn(entity).unwrap());
            });
            (pipeline, seen)
        }

        /// Ticks `ticks` times. Answers the worst latency of the second half.
        #[allow(dead_code)]
        fn worst(produced: usize, ticks: usize) -> (u64, Pipeline) {
            let (mut pipeline, seen) = pipeline(produced, false);
            for _ in 0..ticks / 2 {
                pipeline.tick().unwrap();
            }
            seen.lock().unwrap().latencies.clear();
            for _ in 0..ticks / 2 {
                pipeline.tick().unwrap();
            }
            let conservation = pipeline.conservation();
            assert!(conservation.holds(), "{conservation}");
            let seen = seen.lock().unwrap();
            let expected = ticks as u64 / 2 / URGENT_EVERY;
            let count = seen.latencies.len() as u64;
            assert!(count + 1 >= expected, "{count} of {expected} urgent ones came");
            (seen.latencies.iter().copied().max().unwrap(), pipeline)
        }
    };
}

/// How long priority takes under load is what it takes without, but for a tick for each
/// full queue on its way, whatever has piled up.
macro_rules! priority_stays_flat {
    ($($name:ident: ($($setting:tt)*);)*) => {$(
        #[test]
        fn $name() {
            pipeline!($($setting)*);
            let (idle, _) = worst(0, 400);
            let (short, _) = worst(PRODUCED, 400);
            let (long, pipeline) = worst(PRODUCED, 2000);
            assert!(short <= idle + 2, "{short} ticks under load, {idle} without");
            assert!(long <= short, "{long} ticks after long, {short} before");
            let stats = pipeline.stats();
            let full: u64 = stats.edges.iter().map(|edge| edge.counts.full).sum();
            assert!(full > 0, "it was no overload");
        }
    )*};
}

priority_stays_flat! {
    priority_stays_flat_where_they_are_retained: (on_full = retain);
    priority_stays_flat_where_they_are_retained_by_rings: (on_full = retain, spsc = true);
    priority_stays_flat_where_the_source_blocks: (on_full = block(20us));
    priority_stays_flat_where_they_are_shed: (on_full = shed);
    priority_stays_flat_where_they_are_spilled: (on_full = spill(100));
    priority_stays_flat_where_they_linger: (on_full = retain, linger = 3);
}

/// Of each policy, what it says.
#[test]
fn counts_tell_what_became_of_each() {
    macro_rules! edge {
        ($($setting:tt)*) => {{
            pipeline!($($setting)*);
            let (_, pipeline) = worst(PRODUCED, 1000);
            let stats = pipeline.stats();
            (*stats.edge(0, 1).unwrap(), *stats.edge(1, 2).unwrap())
        }};
    }
    let (first, second) = edge!(on_full = retain);
    assert_eq!((first.shed, second.shed, first.spilled, second.spilled), (0, 0, 0, 0));
    let (first, second) = edge!(on_full = shed);
    assert!(first.shed > 0 || second.shed > 0);
    for edge in [first, second] {
        let way = edge.taken - edge.received - edge.shed;
        assert!(way <= 2 * 64, "no more on its way than both lanes take: {way}");
    }
    let (first, second) = edge!(on_full = spill(100));
    assert_eq!(first.shed + second.shed, 0);
    assert!(first.spilled <= 100 && second.spilled <= 100, "{} {}", first.spilled, second.spilled);
}

/// The bytes that the worlds and the edges of a pipeline may take: rows of all residents with
/// all components, twice since tables and lists double, and the edges.
fn declared<W: WorldConfig>(sources: usize) -> usize {
    let row: usize = W::Schema::COMPONENTS.iter().map(|info| info.size).sum();
    // Beside the components: the id, its slot and place in the outbox, at home and abroad.
    let resident = row + 8 + 3 * 12;
    2 * resident * W::DESC.max_entities as usize + edge_bytes::<W::Schema>(W::DESC.queue, sources)
}

/// What admission lets in is what the pipeline has room for.
#[test]
fn admission_holds_the_memory_of_the_whole_pipeline() {
    pipeline!(on_full = retain);
    let before = HELD.get();
    let (mut pipeline, seen) = pipeline(PRODUCED, true);
    let mut peak = 0;
    let mut waiting = 0;
    let mut after_start = 0;
    for tick in 0..4000 {
        pipeline.tick().unwrap();
        let held = (HELD.get() - before) as usize;
        peak = peak.max(held);
        waiting = waiting.max(pipeline.world::<Source>().len());
        if tick == 1000 {
            after_start = held;
        }
    }
    let end = (HELD.get() - before) as usize;
    let bound = declared::<Source>(0) + declared::<Middle>(1) + declared::<Sink>(1);
    assert!(peak <= bound, "{peak} bytes, where {bound} are declared");
    assert!(end <= after_start, "{end} bytes in the end, {after_start} after 1000 ticks");
    assert!(waiting <= PRODUCED + 1, "{waiting} wait at the source: it was not admitted");
    let seen = seen.lock().unwrap();
    assert!(seen.plain >= 3900 * CONSUMED, "the sink was kept busy: {}", seen.plain);
    assert!(pipeline.conservation().holds());
}

/// The same on threads, for a while: nothing is lost, and the source holds back.
#[test]
fn admission_holds_on_threads() {
    pipeline!(on_full = retain);
    let (mut pipeline, seen) = pipeline(PRODUCED, true);
    pipeline.set_pace::<Source>(Pace::Continuous);
    let running = pipeline.run(Placement::PerWorld).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut most = 0;
    while seen.lock().unwrap().plain < 20_000 && Instant::now() < deadline {
        let stats = running.stats();
        most = most.max(stats.worlds[0].counts.entities);
        std::thread::sleep(Duration::from_millis(1));
    }
    let stopped = running.stop();
    assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
    assert!(seen.lock().unwrap().plain >= 20_000);
    // Between two looks of the source at the pressure it takes in a few ticks' worth.
    assert!(most < 1024 / 2, "{most} entities in the source");
}
