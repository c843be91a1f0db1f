//! Faults in the midst of transfers: whatever panics, and whenever, each entity is
//! accounted for on its edge and in its world, and each value is dropped once.
//!
//! One fault at a time is armed: in a system, in a component's `Drop` or `Clone`, or in
//! a hook. It fires at one of the next calls, wherever that comes from. The world that it
//! hits stands still until it is started again, while the others go on.

mod steps;

use std::cell::{Cell, RefCell};
use std::sync::Once;

use static_ecs::prelude::*;

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    System,
    Drop,
    Clone,
    Depart,
    Arrive,
}

const SITES: [Site; 5] = [Site::System, Site::Drop, Site::Clone, Site::Depart, Site::Arrive];

/// What an injected panic says.
const INJECTED: &str = "an injected fault";

thread_local! {
    static ARMED: Cell<Option<(Site, u32)>> = const { Cell::new(None) };
    /// By value: how often it was dropped.
    static DROPS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    /// Where faults have fired.
    static FIRED: RefCell<Vec<Site>> = const { RefCell::new(Vec::new()) };
}

/// Panics if the fault that is armed is here, and due.
fn pass(site: Site) {
    match ARMED.get() {
        Some((armed, 0)) if armed == site && !std::thread::panicking() => {
            ARMED.set(None);
            FIRED.with_borrow_mut(|fired| fired.push(site));
            panic!("{INJECTED}: {site:?}");
        }
        Some((armed, calls @ 1..)) if armed == site => ARMED.set(Some((armed, calls - 1))),
        _ => {}
    }
}

/// Keeps the injected panics out of the tests' output.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload_as_str().is_some_and(|text| text.starts_with(INJECTED)) {
                report(info);
            }
        }));
    });
}

/// A value that is registered until it is dropped.
struct Value(usize);

impl Value {
    fn new() -> Self {
        DROPS.with_borrow_mut(|drops| {
            drops.push(0);
            Value(drops.len() - 1)
        })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        DROPS.with_borrow_mut(|drops| drops[self.0] += 1);
        pass(Site::Drop);
    }
}

/// Values that are alive now; each other one was dropped once.
fn alive() -> usize {
    DROPS.with_borrow(|drops| {
        assert!(drops.iter().all(|&count| count <= 1), "a value was dropped twice: {drops:?}");
        drops.iter().filter(|&&count| count == 0).count()
    })
}

#[derive(Component)]
struct Owned(#[expect(dead_code)] Value);

#[derive(Component)]
struct Twin(#[expect(dead_code)] Value);

impl Clone for Twin {
    fn clone(&self) -> Self {
        pass(Site::Clone);
        Twin(Value::new())
    }
}

/// Routes to another world.
#[derive(Component, Clone, Copy)]
struct Detour;

#[world_config(components(Owned, Twin, Detour))]
struct Base;

/// Three worlds with edges of one kind, and where they lead.
macro_rules! worlds {
    ($module:ident: ($($queue:tt)*), ($($a:tt)*), ($($b:tt)*), ($($c:tt)*)) => {
        mod $module {
            use super::*;
            #[world_config(base = Base, source, max_entities = 12,
                transfer_queue(capacity = 4, batch_size = 2, $($queue)*), $($a)*)]
            pub(crate) struct A;
            #[world_config(base = Base, max_entities = 30,
                transfer_queue(capacity = 4, batch_size = 2, $($queue)*), $($b)*)]
            pub(crate) struct B;
            #[world_config(base = Base, max_entities = 6,
                transfer_queue(capacity = 4, batch_size = 2, $($queue)*), $($c)*)]
            pub(crate) struct C;
            coordinator!(pub(crate) type Three = (A, B, C));

            #[test]
            fn each_is_accounted_for() {
                crate::steps::check(Three::new);
            }
        }
    };
}

macro_rules! around {
    ($module:ident: $($queue:tt)*) => {
        worlds!($module: ($($queue)*),
            (routing(default_target = B, Detour => C)),
            (routing(default_target = C, Detour => A)),
            (routing(default_target = A, Detour => B)));
    };
}

around!(retain_inbox: on_full = retain);
around!(retain_ring: spsc = true, on_full = retain);
around!(shed_inbox: on_full = shed);
around!(shed_ring: spsc = true, on_full = shed);
around!(spill_inbox: on_full = spill(3));
around!(spill_ring: spsc = true, on_full = spill(3));
// A cycle of edges that block does not compile.
worlds!(block_inbox: (on_full = block(1ms)),
    (routing(default_target = B, Detour => C)), (routing(default_target = C)), (role = standalone));
worlds!(block_ring: (spsc = true, on_full = block(1ms)),
    (routing(default_target = B, Detour => C)), (routing(default_target = C)), (role = standalone));
