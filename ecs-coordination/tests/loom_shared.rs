//! Loom models of the queue with any number of producers and consumers.
//!
//! `RUSTFLAGS="--cfg ecs_loom" cargo test -p ecs-coordination --release --test loom_shared`
#![cfg(ecs_loom)]

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::Relaxed};

use ecs_coordination::LockFreeQueue;
use loom::sync::Arc;
use loom::thread;

/// Up to four preemptions per run, or `LOOM_MAX_PREEMPTIONS`: each of the
/// orderings under test shows with fewer when it is weakened.
fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(4));
    model.check(body);
}

/// Pushes, giving way while the queue is full.
fn push<T, const N: usize>(queue: &LockFreeQueue<T, N>, mut item: T) {
    while let Err(full) = queue.push(item) {
        item = full.into_inner();
        thread::yield_now();
    }
}

/// Pops, giving way while the queue is empty.
fn pop<T, const N: usize>(queue: &LockFreeQueue<T, N>) -> T {
    loop {
        match queue.pop() {
            Some(item) => return item,
            None => thread::yield_now(),
        }
    }
}

/// Loom's arcs count in its view: items are dropped by their box.
fn shared<const N: usize>(start: usize) -> Arc<LockFreeQueue<Box<usize>, N>> {
    Arc::new(LockFreeQueue::new_at(start))
}

#[test]
fn wraps_around_slots_and_positions() {
    fn with<const N: usize>() {
        model(|| {
            let queue = shared::<N>(usize::MAX);
            let sender = thread::spawn({
                let queue = queue.clone();
                move || (0..3).for_each(|number| push(&queue, Box::new(number)))
            });
            for number in 0..3 {
                assert_eq!(*pop(&queue), number);
            }
            sender.join().unwrap();
            assert!(queue.pop().is_none());
        });
    }
    with::<1>();
    with::<2>();
}

/// Nothing is lost or doubled, and each producer's items keep their order.
#[test]
fn two_producers() {
    model(|| {
        let queue = shared::<4>(usize::MAX);
        let senders = [0, 10].map(|first| {
            let queue = queue.clone();
            thread::spawn(move || {
                queue.push(Box::new(first)).unwrap();
                if first == 0 {
                    queue.push(Box::new(1)).unwrap();
                }
            })
        });
        let mut popped: Vec<_> = queue.pop().into_iter().collect();
        for sender in senders {
            sender.join().unwrap();
        }
        popped.extend(std::iter::from_fn(|| queue.pop()));
        let mut popped: Vec<_> = popped.iter().map(|item| **item).collect();
        let at = |number| popped.iter().position(|&other| other == number);
        assert!(at(0) < at(1));
        popped.sort_unstable();
        assert_eq!(popped, [0, 1, 10]);
    });
}

/// Each item goes to one of them; a slot that one has emptied is used again.
#[test]
fn two_consumers() {
    model(|| {
        let queue = shared::<2>(usize::MAX);
        let sum = StdArc::new(StdAtomicUsize::new(0));
        queue.push(Box::new(1)).unwrap();
        queue.push(Box::new(10)).unwrap();
        let receivers = [(); 2].map(|()| {
            let (queue, sum) = (queue.clone(), sum.clone());
            thread::spawn(move || {
                let item = queue.pop().expect("there is one for each");
                sum.fetch_add(*item, Relaxed);
            })
        });
        let pushed = queue.push(Box::new(100)).map_or(0, |()| 100);
        for receiver in receivers {
            receiver.join().unwrap();
        }
        let left = std::iter::from_fn(|| queue.pop()).map(|item| *item).sum::<usize>();
        assert_eq!((sum.load(Relaxed), left), (11, pushed));
    });
}

/// A push that is done is not hidden behind one that is not.
#[test]
fn a_queue_with_an_item_is_not_empty() {
    model(|| {
        let queue = shared::<2>(0);
        let other = thread::spawn({
            let queue = queue.clone();
            move || push(&queue, Box::new(1))
        });
        push(&queue, Box::new(2));
        assert!(queue.pop().is_some(), "one has been pushed");
        other.join().unwrap();
        assert_eq!(queue.len(), 1);
    });
}

/// Nor is a pop that is done hidden behind one that is not.
#[test]
fn a_queue_with_room_is_not_full() {
    model(|| {
        let queue = shared::<2>(0);
        queue.push_batch(&mut vec![Box::new(0), Box::new(1)]);
        let other = thread::spawn({
            let queue = queue.clone();
            move || drop(queue.pop().expect("two are inside"))
        });
        drop(queue.pop().expect("two are inside"));
        assert!(queue.push(Box::new(2)).is_ok(), "one has been popped");
        other.join().unwrap();
        assert_eq!(queue.len(), 1);
    });
}

#[test]
fn a_length_is_never_out_of_bounds() {
    model(|| {
        let queue = shared::<1>(usize::MAX);
        // The look is in the thread that starts later: loom then tries it at
        // each point of the changes.
        let other = thread::spawn({
            let queue = queue.clone();
            move || assert!(queue.len() <= 1)
        });
        queue.push(Box::new(0)).unwrap();
        assert!(queue.pop().is_some());
        queue.push(Box::new(1)).unwrap();
        other.join().unwrap();
        assert!(queue.is_full());
    });
}

#[test]
fn batches_pass_beside_single_items() {
    model(|| {
        let queue = shared::<2>(usize::MAX);
        let sender = thread::spawn({
            let queue = queue.clone();
            move || {
                let mut items: Vec<_> = (0..3).map(Box::new).collect();
                while !items.is_empty() {
                    queue.push_batch(&mut items);
                    thread::yield_now();
                }
            }
        });
        let mut out = vec![pop(&queue)];
        while out.len() < 3 {
            let max = 3 - out.len();
            queue.pop_batch(&mut out, max);
            thread::yield_now();
        }
        assert!(out.iter().map(|item| **item).eq(0..3));
        sender.join().unwrap();
    });
    model(|| {
        let queue = shared::<2>(0);
        let other = thread::spawn({
            let queue = queue.clone();
            move || push(&queue, Box::new(10))
        });
        let mut items = vec![Box::new(0), Box::new(1)];
        let pushed = queue.push_batch(&mut items);
        assert_eq!(pushed + items.len(), 2);
        let mut out = Vec::new();
        assert!(queue.pop_batch(&mut out, 2) >= 1);
        other.join().unwrap();
        queue.pop_batch(&mut out, 2);
        assert_eq!(out.len(), pushed + 1);
    });
}

/// Counts its drops, outside of loom's view.
struct Counted(StdArc<StdAtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn what_is_left_is_dropped_once() {
    model(|| {
        let drops = StdArc::new(StdAtomicUsize::new(0));
        let queue = Arc::new(LockFreeQueue::<Counted, 2>::new_at(usize::MAX));
        let others = [(); 2].map(|()| {
            let (queue, item) = (queue.clone(), Counted(drops.clone()));
            thread::spawn(move || assert!(queue.push(item).is_ok()))
        });
        drop(queue.pop());
        for other in others {
            other.join().unwrap();
        }
        drop(queue);
        assert_eq!(drops.load(Relaxed), 2);
    });
}
