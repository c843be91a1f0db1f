//! A bounded ring between one producer and one consumer.
//!
//! # Protocol
//!
//! Two positions run freely through `usize` and wrap around; a position's slot
//! is the position modulo the capacity, a power of two, so that wrapping keeps
//! the order of slots. Always `0 <= tail - head <= capacity`, modulo `2^bits`.
//!
//! | slots | owner | what they hold |
//! |---|---|---|
//! | `head .. tail` | the consumer | an item each |
//! | `tail .. head + capacity` | the producer | nothing |
//!
//! Only the producer stores `tail`: storing it hands the slots before it over,
//! with their items. Only the consumer stores `head`: storing it hands the
//! slots before it back, empty. Each half keeps its own position as a plain
//! field, and the last seen position of the other, which it reads again only
//! when the ring looks full or empty by it: while there is room, a push
//! doesn't touch the cache line that the consumer writes, nor a pop the
//! producer's.
//!
//! A [`Writer`] stores `tail` for every [`LAZY`] items only, and a [`Reader`]
//! `head`: the line that both look at then moves between them less often. Until
//! it is stored, the consumer owns less than it could, and so does the producer,
//! which the table above allows. Whoever finds the ring full or empty stores
//! what is owing first, so that two halves never wait for each other.
//!
//! - **Full**: a push hands the item back. All `capacity` slots can be used.
//! - **Empty**: a pop returns `None`.
//! - **Drop**: a half that goes sets a flag and leaves the items in place; the
//!   other may go on. When both are gone, what is left is dropped, once each,
//!   oldest first; a panic in one item's drop doesn't keep the others from
//!   theirs.
//!
//! The cached opposite index is that of Rigtorp's
//! [SPSCQueue](https://rigtorp.se/ringbuffer/).

mod consumer;
mod producer;

use std::cell::Cell;

use crossbeam_utils::CachePadded;

pub use self::consumer::{Consumer, Iter, PopIter, Reader};
pub use self::producer::{Producer, Writer};
use crate::slots::{Rest, Slots};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Ordering};

/// After how many items at the latest a [`Writer`] publishes them, and a
/// [`Reader`] hands back their slots.
pub const LAZY: usize = 32;

/// Makes a ring with room for `capacity` items.
///
/// # Panics
///
/// When `capacity` is zero or no power of two.
///
/// # Examples
///
/// ```
/// let (mut producer, mut consumer) = ecs_coordination::ring::channel(4);
/// std::thread::spawn(move || producer.push("hello")).join().unwrap().unwrap();
/// assert_eq!(consumer.pop(), Some("hello"));
/// assert!(consumer.is_abandoned());
/// ```
pub fn channel<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    channel_at(capacity, 0)
}

/// [`channel`] with both positions at `start`, so that a test can pass the end
/// of `usize`.
#[doc(hidden)]
pub fn channel_at<T>(capacity: usize, start: usize) -> (Producer<T>, Consumer<T>) {
    let ring = Arc::new(Ring {
        consumer: CachePadded::new(Side::new(start)),
        producer: CachePadded::new(Side::new(start)),
        slots: Slots::new(capacity),
    });
    let producer = Producer { ring: Arc::clone(&ring), tail: start, head: Cell::new(start) };
    let consumer = Consumer { ring, head: start, tail: Cell::new(start) };
    (producer, consumer)
}

/// What one half tells the other; written by that half alone.
struct Side {
    /// `tail` on the producer's side, `head` on the consumer's.
    position: AtomicUsize,
    gone: AtomicBool,
}

impl Side {
    fn new(position: usize) -> Self {
        Side { position: AtomicUsize::new(position), gone: AtomicBool::new(false) }
    }
}

struct Ring<T> {
    consumer: CachePadded<Side>,
    producer: CachePadded<Side>,
    slots: Slots<T>,
}

// SAFETY: the halves access disjoint slots, as the protocol above says, so what
// passes between threads is each item, as a whole: `T: Send` is enough.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as for `Send`. References into a slot are only handed out by the
// consumer, which is not `Sync`.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        // ORDERING: relaxed. The last handle's drop of the `Arc` comes after
        // the other half's, so its stores have happened before.
        let head = self.consumer.position.load(Ordering::Relaxed);
        let tail = self.producer.position.load(Ordering::Relaxed);
        // SAFETY: slots from head to tail hold an item each, ours by `&mut Ring`,
        // and each is read once.
        let read = |position| unsafe { self.slots.read(position) };
        drop(Rest { head, tail, read });
    }
}
