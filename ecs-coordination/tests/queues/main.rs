//! The queues as their users see them: the examples of the docs, properties
//! against a `VecDeque` in `model.rs`, panics, and threads with counted drops.
//!
//! Clean under Miri, with smaller counts:
//! `MIRIFLAGS=-Zmiri-many-seeds=0..4 cargo +nightly miri test -p ecs-coordination --test queues`
#![cfg(not(ecs_loom))]

mod model;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use ecs_coordination::ring::{channel, channel_at};
use ecs_coordination::{Consumer, Full, LockFreeQueue, Producer, SpscQueue};

const ITEMS: usize = match () {
    _ if cfg!(miri) => 100,
    _ if cfg!(ecs_stress) => 10_000,
    _ => 100_000,
};

/// Numbers the items of a test, and counts the drops of each.
#[derive(Clone, Default)]
struct Drops(Arc<Mutex<Vec<u32>>>);

struct Item {
    number: usize,
    /// On the heap, so that a lost or doubled drop shows in Miri too.
    drops: Box<Drops>,
}

impl Drops {
    fn item(&self) -> Item {
        let mut drops = self.0.lock().unwrap();
        drops.push(0);
        Item { number: drops.len() - 1, drops: Box::new(self.clone()) }
    }

    fn items(&self, count: usize) -> Vec<Item> {
        (0..count).map(|_| self.item()).collect()
    }

    fn assert_once_each(&self) {
        assert!(self.0.lock().unwrap().iter().all(|&drops| drops == 1));
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.drops.0.lock().unwrap()[self.number] += 1;
    }
}

#[test]
fn shared_queue_as_in_the_introduction() {
    let queue = LockFreeQueue::<u32, 256>::new();
    assert!(queue.push(42).is_ok());
    assert_eq!(queue.pop(), Some(42));
    assert_eq!(queue.pop(), None);

    assert_eq!(queue.push_batch(&mut vec![1, 2, 3, 4, 5]), 5);
    assert_eq!((queue.len(), queue.capacity()), (5, 256));
    let mut out = Vec::with_capacity(10);
    assert_eq!(queue.pop_batch(&mut out, 10), 5);
    assert_eq!(out, [1, 2, 3, 4, 5]);
    assert!(queue.is_empty());
}

#[test]
fn spsc_queue_as_in_the_introduction() {
    let mut queue = SpscQueue::<u32, 256>::new();
    queue.push(100).unwrap();
    assert_eq!(queue.pop(), Some(100));
    assert_eq!(queue.pop(), None);

    assert_eq!(queue.push_batch(&mut vec![1, 2, 3, 4, 5]), 5);
    assert_eq!((queue.len(), queue.capacity()), (5, 256));
    let mut out = Vec::with_capacity(10);
    assert_eq!(queue.pop_batch(&mut out, 10), 5);
    assert_eq!(out, [1, 2, 3, 4, 5]);
    assert!(queue.is_empty());
}

#[test]
fn all_slots_can_be_used_and_the_rest_is_handed_back() {
    let mut queue = SpscQueue::<_, 4>::new();
    let shared = LockFreeQueue::<_, 4>::new();
    let mut items = (0..6).collect();
    assert_eq!(queue.push_batch(&mut items), 4);
    assert_eq!(items, [4, 5]);
    assert_eq!(shared.push_batch(&mut items.clone()), 2);
    assert_eq!(shared.push_batch(&mut vec![6, 7, 8]), 2);
    assert!(queue.is_full() && shared.is_full());
    assert_eq!(queue.push(9).unwrap_err().into_inner(), 9);
    assert_eq!(shared.push(9).unwrap_err().into_inner(), 9);
    assert_eq!(queue.push_batch(&mut items), 0);
    assert_eq!(shared.push_batch(&mut items), 0);
    assert_eq!(items, [4, 5]);
}

#[test]
fn the_error_needs_nothing_of_the_item() {
    struct Plain;
    let mut queue = SpscQueue::<Plain, 1>::new();
    queue.push(Plain).unwrap();
    let error: Box<dyn std::error::Error> = Box::new(queue.push(Plain).unwrap_err());
    assert_eq!(error.to_string(), "the queue is full");
    assert_eq!(format!("{:?}", Full(Plain)), "Full(..)");
    assert_eq!(format!("{queue:?}"), "SpscQueue { len: 1, capacity: 1, .. }");
}

#[test]
#[should_panic = "the capacity of a queue is a power of two, not 12"]
fn a_capacity_at_run_time_is_checked() {
    channel::<u8>(12);
}

/// The halves may be sent, and neither shared nor cloned: this compiles only
/// while exactly one of the implementations below fits.
#[test]
fn halves_are_for_one_thread_each() {
    trait OnlyOne<Which> {
        fn fits() {}
    }
    impl<T> OnlyOne<()> for T {}
    impl<T: Sync> OnlyOne<u8> for T {}
    struct Cloning;
    impl<T: Clone> OnlyOne<Cloning> for T {}
    <Producer<u8> as OnlyOne<_>>::fits();
    <Consumer<u8> as OnlyOne<_>>::fits();

    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<(Producer<u8>, Consumer<u8>, SpscQueue<u8, 2>)>();
    sync::<LockFreeQueue<std::cell::Cell<u8>, 2>>();
}

#[test]
fn items_of_any_size_and_alignment() {
    #[repr(align(256))]
    #[derive(Debug, PartialEq)]
    struct Aligned(u8);

    let mut wide = SpscQueue::<_, 2>::new();
    wide.push(Aligned(7)).unwrap();
    let place: *const Aligned = wide.peek().unwrap();
    assert!(place.is_aligned());
    assert_eq!(wide.pop(), Some(Aligned(7)));

    let mut none = SpscQueue::<(), { 1 << (usize::BITS - 1) }>::new();
    assert_eq!(none.push_batch(&mut vec![(); 3]), 3);
    let mut out = Vec::new();
    assert_eq!(none.pop_batch(&mut out, 2), 2);
    assert_eq!((out.len(), none.len()), (2, 1));

    let big = SpscQueue::<[u8; 4096], 1024>::new();
    assert!(size_of_val(&big) < 128, "slots are on the heap");
}

#[test]
fn a_panic_in_the_iterator_keeps_what_it_yielded() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel(8);
    let mut items = (0..5).map(|at| if at == 3 { panic!("at three") } else { drops.item() });
    catch_unwind(AssertUnwindSafe(|| producer.push_iter(&mut items))).unwrap_err();
    assert_eq!((producer.len(), consumer.len()), (3, 3));
    producer.push(drops.item()).unwrap();
    assert!(consumer.pop_iter(9).map(|item| item.number).eq(0..4));
    drop((producer, consumer));
    drops.assert_once_each();
}

struct Bomb(#[expect(dead_code, reason = "dropped with the bomb")] Item, bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.1, "the bomb goes off");
    }
}

#[test]
fn a_panic_in_one_drop_does_not_keep_the_others_from_theirs() {
    let drops = Drops::default();
    let (mut producer, consumer) = channel_at(4, usize::MAX);
    producer.push_iter(&mut (0..4).map(|at| Bomb(drops.item(), at == 1)));
    drop(producer);
    catch_unwind(AssertUnwindSafe(|| drop(consumer))).unwrap_err();
    drops.assert_once_each();
}

#[test]
fn a_panic_in_a_drop_does_not_keep_others_in_the_shared_queue_from_theirs() {
    let drops = Drops::default();
    let queue = LockFreeQueue::<Bomb, 4>::new_at(usize::MAX);
    queue.push_batch(&mut (0..4).map(|at| Bomb(drops.item(), at == 1)).collect());
    catch_unwind(AssertUnwindSafe(|| drop(queue))).unwrap_err();
    drops.assert_once_each();
}

/// A visit, a fold and a drop that panic each end with the item that they were at.
#[test]
fn a_panic_half_way_leaves_the_items_behind_it() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel(4);
    producer.push_batch(&mut drops.items(4));
    let third = |item: &Item| assert_ne!(item.number, 2, "at the third");
    catch_unwind(AssertUnwindSafe(|| consumer.consume(4, |item| third(item)))).unwrap_err();
    assert_eq!((producer.len(), consumer.len()), (1, 1));
    producer.push_batch(&mut drops.items(3));
    let folded =
        AssertUnwindSafe(|| consumer.pop_iter(4).for_each(|item| assert!(item.number < 5)));
    catch_unwind(folded).unwrap_err();
    assert_eq!((producer.len(), consumer.len()), (1, 1));
    assert_eq!(consumer.pop().map(|item| item.number), Some(6));
    drop((producer, consumer));
    drops.assert_once_each();

    let drops = Drops::default();
    let (mut producer, mut consumer) = channel(4);
    producer.push_iter(&mut (0..4).map(|at| Bomb(drops.item(), at == 1)));
    catch_unwind(AssertUnwindSafe(|| consumer.discard(4))).unwrap_err();
    assert_eq!(consumer.discard(4), 2);
    drops.assert_once_each();
}

#[test]
fn a_slice_is_copied_as_far_as_there_is_room() {
    let (mut producer, mut consumer) = channel_at(4, usize::MAX - 1);
    assert_eq!(producer.push_slice(&[1, 2, 3]), 3);
    assert_eq!(producer.push_slice(&[4, 5, 6]), 1);
    assert_eq!(producer.push_slice(&[7]), 0);
    assert_eq!(consumer.as_mut_slices(), (&mut [1, 2][..], &mut [3, 4][..]));
    assert!(consumer.pop_iter(9).eq(1..5));
    assert_eq!(producer.push_slice(&[]), 0);
}

/// Small rings: neither half waits for what the other has not told.
#[test]
fn lazy_halves_never_wait_for_each_other() {
    for capacity in [1, 2, 64] {
        let (mut producer, mut consumer) = channel(capacity);
        let sender = thread::spawn(move || {
            let mut writer = producer.writer();
            for number in 0..ITEMS {
                while writer.push(Box::new(number)).is_err() {
                    thread::yield_now();
                }
            }
        });
        let mut reader = consumer.reader();
        let mut next = 0;
        while next < ITEMS {
            match reader.pop() {
                Some(item) => {
                    assert_eq!(*item, next);
                    next += 1;
                }
                None => thread::yield_now(),
            }
        }
        sender.join().unwrap();
    }
}

#[test]
fn a_panic_in_a_walk_keeps_the_order() {
    let mut queue = LockFreeQueue::<u32, 4>::new();
    queue.push_batch(&mut vec![1, 2, 3]);
    let walk = AssertUnwindSafe(|| {
        queue.for_each_mut(|number| {
            *number += 10;
            assert_ne!(*number, 12);
        });
    });
    catch_unwind(walk).unwrap_err();
    let mut out = Vec::new();
    queue.pop_batch(&mut out, 4);
    assert_eq!(out, [11, 12, 3]);
}

#[test]
fn a_batch_that_can_not_be_stored_is_not_popped() {
    let (mut producer, mut consumer) = channel(1 << 40);
    producer.push_batch(&mut vec![(); 2]);
    let mut full = vec![(); usize::MAX];
    catch_unwind(AssertUnwindSafe(|| consumer.pop_batch(&mut full, 2))).unwrap_err();
    assert_eq!(consumer.len(), 2);
}

#[test]
fn a_half_that_is_gone_is_noticed_and_leaves_the_items() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel(4);
    producer.push_batch(&mut drops.items(3));
    assert!(!consumer.is_abandoned());
    drop(producer);
    assert!(consumer.is_abandoned());
    assert_eq!(consumer.pop().map(|item| item.number), Some(0));
    drop(consumer);
    drops.assert_once_each();

    let (mut producer, consumer) = channel(2);
    drop(consumer);
    assert!(producer.is_abandoned());
    producer.push(drops.item()).unwrap();
    drop(producer);
    drops.assert_once_each();
}

/// Between two threads: all arrive, in order, once each, one by one and in
/// batches of changing sizes, past the end of the positions.
#[test]
fn ring_between_threads() {
    let drops = Drops::default();
    let (mut producer, mut consumer) = channel_at(16, usize::MAX - 40);
    let sender = {
        let drops = drops.clone();
        thread::spawn(move || {
            let mut sent = 0;
            while sent < ITEMS {
                let mut items = drops.items((ITEMS - sent).min(1 + sent % 23));
                sent += items.len();
                if sent % 2 == 0 {
                    while !items.is_empty() {
                        producer.push_batch(&mut items);
                        thread::yield_now();
                    }
                } else {
                    for mut item in items {
                        while let Err(full) = producer.push(item) {
                            item = full.into_inner();
                            thread::yield_now();
                        }
                    }
                }
            }
        })
    };
    let mut out = Vec::new();
    let mut next = 0;
    while next < ITEMS {
        match next % 3 {
            0 => out.extend(consumer.pop()),
            1 => _ = consumer.pop_batch(&mut out, 1 + next % 19),
            _ => out.extend(consumer.pop_iter(1 + next % 7)),
        }
        if out.is_empty() {
            thread::yield_now();
        }
        for item in out.drain(..) {
            assert_eq!(item.number, next);
            next += 1;
        }
    }
    sender.join().unwrap();
    assert!(consumer.is_abandoned() && consumer.is_empty());
    drops.assert_once_each();
}

#[test]
fn shared_queue_between_threads() {
    let each = ITEMS / 4;
    let queue = LockFreeQueue::<(usize, Box<usize>), 16>::new_at(usize::MAX - 40);
    let received = AtomicUsize::new(0);
    let mut seen = vec![vec![]; 2];
    thread::scope(|scope| {
        for sender in 0..2 {
            let queue = &queue;
            scope.spawn(move || {
                let mut sent = 0;
                while sent < each {
                    let count = (each - sent).min(1 + sent % 7);
                    let mut items =
                        (sent..sent + count).map(|number| (sender, Box::new(number))).collect();
                    while queue.push_batch(&mut items) < count && !items.is_empty() {
                        thread::yield_now();
                    }
                    sent += count;
                }
            });
        }
        for seen in &mut seen {
            let (queue, received) = (&queue, &received);
            scope.spawn(move || {
                while received.load(Relaxed) < 2 * each {
                    let before = seen.len();
                    match before % 2 {
                        0 => seen.extend(queue.pop()),
                        _ => _ = queue.pop_batch(seen, 5),
                    }
                    received.fetch_add(seen.len() - before, Relaxed);
                    thread::yield_now();
                }
            });
        }
    });
    assert!(queue.is_empty());
    for sender in 0..2 {
        let of_sender = |seen: &Vec<(usize, Box<usize>)>| -> Vec<usize> {
            seen.iter().filter(|item| item.0 == sender).map(|item| *item.1).collect()
        };
        let mut all: Vec<usize> = Vec::new();
        for numbers in seen.iter().map(of_sender) {
            assert!(numbers.is_sorted(), "each consumer sees a sender's items in order");
            all.extend(numbers);
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..each), "once each");
    }
}
