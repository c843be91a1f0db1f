//! A consumer on a thread of its own that is a hundred times slower than its producer, under
//! each policy, with and without admission: memory is what it was once all was full for some
//! time, and no more than is declared.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

use static_ecs::edge_bytes;
use static_ecs::schema::Schema;

use super::*;

/// Counts the bytes that the process holds.
struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: hands each call on to the system's allocator, and counts beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promises are the system's demands.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Component)]
struct Load(#[expect(dead_code)] [u64; 12]);

/// Memory of its own, which a lost entity would keep.
#[derive(Component)]
struct Text(#[expect(dead_code)] Box<[u8; 64]>);

#[world_config(components(Load, Text))]
struct Base;

/// What the producer makes in each tick, where the consumer ends one.
const FASTER: usize = 100;

/// How many the consumer ends before memory is looked at, and after. First, all who waited when
/// it was full have gone, with what they lay in: 500 in the spill, 64 in the queue, 64 at home.
const WARM: usize = 1_000;
const LOOKED_AT: usize = 1_500;

/// What else allocates: the test harness, names of threads, lists of the scheduler.
const OTHERS: isize = 64 << 10;

/// The bytes that a world and the edges into it may take: rows of all residents with all
/// components and what these own, twice since tables and lists double, and the edges.
fn declared<W: WorldConfig>(sources: usize) -> usize {
    let row: usize = W::Schema::COMPONENTS.iter().map(|info| info.size).sum();
    // Beside the components: the id, its slot and place in the outbox, at home and abroad.
    let resident = row + 64 + 8 + 3 * 12;
    2 * resident * W::DESC.max_entities as usize + edge_bytes::<W::Schema>(W::DESC.queue, sources)
}

macro_rules! slow_consumer {
    ($($name:ident: ($($setting:tt)*);)*) => {$(
        #[test]
        #[cfg_attr(miri, ignore = "takes too long")]
        fn $name() {
            #[world_config(base = Base, source, max_entities = 2048, routing(default_target = Slow))]
            struct Fast;
            #[world_config(
                base = Base, max_entities = 64,
                transfer_queue(capacity = 64, batch_size = 16, $($setting)*)
            )]
            struct Slow;
            coordinator!(type Pair = (Fast, Slow));

            let _turn = alone();
            for admitted in [false, true] {
                let before = HELD.load(Ordering::Relaxed);
                let mut pair = Pair::new();
                let (ended, filled) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
                let (tells, mut made) = (filled.clone(), 0);
                pair.add_system::<Fast, _>(move |world: &mut World<Fast>| {
                    // All is full, or as many have been made as are shed.
                    if made > 10_000 {
                        tells.store(true, Ordering::Release);
                    }
                    for _ in 0..FASTER {
                        // Without admission the world's own limit is what ends it.
                        let refused = admitted && world.try_admit(1).is_err();
                        if refused || world.room() == 0 {
                            tells.store(true, Ordering::Release);
                            break;
                        }
                        let job = (Load([1; 12]), Text(Box::new([2; 64])));
                        let job = world.spawn(job).unwrap();
                        world.complete(job).unwrap();
                        made += 1;
                    }
                });
                let [warm, late] = [(); 2].map(|()| Arc::new(AtomicIsize::new(0)));
                let (counted, peaks) = (ended.clone(), [warm.clone(), late.clone()]);
                let is_full = filled.clone();
                pair.add_system::<Slow, _>(move |world: &mut World<Slow>| {
                    let Some(job) = world.entities().next() else { return };
                    world.despawn(job).unwrap();
                    let begun = usize::from(is_full.load(Ordering::Acquire));
                    let count = counted.fetch_add(begun, Ordering::Relaxed) + begun;
                    let peak = &peaks[usize::from(count > WARM)];
                    peak.fetch_max(HELD.load(Ordering::Relaxed) - before, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_micros(50));
                });
                pair.set_pace::<Fast>(Pace::Continuous);
                pair.set_pace::<Slow>(Pace::Continuous);
                let running = pair.run(Placement::PerWorld).unwrap();
                wait_until(|| ended.load(Ordering::Relaxed) >= WARM + LOOKED_AT);
                let stopped = running.stop_within(Duration::ZERO);
                assert!(stopped.failures.is_empty() && stopped.conservation.holds(), "{stopped:?}");
                let [warm, late] = [warm, late].map(|peak| peak.load(Ordering::Relaxed));
                assert!(late <= warm + OTHERS, "{late} bytes, after {warm}; admitted: {admitted}");
                let bound = (declared::<Fast>(0) + declared::<Slow>(1)) as isize + OTHERS;
                assert!(warm.max(late) <= bound, "{warm} and {late} bytes of {bound}");
                // On a thread that ends: each keeps the memory of columns for the next.
                std::thread::spawn(move || drop(stopped)).join().unwrap();
                let left = HELD.load(Ordering::Relaxed) - before;
                assert!(left <= OTHERS, "{left} bytes are not given back");
            }
        }
    )*};
}

slow_consumer! {
    memory_is_bounded_where_they_are_retained: (on_full = retain);
    memory_is_bounded_where_they_are_retained_by_rings: (on_full = retain, spsc = true);
    memory_is_bounded_where_the_source_blocks: (on_full = block(1ms));
    memory_is_bounded_where_they_are_shed: (on_full = shed);
    memory_is_bounded_where_they_are_spilled: (on_full = spill(500));
}
