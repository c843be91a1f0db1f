//! Parking as its users see it: nobody sleeps through work, and nobody is woken
//! for nothing. Clean under Miri, like `queues.rs`.
#![cfg(not(ecs_loom))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use ecs_coordination::LockFreeQueue;
use ecs_coordination::park::{Parker, Waker};

const ITEMS: usize = if cfg!(miri) { 10 } else { 5_000 };

/// Two senders, one sleeper: a lost wake-up would hang.
#[test]
fn sleeper_is_woken_for_each_item() {
    let queue = Arc::new(LockFreeQueue::<usize, 4>::new());
    let mut parker = Parker::new();
    let senders: Vec<_> = (0..2)
        .map(|_| {
            let (queue, waker) = (Arc::clone(&queue), parker.waker());
            thread::spawn(move || {
                for number in 0..ITEMS {
                    while queue.push(number).is_err() {
                        thread::yield_now();
                    }
                    waker.wake();
                }
            })
        })
        .collect();
    let mut received = 0;
    while received < 2 * ITEMS {
        match queue.pop() {
            Some(_) => received += 1,
            None => {
                let announced = parker.prepare();
                if queue.is_empty() {
                    announced.park(None);
                }
            }
        }
    }
    for sender in senders {
        sender.join().unwrap();
    }
}

#[test]
fn sleep_ends_by_its_limit_or_a_wake() {
    let mut parker = Parker::new();
    let waker = parker.waker();
    let limit = Duration::from_millis(10);

    let start = Instant::now();
    assert!(!parker.prepare().park(Some(limit)));
    assert!(start.elapsed() >= limit);

    // A wake while awake doesn't count: the look after `prepare` sees its work.
    waker.wake();
    assert!(!parker.prepare().park(Some(limit)));

    let announced = parker.prepare();
    waker.wake();
    assert!(announced.park(None));
    assert!(!parker.prepare().cancel());

    // The thread that sleeps may change.
    let other = thread::spawn(move || parker.prepare().park(None));
    while !other.is_finished() {
        waker.wake();
        thread::yield_now();
    }
    assert!(other.join().unwrap());
}

#[test]
fn hook_is_called_once_per_announcement() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let mut parker = Parker::with_interrupt(move || _ = counter.fetch_add(1, Relaxed));
    let (waker, same) = (parker.waker(), parker.waker());
    assert!(waker.wakes_same(&same) && !waker.wakes_same(&Parker::new().waker()));

    waker.wake();
    assert_eq!(calls.load(Relaxed), 0, "awake");
    let announced = parker.prepare();
    waker.wake();
    same.clone().wake();
    assert_eq!(calls.load(Relaxed), 1);
    assert!(announced.sleep(|| ()));
    drop(parker.prepare());
    waker.wake();
    assert_eq!(calls.load(Relaxed), 1, "called off");
    let announced = parker.prepare();
    assert!(catch_unwind(AssertUnwindSafe(|| announced.park(None))).is_err());
    waker.wake();
    assert_eq!(calls.load(Relaxed), 1, "called off by the panic");
}

#[test]
fn wakers_may_be_held_anywhere_and_outlive_their_parker() {
    fn everywhere<T: Clone + Send + Sync + 'static>(_: &T) {}
    let waker: Waker = Parker::new().waker();
    everywhere(&waker);
    waker.wake();
}
