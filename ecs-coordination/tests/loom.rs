//! Loom models of the ring and of parking: every interleaving, and every value
//! that a load may read, of a few operations.
//!
//! `RUSTFLAGS="--cfg ecs_loom" cargo test -p ecs-coordination --release --test loom`
#![cfg(ecs_loom)]

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::Relaxed};

use ecs_coordination::park::Parker;
use ecs_coordination::ring::{Consumer, Producer, channel, channel_at};
use loom::cell::UnsafeCell;
use loom::sync::Notify;
use loom::thread;

/// Up to three preemptions per run, or `LOOM_MAX_PREEMPTIONS`: each of the
/// orderings under test shows with fewer when it is weakened.
fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(body);
}

/// Pushes, giving way while the ring is full.
fn push<T>(producer: &mut Producer<T>, mut item: T) {
    while let Err(full) = producer.push(item) {
        item = full.into_inner();
        thread::yield_now();
    }
}

/// Pops, giving way while the ring is empty.
fn pop<T>(consumer: &mut Consumer<T>) -> T {
    loop {
        match consumer.pop() {
            Some(item) => return item,
            None => thread::yield_now(),
        }
    }
}

/// Counts its drops, outside of loom's view.
struct Counted(StdArc<StdAtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn wraps_around_slots_and_positions() {
    model(|| {
        let (mut producer, mut consumer) = channel_at(2, usize::MAX);
        let sender = thread::spawn(move || {
            for number in 0..4 {
                push(&mut producer, Box::new(number));
            }
        });
        for number in 0..4 {
            assert_eq!(*pop(&mut consumer), number);
        }
        sender.join().unwrap();
        assert_eq!(consumer.pop(), None);
    });
}

#[test]
fn reuses_the_only_slot() {
    model(|| {
        let (mut producer, mut consumer) = channel(1);
        let sender = thread::spawn(move || {
            for number in 0..3 {
                push(&mut producer, Box::new(number));
            }
        });
        for number in 0..3 {
            assert_eq!(*pop(&mut consumer), number);
        }
        sender.join().unwrap();
    });
}

/// The halves work with positions that they have seen earlier: never more room
/// than there is, never an item that isn't there, and nothing missed for good.
#[test]
fn cached_positions_err_on_the_safe_side() {
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        producer.push(Box::new(0)).unwrap();
        let sender = thread::spawn(move || {
            let before = producer.len();
            assert!((0..=1).contains(&before));
            push(&mut producer, Box::new(1));
            assert!(producer.len() <= 2);
            push(&mut producer, Box::new(2));
            assert!(producer.len() <= 2);
        });
        let pending = consumer.pending();
        assert!((1..=2).contains(&pending));
        for number in 0..pending {
            assert_eq!(*consumer.pop().expect("was pending"), number);
        }
        for number in pending..3 {
            assert_eq!(*pop(&mut consumer), number);
        }
        sender.join().unwrap();
        assert!(consumer.is_empty());
    });
}

#[test]
fn a_batch_is_seen_as_a_whole() {
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        let sender = thread::spawn(move || {
            let mut items = vec![Box::new(0), Box::new(1), Box::new(2)];
            assert_eq!(producer.push_batch(&mut items), 2);
            while !items.is_empty() {
                thread::yield_now();
                producer.push_batch(&mut items);
            }
        });
        assert_eq!(*pop(&mut consumer), 0);
        assert_eq!(*consumer.pop().expect("published with the first"), 1);
        assert_eq!(*pop(&mut consumer), 2);
        sender.join().unwrap();
    });
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        let sender = thread::spawn(move || {
            assert_eq!(producer.push_iter(&mut (0..2).map(Box::new)), 2);
        });
        assert_eq!(*pop(&mut consumer), 0);
        assert_eq!(*consumer.pop().expect("published with the first"), 1);
        sender.join().unwrap();
    });
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        producer.push_batch(&mut vec![0, 1]);
        let receiver = thread::spawn(move || {
            if consumer.len() == 2 {
                assert_eq!(consumer.pop_iter(2).count(), 2);
            }
        });
        assert!([0, 2].contains(&producer.len()), "freed together");
        receiver.join().unwrap();
    });
}

#[test]
fn batches_pass_in_both_forms() {
    model(|| {
        let (mut producer, mut consumer) = channel_at(2, usize::MAX);
        let sender = thread::spawn(move || {
            let mut items = (0..3).map(Box::new);
            while items.len() > 0 {
                producer.push_iter(&mut items);
                thread::yield_now();
            }
        });
        let mut out = Vec::new();
        while out.len() < 2 {
            let max = 2 - out.len();
            consumer.pop_batch(&mut out, max);
            thread::yield_now();
        }
        while out.len() < 3 {
            out.extend(consumer.pop_iter(2));
            thread::yield_now();
        }
        assert_eq!(out.iter().map(|item| **item).collect::<Vec<_>>(), [0, 1, 2]);
        sender.join().unwrap();
    });
}

#[test]
fn looks_at_items_in_place_while_more_come() {
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        producer.push(Box::new(0)).unwrap();
        let sender = thread::spawn(move || {
            push(&mut producer, Box::new(1));
            push(&mut producer, Box::new(2));
        });
        assert!(consumer.iter().map(|item| **item).eq(0..consumer.pending()));
        **consumer.peek_mut().unwrap() += 10;
        assert_eq!(*pop(&mut consumer), 10);
        assert_eq!(*pop(&mut consumer), 1);
        assert_eq!(*pop(&mut consumer), 2);
        sender.join().unwrap();
    });
}

#[test]
fn what_is_left_is_dropped_once_whichever_half_goes_last() {
    model(|| {
        let drops = StdArc::new(StdAtomicUsize::new(0));
        let (mut producer, mut consumer) = channel(2);
        let item = || Counted(StdArc::clone(&drops));
        let items = [item(), item()];
        let sender = thread::spawn(move || {
            for item in items {
                assert!(producer.push(item).is_ok());
            }
        });
        drop(consumer.pop());
        drop(consumer);
        sender.join().unwrap();
        assert_eq!(drops.load(Relaxed), 2);
    });
}

#[test]
fn a_producer_that_is_gone_has_left_all_it_pushed() {
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        let sender = thread::spawn(move || producer.push(Box::new(1)).unwrap());
        while !consumer.is_abandoned() {
            thread::yield_now();
        }
        assert_eq!(consumer.pop().as_deref(), Some(&1));
        sender.join().unwrap();
    });
}

#[test]
fn a_consumer_that_is_gone_has_freed_all_it_popped() {
    model(|| {
        let (mut producer, mut consumer) = channel(1);
        producer.push(Box::new(1)).unwrap();
        let receiver = thread::spawn(move || assert!(consumer.pop().is_some()));
        while !producer.is_abandoned() {
            thread::yield_now();
        }
        assert!(producer.is_empty());
        receiver.join().unwrap();
    });
}

/// A writer and a reader tell late, but neither keeps the other waiting.
#[test]
fn lazy_halves_tell_in_time() {
    model(|| {
        let (mut producer, mut consumer) = channel_at(2, usize::MAX);
        let sender = thread::spawn(move || {
            let mut writer = producer.writer();
            for number in 0..4 {
                let mut item = Box::new(number);
                while let Err(full) = writer.push(item) {
                    item = full.into_inner();
                    thread::yield_now();
                }
            }
        });
        let mut reader = consumer.reader();
        for number in 0..4 {
            let item = loop {
                match reader.pop() {
                    Some(item) => break item,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(*item, number);
        }
        sender.join().unwrap();
    });
    model(|| {
        let (mut producer, mut consumer) = channel(4);
        let sender = thread::spawn(move || {
            let mut writer = producer.writer();
            writer.push(Box::new(0)).unwrap();
            writer.push(Box::new(1)).unwrap();
            writer.publish();
            writer.push(Box::new(2)).unwrap();
        });
        assert!([0, 2, 3].contains(&consumer.len()), "published together");
        sender.join().unwrap();
        let mut reader = consumer.reader();
        assert_eq!(reader.pop().as_deref(), Some(&0));
    });
}

/// Items that are visited and dropped in place leave their slots to the producer.
#[test]
fn items_are_consumed_in_place() {
    model(|| {
        let (mut producer, mut consumer) = channel(2);
        let sender = thread::spawn(move || {
            for number in 0..3 {
                push(&mut producer, Box::new(number));
            }
        });
        let mut next = 0;
        while next < 3 {
            consumer.consume(2, |item| {
                assert_eq!(**item, next);
                next += 1;
            });
            thread::yield_now();
        }
        sender.join().unwrap();
    });
}

/// A block of columns, as an edge sends it: shared memory that has one owner at
/// a time, whose accesses loom watches.
struct Block(Box<UnsafeCell<usize>>);

// SAFETY: the owner of the handle is the owner of the memory.
unsafe impl Send for Block {}

impl Block {
    fn write(&mut self, value: usize) {
        // SAFETY: exclusive by `&mut self`.
        self.0.with_mut(|place| unsafe { *place = value });
    }

    fn read(&self) -> usize {
        // SAFETY: nobody writes while `&self` lasts.
        self.0.with(|place| unsafe { *place })
    }
}

/// Blocks go forth full and come back empty; each is in one place at a time,
/// and what was written before a push is seen after the pop, both ways.
#[test]
fn blocks_are_handed_over_and_returned() {
    model(|| {
        let (mut full, mut arriving) = channel::<Block>(1);
        let (mut empty, mut returning) = channel::<Block>(1);
        let receiver = thread::spawn(move || {
            for number in 0..2 {
                let mut block = pop(&mut arriving);
                assert_eq!(block.read(), number);
                block.write(number + 100);
                push(&mut empty, block);
            }
        });
        let mut block = Block(Box::new(UnsafeCell::new(0)));
        for number in 0..2 {
            block.write(number);
            push(&mut full, block);
            block = pop(&mut returning);
            assert_eq!(block.read(), number + 100);
        }
        receiver.join().unwrap();
    });
}

#[test]
fn two_blocks_in_flight_keep_their_contents() {
    model(|| {
        let (mut full, mut arriving) = channel::<Block>(2);
        let (mut empty, mut returning) = channel::<Block>(2);
        for _ in 0..2 {
            empty.push(Block(Box::new(UnsafeCell::new(0)))).ok().unwrap();
        }
        let receiver = thread::spawn(move || {
            for number in 0..3 {
                let block = pop(&mut arriving);
                assert_eq!(block.read(), number);
                push(&mut empty, block);
            }
        });
        for number in 0..3 {
            let mut block = pop(&mut returning);
            block.write(number);
            push(&mut full, block);
        }
        receiver.join().unwrap();
        assert_eq!(returning.len(), 2, "each block is in one place");
    });
}

/// Pops, sleeping while all rings are empty; a lost wake-up is a deadlock,
/// which loom reports.
///
/// The models with it don't join their threads (loom waits for them anyway):
/// loom takes a late `unpark` of a thread that waits in `join` for its end.
fn pop_asleep<const N: usize>(
    consumers: &mut [Consumer<usize>; N],
    parker: &mut Parker,
    mut sleep: impl FnMut(ecs_coordination::park::Announced<'_>),
) -> usize {
    loop {
        if let Some(item) = consumers.iter_mut().find_map(Consumer::pop) {
            return item;
        }
        let announced = parker.prepare();
        if consumers.iter().all(Consumer::is_empty) {
            sleep(announced);
        }
    }
}

#[test]
fn no_wake_up_is_lost_with_one_waker() {
    model(|| {
        let (mut producer, consumer) = channel(2);
        let mut parker = Parker::new();
        let waker = parker.waker();
        thread::spawn(move || {
            for number in 0..2 {
                producer.push(number).unwrap();
                waker.wake();
            }
        });
        let mut consumers = [consumer];
        for number in 0..2 {
            let popped = pop_asleep(&mut consumers, &mut parker, |announced| {
                announced.park(None);
            });
            assert_eq!(popped, number);
        }
    });
}

#[test]
fn no_wake_up_is_lost_with_two_wakers() {
    model(|| {
        let (senders, mut consumers): (Vec<_>, Vec<_>) = (0..2).map(|_| channel(1)).unzip();
        let mut consumers = [consumers.remove(0), consumers.remove(0)];
        let mut parker = Parker::new();
        for (number, mut producer) in senders.into_iter().enumerate() {
            let waker = parker.waker();
            thread::spawn(move || {
                producer.push(number).unwrap();
                waker.wake();
            });
        }
        let mut sum = 0;
        for _ in 0..2 {
            sum += pop_asleep(&mut consumers, &mut parker, |announced| {
                announced.park(None);
            });
        }
        assert_eq!(sum, 1);
    });
}

/// A sleep in something else than `park`, ended by the hook, which is called
/// for each announcement at most once, by however many wakers.
#[test]
fn a_hook_interrupts_each_sleep_once() {
    model(|| {
        let poll = loom::sync::Arc::new(Notify::new());
        let calls = StdArc::new(StdAtomicUsize::new(0));
        let hook = (loom::sync::Arc::clone(&poll), StdArc::clone(&calls));
        let mut parker = Parker::with_interrupt(move || {
            hook.1.fetch_add(1, Relaxed);
            hook.0.notify();
        });
        let (senders, mut consumers): (Vec<_>, Vec<_>) = (0..2).map(|_| channel(1)).unzip();
        let mut consumers = [consumers.remove(0), consumers.remove(0)];
        let threads: Vec<_> = senders
            .into_iter()
            .map(|mut producer| {
                let waker = parker.waker();
                thread::spawn(move || {
                    producer.push(1).unwrap();
                    waker.wake();
                })
            })
            .collect();
        let mut announced = 0;
        let mut left = 2;
        while left > 0 {
            left -= consumers.iter_mut().filter_map(Consumer::pop).count();
            let sleep = parker.prepare();
            announced += 1;
            if left > 0 && consumers.iter().all(Consumer::is_empty) {
                sleep.sleep(|| poll.wait());
            }
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(calls.load(Relaxed) <= announced);
    });
}

/// Work whose wake came while the sleeper was awake is seen by the look after
/// the announcement, also when a `cancel` lies between the two.
#[test]
fn a_wake_before_the_announcement_is_seen_by_the_look_after_it() {
    model(|| {
        let (mut producer, mut consumer) = channel(1);
        let mut parker = Parker::new();
        let waker = parker.waker();
        thread::spawn(move || {
            producer.push(1).unwrap();
            waker.wake();
        });
        let woken = parker.prepare().cancel();
        assert!(!woken || consumer.pending() == 1);
        let announced = parker.prepare();
        if consumer.is_empty() {
            assert!(announced.park(None), "only a wake ends it");
        } else {
            drop(announced);
        }
        assert_eq!(consumer.pop(), Some(1));
    });
}

#[test]
fn a_limited_sleep_ends_and_what_was_published_is_seen() {
    model(|| {
        let (mut producer, mut consumer) = channel(1);
        let mut parker = Parker::new();
        let waker = parker.waker();
        thread::spawn(move || {
            producer.push(1).unwrap();
            waker.wake();
        });
        let woken = parker.prepare().park(Some(std::time::Duration::from_secs(1)));
        assert!(!woken || consumer.pop() == Some(1));
    });
}

/// Whoever learns that it was woken sees what for. The hook does nothing, since
/// an `unpark` of loom's would order memory by itself.
#[test]
fn a_sleeper_that_was_woken_sees_the_work() {
    model(|| {
        let (mut producer, mut consumer) = channel(1);
        let mut parker = Parker::with_interrupt(|| ());
        let waker = parker.waker();
        thread::spawn(move || {
            producer.push(1).unwrap();
            waker.wake();
        });
        let woken = parker.prepare().sleep(|| ());
        assert!(!woken || consumer.pop() == Some(1));
    });
}
