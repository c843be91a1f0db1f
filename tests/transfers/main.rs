//! A test for each rule by which entities travel between worlds, named after it.

mod cascade;
mod conservation;
mod drops;
mod edges;
mod identity;
mod linger;
mod order;
mod overload;
mod placements;

mod queued;
mod queues;
mod stop;
mod sweeps;
mod trees;
mod unfinished;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(u32);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Tag;

/// Refers to another entity.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Friend(Entity);

/// A value that owns memory, is no `Clone`, and counts its drops.
#[derive(Component)]
struct Owned {
    drops: Arc<Drops>,
    index: usize,
    /// Panics when dropped, unless a panic is passing already.
    fragile: bool,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.drops.0[self.index].fetch_add(1, Ordering::Relaxed);
        assert!(!self.fragile || std::thread::panicking(), "a fragile value");
    }
}

/// How often each value was dropped.
struct Drops(Vec<AtomicUsize>);

impl Drops {
    fn new(values: usize) -> Arc<Self> {
        Arc::new(Self((0..values).map(|_| AtomicUsize::new(0)).collect()))
    }

    fn value(self: &Arc<Self>, index: usize) -> Owned {
        Owned { drops: self.clone(), index, fragile: false }
    }

    fn fragile(self: &Arc<Self>, index: usize) -> Owned {
        Owned { drops: self.clone(), index, fragile: true }
    }

    fn counts(&self) -> Vec<usize> {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    fn total(&self) -> usize {
        self.counts().iter().sum()
    }

    #[track_caller]
    fn each_once(&self) {
        assert!(self.counts().iter().all(|&count| count == 1), "{:?}", self.counts());
    }
}

#[world_config(
    components(Number, Tag, Friend, Owned),
    transfer_queue(capacity = 8, batch_size = 4)
)]
struct Base;

/// Spawns entities `numbers` and completes them.
fn spawn_complete<W: WorldConfig<Schema = Base>>(
    world: &mut World<W>,
    numbers: std::ops::Range<u32>,
) -> Vec<Entity> {
    let spawn = |number| {
        let entity = world.spawn_batch([(Number(number),)]).unwrap()[0];
        world.complete(entity).unwrap();
        entity
    };
    numbers.map(spawn).collect()
}

/// A system that completes every entity.
fn complete_all<W: WorldConfig<Schema = Base>>(world: &mut World<W>, commands: &mut Commands<W>) {
    for entity in world.query::<Entity>() {
        commands.complete(entity).unwrap();
    }
}

/// The numbers in a world, sorted.
fn numbers<W: WorldConfig<Schema = Base>>(world: &World<W>) -> Vec<u32> {
    let mut numbers: Vec<u32> = world.view::<&Number>().map(|number| number.0).collect();
    numbers.sort_unstable();
    numbers
}

/// A transfer made by hand, with a number.
fn transfer(source: u16, target: u16, number: u32) -> EntityTransfer<Base> {
    let mut transfer = EntityTransfer::new(source, target);
    transfer.pack(Number(number)).unwrap();
    transfer
}
