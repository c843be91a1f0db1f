//! How fast a snapshot is beside a copy of as many bytes. Prints, and asserts nothing.

use std::hint::black_box;
use std::time::Instant;

use ecs_core::world::World;

use super::{Base, Position, Small, Team};

/// The least of some runs, in bytes per nanosecond.
fn speed(bytes: usize, mut run: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_nanos()
    };
    bytes as f64 / (0..15).map(once).min().unwrap_or(1) as f64
}

#[test]
#[ignore = "measures: run it with `--release -- --ignored --nocapture speed`"]
fn speed_beside_memcpy() {
    for count in [1_000, 100_000, 1_000_000_u32] {
        let mut world = World::<Base>::new();
        let at = |n: u32| Position { x: n as f32, y: 1.0 };
        world.spawn_batch((0..count / 2).map(|n| (at(n), Team::Red))).unwrap();
        world.spawn_batch((0..count / 2).map(|n| (at(n), Small(1)))).unwrap();
        let bytes = world.snapshot().unwrap().to_vec();
        let (size, mut copy) = (bytes.len(), bytes.clone());
        let memcpy = speed(size, || black_box(&mut copy).copy_from_slice(black_box(&bytes)));
        let write = speed(size, || {
            copy.clear();
            world.snapshot().unwrap().append_to(&mut copy);
        });
        assert_eq!(copy, bytes);
        let read = speed(size, || world.restore(&bytes).unwrap());
        println!(
            "{count} entities, {size} bytes: copy {memcpy:.1} GB/s, write {write:.1} GB/s, restore {read:.1} GB/s"
        );
    }
}
