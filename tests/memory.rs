//! What a world takes of memory, seen by an allocator that counts: a constant for
//! each entity beside its components, no more than what was reserved, and no new
//! memory for what others have given back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use static_ecs::prelude::*;
use static_ecs::world::OVERHEAD;

struct Counting;

thread_local! {
    /// Calls for at least a kilobyte, on this thread.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// Bytes taken and not given back, on this thread.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(size: usize, bytes: isize) {
    // Not while the thread ends.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + usize::from(size >= 1024)));
    let _ = BYTES.try_with(|count| count.set(count.get() + bytes));
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), layout.size() as isize);
        // SAFETY: the caller's promises are the system's demands.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, size as isize - layout.size() as isize);
        // SAFETY: as in `alloc`.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Component, Clone, Copy)]
struct Position(#[expect(dead_code)] [f32; 3]);
#[derive(Component, Clone, Copy)]
struct Velocity(#[expect(dead_code)] [f32; 3]);
#[derive(Component, Clone, Copy)]
struct Spin(#[expect(dead_code)] [f32; 2]);
#[derive(Component, Clone, Copy)]
struct Scale(#[expect(dead_code)] [f32; 2]);

#[world_config(components(Position, Velocity, Spin, Scale), max_entities = 20_000_000)]
struct Base;

#[world_config(base = Base, archetypes(all(Position, Velocity, Spin, Scale, capacity = 5_000)))]
struct Prepared;

type Row = (Position, Velocity, Spin, Scale);
const ROW: Row = (Position([1.0; 3]), Velocity([2.0; 3]), Spin([3.0; 2]), Scale([4.0; 2]));
const BYTES_OF_ROW: usize = 40;

/// Without Miri, which would take hours.
const MANY: usize = if cfg!(miri) { 1_000 } else { 10_000_000 };

/// The bytes taken by what runs on this thread, since `before`.
fn taken_since(before: isize) -> usize {
    (BYTES.get() - before).try_into().expect("more than was given back")
}

/// What an entity takes beside its components.
#[test]
fn overhead_is_16_bytes() {
    assert_eq!(OVERHEAD, 16);
}

#[test]
fn a_large_world_takes_what_its_rows_take() {
    let before = BYTES.get();
    let mut world = World::<Base>::new();
    world.reserve::<Row>(MANY).unwrap();
    world.spawn_batch((0..MANY).map(|_| ROW)).unwrap();
    let components = MANY * BYTES_OF_ROW;
    let index = MANY * OVERHEAD;
    let check = |world: &World<Base>, what: &str| {
        let taken = taken_since(before);
        assert!(taken <= components * 12 / 10 + index, "{what}: {taken} bytes");
        let told = world.bytes();
        assert!(told <= taken && taken - told < 4096, "{what}: {told} told, {taken} taken");
    };
    check(&world, "reserved");
    drop(world);
    // Grown one by one, and shrunk.
    let mut world = World::<Base>::new();
    for _ in 0..MANY {
        world.spawn(ROW).unwrap();
    }
    world.shrink();
    check(&world, "shrunk");
    world.despawn_where::<With<Position>>();
    world.shrink();
    // The slots stay: ids are never used twice.
    let left = taken_since(before);
    assert!(left <= MANY * 12 + 4096, "{left} bytes for ids that were used");
}

/// The first world grows into new memory, those after it into what it gave back.
#[test]
fn worlds_that_come_and_go_take_no_new_memory() {
    let grow = || {
        let mut world = World::<Base>::new();
        for _ in 0..5_000 {
            world.spawn(ROW).unwrap();
        }
    };
    grow();
    let before = CALLS.get();
    for _ in 0..10 {
        grow();
    }
    assert_eq!(CALLS.get(), before, "columns were taken from the allocator again");
}

/// In one world, columns of a table go to the next.
#[test]
fn tables_use_what_others_gave_back() {
    let mut world = World::<Base>::new();
    let ids = world.spawn_batch((0..2_000).map(|_| ROW.0)).unwrap().to_vec();
    world.remove_where::<(), Position>().unwrap();
    world.insert_where::<(), _>(|_| ROW.0).unwrap();
    let before = CALLS.get();
    for _ in 0..10 {
        // Back and forth between two tables, in whole and one by one.
        world.insert_where::<(), _>(|_| ROW.1).unwrap();
        world.remove_where::<(), Velocity>().unwrap();
    }
    let (after, limit) = (CALLS.get(), before + 4);
    assert!(after <= limit, "{} columns", after - before);
    assert_eq!(world.len(), ids.len());
}

#[test]
fn a_declared_capacity_is_there_from_the_start() {
    let mut world = World::<Prepared>::new();
    let table = world.tables().iter().find(|table| table.mask() != 0).unwrap();
    assert_eq!(table.capacity(), 5_000);
    world.reserve::<Row>(5_000).unwrap();
    let before = CALLS.get();
    for _ in 0..5_000 {
        world.spawn(ROW).unwrap();
    }
    assert_eq!(CALLS.get(), before, "what was reserved grew");
    assert!(world.reserve::<Row>(20_000_000).is_err());
}
