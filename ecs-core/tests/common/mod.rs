//! Components that are dropped exactly once, or else it is noticed.
#![allow(dead_code)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use ecs_macros::Component;

/// Knows which values live. A clone is the same ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    live: BTreeSet<u64>,
    dropped_twice: Vec<u64>,
    cloned_dead: Vec<u64>,
}

impl Ledger {
    /// A value that is in the ledger until it is dropped.
    pub fn owned(&self, value: u32) -> Owned {
        let mut entries = self.0.lock().unwrap();
        let id = entries.next;
        entries.next += 1;
        entries.live.insert(id);
        Owned { value, id, heap: Box::new(id), bomb: false, ledger: self.clone() }
    }

    /// A value whose drop, and clone, panics.
    pub fn bomb(&self, value: u32) -> Owned {
        let mut owned = self.owned(value);
        owned.bomb = true;
        owned
    }

    /// How many values live.
    pub fn live(&self) -> usize {
        self.0.lock().unwrap().live.len()
    }

    /// # Panics
    /// If a value was dropped twice, or used after its drop.
    pub fn check(&self) {
        let entries = self.0.lock().unwrap();
        assert!(entries.dropped_twice.is_empty(), "dropped twice: {:?}", entries.dropped_twice);
        assert!(entries.cloned_dead.is_empty(), "cloned dead: {:?}", entries.cloned_dead);
    }

    /// # Panics
    /// If anything lives, or was dropped twice.
    pub fn check_empty(&self) {
        self.check();
        assert_eq!(self.live(), 0, "values leaked");
    }
}

/// A value that owns memory.
#[derive(Component, Debug)]
#[component(crate = ecs_core)]
pub struct Owned {
    pub value: u32,
    id: u64,
    heap: Box<u64>,
    bomb: bool,
    ledger: Ledger,
}

impl Clone for Owned {
    fn clone(&self) -> Self {
        {
            let mut entries = self.ledger.0.lock().unwrap();
            if !entries.live.contains(&self.id) {
                entries.cloned_dead.push(self.id);
            }
        }
        assert!(!self.bomb, "the clone of a bomb");
        self.ledger.owned(self.value)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        assert_eq!(*self.heap, self.id);
        {
            let mut entries = self.ledger.0.lock().unwrap();
            if !entries.live.remove(&self.id) {
                entries.dropped_twice.push(self.id);
            }
        }
        assert!(!self.bomb || std::thread::panicking(), "the drop of a bomb");
    }
}

/// Runs what is to panic.
///
/// # Panics
/// If it does not.
pub fn panics<R>(what: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(what)).is_err(), "it was to panic");
}

/// Fewer where Miri interprets the test.
pub const fn scaled(count: u32, under_miri: u32) -> u32 {
    if cfg!(miri) { under_miri } else { count }
}

/// How property tests run.
pub fn property(cases: u32, under_miri: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: scaled(cases, under_miri),
        failure_persistence: None,
        ..Default::default()
    }
}
