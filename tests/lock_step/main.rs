//! Worlds in lock-step: equal inputs give equal results, whatever the threads.

mod cost;
mod order;
mod pace;
mod random;
mod stop;

use static_ecs::prelude::*;

#[derive(Component, Clone, Debug, PartialEq, Eq, Hash)]
struct Number(u64);

#[derive(Component, Clone, Hash)]
struct Tag;

#[world_config(components(Number, Tag), transfer_queue(capacity = 8, batch_size = 2))]
struct Base;

/// The numbers in a world, in the order of its rows.
fn rows<W: WorldConfig<Schema = Base>>(world: &World<W>) -> Vec<u64> {
    world.view::<&Number>().map(|number| number.0).collect()
}

/// Spawns an entity for each number and completes it.
fn send<W: WorldConfig<Schema = Base>>(world: &mut World<W>, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let entity = world.spawn((Number(number),)).unwrap();
        world.complete(entity).unwrap();
    }
}

/// Makes a world the last to send: its first departure takes a while.
fn be_slow<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
    let mut slept = false;
    world.on_depart(move |_, _, _| {
        if !std::mem::replace(&mut slept, true) {
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
    });
}
