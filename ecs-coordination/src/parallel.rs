//! Queries on all cores.
//!
//! The calling thread begins alone, on parts that grow, and looks at the clock
//! between them. Only when what is left will take longer than it takes to wake a
//! thread do the threads of the `rayon` pool help: each takes the next part until
//! none is left, and the last parts are small, so that uneven work is spread evenly.
//! Work that is too little costs a few looks at the clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ecs_core::iter::{ChunkIter, QueryIter};
use ecs_core::query::{Filter, QueryData};
use ecs_core::schema::Schema;

/// Each thread's share of what is left must take this long: a parked thread takes 5
/// to 50 µs to wake.
const WORTH: Duration = Duration::from_micros(30);
/// Shorter times say little of what is left.
const TELLING: Duration = Duration::from_micros(2);
/// How much larger, at most, each part of the beginning is than what was done before.
const GROWTH: usize = 32;
/// A shared part is to take at least this long, since parts are handed out under a
/// lock.
const PART: Duration = Duration::from_micros(5);
/// How many parts each thread's share has, where they are not shorter than [`PART`]:
/// the more, the more evenly they end.
const PARTS: usize = 16;

/// Queries that can run on several threads at once: those of schemas of which all
/// components are `Send` and `Sync`.
///
/// Results are gathered by what threads can share, such as atomics, or through
/// `QueryIter::chunks`, of which each can be summed up by itself.
pub trait ParQuery: Sized {
    /// What one entity gives.
    type Item;

    /// Calls `each` with every entity, on as many threads as pay, in any order.
    ///
    /// # Panics
    /// If `each` does; the other threads end what they have begun.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Matrix([[f64; 4]; 4]);
    /// # #[world_config(components(Matrix))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// # world.spawn_batch((0..1_000).map(|_| Matrix([[1.0; 4]; 4])))?;
    /// world.query::<&mut Matrix>().par_for_each(|matrix| {
    ///     for row in &mut matrix.0 {
    ///         row.iter_mut().for_each(|cell| *cell = cell.sqrt());
    ///     }
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn par_for_each(self, each: impl Fn(Self::Item) + Sync);

    /// As [`par_for_each`](Self::par_for_each), in parts of up to `rows` entities
    /// from the start, for those who know what their work costs.
    ///
    /// # Panics
    /// If `rows` is zero, or `each` panics.
    fn par_for_each_in(self, rows: usize, each: impl Fn(Self::Item) + Sync);
}

impl<'w, S, Q, F> ParQuery for QueryIter<'w, S, Q, F>
where
    S: Schema<Types: Send + Sync>,
    Q: QueryData<S>,
    F: Filter<S>,
{
    type Item = Q::Item<'w>;

    fn par_for_each(self, each: impl Fn(Q::Item<'w>) + Sync) {
        let threads = rayon::current_num_threads();
        if threads == 1 {
            return self.for_each(each);
        }
        let mut chunks = self.chunks(1);
        let (start, mut next_look) = (Instant::now(), 1);
        while let Some(chunk) = chunks.next() {
            chunk.for_each(&each);
            let done = chunks.rows_given();
            if done >= next_look {
                let (spent, left) = (start.elapsed(), chunks.rows_left());
                if let Some(rows) = worth_sharing(spent, done, left / threads) {
                    return share(chunks, rows, threads, &each);
                }
                // As many as seem to take as long as is telling; rows may cost more than those
                // before them.
                let telling = TELLING.as_nanos() as f64 / spent.as_nanos().max(1) as f64;
                let next = (telling * done as f64) as usize;
                next_look = done + next.clamp(done, done.saturating_mul(GROWTH));
            }
            chunks.set_rows(next_look - done);
        }
    }

    fn par_for_each_in(self, rows: usize, each: impl Fn(Q::Item<'w>) + Sync) {
        let chunks = self.chunks(rows);
        match rayon::current_num_threads() {
            1 => chunks.for_each(|chunk| chunk.for_each(&each)),
            threads => share(chunks, Part { least: rows, most: rows }, threads, &each),
        }
    }
}

/// How many rows a part has.
#[derive(Clone, Copy)]
struct Part {
    least: usize,
    most: usize,
}

/// Whether others should help, given that `done` rows took `spent` and `share` are
/// left for each thread. Answers how many rows make a good part.
fn worth_sharing(spent: Duration, done: usize, share: usize) -> Option<Part> {
    let nanos = spent.as_nanos() as f64 / done as f64;
    if spent < TELLING || nanos * (share as f64) < WORTH.as_nanos() as f64 {
        return None;
    }
    let least = ((PART.as_nanos() as f64 / nanos) as usize).max(1);
    Some(Part { least, most: least.max(share / PARTS) })
}

/// Works through all chunks on this thread and up to `threads - 1` of the pool.
fn share<'w, S, Q, F>(
    chunks: ChunkIter<'w, S, Q, F>,
    part: Part,
    threads: usize,
    each: &(impl Fn(Q::Item<'w>) + Sync),
) where
    S: Schema<Types: Send + Sync>,
    Q: QueryData<S>,
    F: Filter<S>,
{
    let end = chunks.rows_given() + chunks.rows_left();
    let next = |chunks: &mut ChunkIter<'w, S, Q, F>| {
        let left = end.saturating_sub(chunks.rows_given());
        // Half of each thread's share: whoever has a costly one at last has few others.
        chunks.set_rows((left / (2 * threads)).clamp(part.least, part.most));
        chunks.next()
    };
    let chunks = Mutex::new(chunks);
    let work = || {
        loop {
            // Should a filter panic while the lock is held, the others end what is left.
            let chunk = next(&mut chunks.lock().unwrap_or_else(PoisonError::into_inner));
            let Some(chunk) = chunk else { break };
            chunk.for_each(each);
        }
    };
    rayon::in_place_scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| work());
        }
        work();
    });
}
