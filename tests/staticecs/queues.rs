//! The queues by themselves. More in `ecs-coordination/tests`.

use static_ecs::prelude::*;

#[test]
fn lock_free_queue() {
    let queue = LockFreeQueue::<u32, 256>::new();
    queue.push(42).unwrap();
    assert_eq!(queue.pop(), Some(42));
    assert_eq!(queue.pop(), None);
    let mut items: Vec<u32> = (0..300).collect();
    assert_eq!(queue.push_batch(&mut items), 256);
    assert_eq!(items.len(), 44, "the rest is handed back");
    assert_eq!(queue.push(7).unwrap_err().into_inner(), 7, "full");
    let mut out = Vec::new();
    assert_eq!(queue.pop_batch(&mut out, 10), 10);
    assert_eq!(out, (0..10).collect::<Vec<_>>());

    // By shared reference, from several threads.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| while queue.pop().is_some() {});
        }
    });
    assert!(queue.is_empty());
}

#[test]
fn spsc_queue() {
    let mut queue = SpscQueue::<String, 4>::new();
    queue.push("a".to_owned()).unwrap();
    assert_eq!(queue.pop().as_deref(), Some("a"));
    let mut items: Vec<String> = (0..5).map(|n: u32| n.to_string()).collect();
    assert_eq!(queue.push_batch(&mut items), 4);
    assert_eq!(items, ["4"]);
    assert_eq!(queue.push("5".to_owned()).unwrap_err().into_inner(), "5");

    let (mut producer, mut consumer) = queue.split();
    let mut out = Vec::new();
    assert_eq!(consumer.pop_batch(&mut out, 3), 3);
    let sender = std::thread::spawn(move || producer.push("6".to_owned()).unwrap());
    sender.join().unwrap();
    assert_eq!(consumer.pop_batch(&mut out, 9), 2);
    assert_eq!(out, ["0", "1", "2", "3", "6"]);
}
