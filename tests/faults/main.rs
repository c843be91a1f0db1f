//! Faults in the midst of transfers: whatever panics, and whenever, each entity is
//! accounted for on its edge and in its world, and each value is dropped once.
//!
//! One fault at a time is armed: in a system, in a component's `Drop` or `Clone`, or in
//! a hook. It fires at one of the next calls, wherever that comes from. The world that it
//! hits stands still until it is started again, while the others go on: tick by tick, in
//! any order, and on threads, where a fault stops them all in the midst.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Once};

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

/// A fault, and the values that it is to leave whole. All accesses are relaxed, so that
/// they order nothing between the threads of worlds.
struct Case {
    /// By site: calls up to the one that panics, and with it; none below one.
    armed: [AtomicI64; SITES.len()],
    /// By site: how many have fired.
    fired: [AtomicU64; SITES.len()],
    /// By value: how often it was dropped.
    drops: Box<[AtomicU64]>,
    made: AtomicUsize,
    /// By world: ticks in which its system does anything.
    ticks: [AtomicI64; 3],
}

impl Case {
    /// For up to this many values.
    fn new(values: usize) -> Arc<Self> {
        Arc::new(Self {
            armed: Default::default(),
            fired: Default::default(),
            drops: (0..values).map(|_| AtomicU64::new(0)).collect(),
            made: AtomicUsize::new(0),
            ticks: Default::default(),
        })
    }

    /// One fault, and no other: at the call after so many.
    fn arm(&self, site: Site, after: u32) {
        self.disarm();
        self.armed[site as usize].store(i64::from(after) + 1, Ordering::Relaxed);
    }

    fn disarm(&self) -> [i64; SITES.len()] {
        self.armed.each_ref().map(|armed| armed.swap(0, Ordering::Relaxed))
    }

    /// Panics if the fault that is armed is here, and due.
    fn pass(&self, site: Site) {
        if std::thread::panicking() {
            return;
        }
        if self.armed[site as usize].fetch_sub(1, Ordering::Relaxed) == 1 {
            self.fired[site as usize].fetch_add(1, Ordering::Relaxed);
            panic!("{INJECTED}: {site:?}");
        }
    }

    fn fired(&self) -> [u64; SITES.len()] {
        self.fired.each_ref().map(|fired| fired.load(Ordering::Relaxed))
    }

    fn value(self: &Arc<Self>) -> Value {
        Value { case: self.clone(), index: self.made.fetch_add(1, Ordering::Relaxed) }
    }

    /// Values that are alive now; each other one was dropped once.
    fn alive(&self) -> usize {
        let made = &self.drops[..self.made.load(Ordering::Relaxed)];
        let drops = || made.iter().map(|drops| drops.load(Ordering::Relaxed));
        assert!(drops().all(|count| count <= 1), "a value was dropped twice");
        drops().filter(|&count| count == 0).count()
    }
}

/// Keeps the injected panics out of the tests' output.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Also those that are no text.
            if info.payload_as_str().is_some_and(|text| !text.starts_with(INJECTED)) {
                report(info);
            }
        }));
    });
}

/// A value that is registered until it is dropped.
struct Value {
    case: Arc<Case>,
    index: usize,
}

impl Drop for Value {
    fn drop(&mut self) {
        self.case.drops[self.index].fetch_add(1, Ordering::Relaxed);
        self.case.pass(Site::Drop);
    }
}

#[derive(Component)]
struct Owned(#[expect(dead_code)] Value);

#[derive(Component)]
struct Twin(Value);

impl Clone for Twin {
    fn clone(&self) -> Self {
        self.0.case.pass(Site::Clone);
        Twin(self.0.case.value())
    }
}

/// Routes to another world.
#[derive(Component, Clone, Copy)]
struct Detour;

#[world_config(components(Owned, Twin, Detour))]
struct Base;

type Three<A, B, C> = WorldCoordinator<(A, B, C)>;

/// Does the same to whichever world it is.
macro_rules! with_world {
    ($three:expr, $world:expr, |$name:ident| $body:expr) => {
        match $world {
            0 => {
                let $name = $three.world_mut::<A>();
                $body
            }
            1 => {
                let $name = $three.world_mut::<B>();
                $body
            }
            _ => {
                let $name = $three.world_mut::<C>();
                $body
            }
        }
    };
}

/// All configurations of the schema, which the three worlds are of.
trait Config: WorldConfig<Schema = Base> {}
impl<W: WorldConfig<Schema = Base>> Config for W {}

fn set_hooks<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>, case: &Arc<Case>) {
    for world in 0..3 {
        with_world!(three, world, |world| {
            let (departs, arrives) = (case.clone(), case.clone());
            world.on_depart(move |_, _, _| departs.pass(Site::Depart));
            world.on_arrive(move |_, _| arrives.pass(Site::Arrive));
        });
    }
}

fn entities<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>) -> Vec<(u16, Entity)> {
    let mut all = Vec::new();
    for place in 0..3 {
        with_world!(three, place, |world| {
            all.extend(world.view::<(Entity,)>().map(|(entity,)| (place, entity)));
        });
    }
    all
}

/// Values in the worlds.
fn values<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>) -> usize {
    let mut count = 0;
    for place in 0..3 {
        with_world!(three, place, |world| {
            count += world.view::<(&Owned,)>().count();
            count += world.view::<(&Twin,)>().count();
        });
    }
    count
}

/// Runs `body`, from which only injected panics may come. Answers whether one did.
fn caught(body: impl FnOnce()) -> bool {
    let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) else {
        return false;
    };
    let text = payload.downcast_ref::<String>();
    if !text.is_some_and(|text| text.starts_with(INJECTED)) {
        std::panic::resume_unwind(payload);
    }
    true
}

fn hold<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>, case: &Case) {
    let conservation = three.conservation();
    assert!(conservation.holds(), "{conservation}");
    assert!(values(three) <= case.alive(), "a value in a world was dropped");
}

mod payloads;
mod steps;
mod threads;

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

            #[test]
            fn each_is_accounted_for_on_threads() {
                crate::threads::check(Three::new);
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
