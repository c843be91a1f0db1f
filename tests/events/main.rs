//! Events that go to other worlds: where, in which order, through full queues, on
//! threads, in lock-step, and when all stops.

mod by_hand;
mod entities;
mod placements;
mod random;
mod stop;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug)]
struct Job;

/// From whom, and which of theirs.
#[derive(Event, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Note(u16, u32);

/// As a note, but old ones may go.
#[derive(Event, Clone, Copy, Debug, PartialEq, Eq)]
struct News(u16, u32);

/// About an entity that goes to the same world.
#[derive(Event, Clone, Copy, Debug)]
struct Sent(Entity);

/// Owns memory, and counts its drops.
#[derive(Event)]
struct Owned(#[allow(dead_code)] Box<u32>, Arc<AtomicUsize>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[world_config(
    components(Job),
    events(
        Note(capacity = 4),
        News(capacity = 3, on_full = drop_oldest),
        Sent(capacity = 64),
        Owned(capacity = 2),
    ),
    transfer_queue(capacity = 64, batch_size = 8)
)]
struct Base;

/// What a reader of a world has seen.
#[derive(Default)]
struct Seen(Vec<Note>);

/// Adds a reader that keeps all notes in the world's [`Seen`].
fn keep_notes<W: WorldConfig<Schema = Base>>(world: &mut World<W>, schedule: &mut Schedule<W>) {
    world.insert_resource(Seen::default());
    let mut cursor = EventCursor::new();
    schedule.add(move |world: &mut World<W>| {
        let notes: Vec<Note> = world.events::<Note>().read(&mut cursor).copied().collect();
        assert_eq!(cursor.missed(), 0);
        world.resource_mut::<Seen>().unwrap().0.extend(notes);
    });
}

fn seen<W: WorldConfig<Schema = Base>>(world: &World<W>) -> &[Note] {
    &world.resource::<Seen>().unwrap().0
}

/// Whether the notes of each source are there once and in order, from 0 on.
fn each_in_order(notes: &[Note], source: u16) -> bool {
    let numbers = notes.iter().filter(|note| note.0 == source).map(|note| note.1);
    numbers.enumerate().all(|(place, number)| place as u32 == number)
}

/// A system that sends up to `count` notes to a world, as many as there is room for.
fn send_notes<W: WorldConfig<Schema = Base>>(
    to: u16,
    count: u32,
) -> impl FnMut(&mut World<W>) + Clone + Send {
    let mut next = 0;
    move |world| {
        let id = world.id().unwrap();
        while next < count && world.send_to(to, Note(id, next)).is_ok() {
            next += 1;
        }
    }
}
