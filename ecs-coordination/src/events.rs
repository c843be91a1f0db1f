//! Events on their way to other worlds.
//!
//! # Protocol
//!
//! From each source to each world that an edge leads to there is a [`Lane`], with a
//! queue for each event type, which is made when the first event of that type takes
//! it. One world pushes and one pops. An event type's `capacity` bounds each queue;
//! what finds no room waits in its source, whose events of that type are bounded too.
//!
//! Events to entities go the same way, edge by edge, each in its [`Parcel`]: see
//! [`World::send_to_entity`]. Which edge is the first on the shortest way to each world is
//! worked out once, by [`set_ways`].
//!
//! A target counts what is in all lanes that lead to it, in one [`Pending`]: a source
//! counts events before it pushes them, a target takes them off after it has taken
//! them in, and has told that it is not quiet. So a look at one number tells a target
//! that nothing waits, and the stop that nothing is on its way (see
//! [`quiet`](crate::quiet)).
//!
//! - **Order**: events of one type keep their order from source to target, but for those
//!   to entities, which are told after entities have come in. Sources
//!   come in order of their ids; while there is too little room for all, the next tick
//!   begins after the last one that got some.
//! - **Full**: what the target has no room for stays in its queue.
//! - **Panic**: what was moved is counted as moved.
//! - **Drop**: what is in a queue is dropped, once.
// Public to the loom models only.
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

use std::sync::{Arc, OnceLock};

use ecs_core::config::WorldConfig;
use ecs_core::event::{Event, EventOf, EventStore, EventVisitor, HasEvent, Parcel};
use ecs_core::schema::Schema;
use ecs_core::world::World;

use crate::counters::EdgeCounters;
use crate::endpoint::Endpoint;
use crate::inlet::Fate;
use crate::park::Waker;
use crate::pending::Pending;
use crate::problem::Problem;
use crate::quiet::Quiet;
use crate::shared::SharedQueue;
use crate::stats::EdgeEnd;

/// What counts the events of one lane.
#[derive(Clone)]
struct Accounts {
    /// The target's.
    pending: Arc<Pending>,
    /// Of the edge that leads there.
    counters: Arc<EdgeCounters>,
}

/// Events of one type on their way from one world to another.
trait EventQueue<S: Schema>: Send + Sync {
    /// Moves what waits for the target at `place` into the queue, as far as there is
    /// room. Answers how many.
    fn send(&self, place: usize, store: &mut EventStore<S>, accounts: &Accounts) -> usize;
    /// Moves what is in the queue into a world, as far as there is room. Counts each
    /// in `taken`.
    fn receive(&self, store: &mut EventStore<S>, taken: &mut usize);
    fn len(&self) -> usize;
    /// Drops what is in the queue. Counts each in `dropped`.
    fn clear(&self, dropped: &mut usize);
}

struct Queue<E>(OnceLock<SharedQueue<Parcel<E>>>);

impl<S: Schema, E: EventOf<S>> EventQueue<S> for Queue<E> {
    fn send(&self, place: usize, store: &mut EventStore<S>, accounts: &Accounts) -> usize {
        let waiting = store.waiting_for::<E>(place);
        if waiting == 0 {
            return 0;
        }
        let capacity = E::INFO.capacity as usize;
        let queue = self.0.get_or_init(|| SharedQueue::new(capacity.next_power_of_two()));
        // Nobody else pushes, so there is room for as many, or more.
        let count = waiting.min(capacity - queue.len());
        if count < waiting {
            accounts.counters.add_events_full();
        }
        accounts.counters.add_events_sent(count);
        accounts.pending.reserve(count, usize::MAX);
        for _ in 0..count {
            let parcel = store.pop_outgoing::<E>(place).expect("they were counted just now");
            assert!(queue.push(parcel).is_ok(), "there is a place for it");
        }
        count
    }

    fn receive(&self, store: &mut EventStore<S>, taken: &mut usize) {
        let Some(queue) = self.0.get().filter(|queue| !queue.is_empty()) else { return };
        // No more than are here now: a source that never stops is not waited for.
        let mut left = queue.len();
        store.arrive(|| {
            left = left.checked_sub(1)?;
            queue.pop().inspect(|_| *taken += 1)
        });
    }

    fn len(&self) -> usize {
        self.0.get().map_or(0, SharedQueue::len)
    }

    fn clear(&self, dropped: &mut usize) {
        while let Some(parcel) = self.0.get().and_then(SharedQueue::pop) {
            *dropped += 1;
            drop(parcel);
        }
    }
}

/// The queues from one world to another, by the events' indices.
struct Lane<S: Schema> {
    queues: OnceLock<Box<[Box<dyn EventQueue<S>>]>>,
}

impl<S: Schema> Lane<S> {
    fn queues(&self) -> &[Box<dyn EventQueue<S>>] {
        self.queues.get().map_or(&[], |queues| queues)
    }

    fn make_queues(&self) -> &[Box<dyn EventQueue<S>>] {
        struct Maker<S: Schema>(Vec<Box<dyn EventQueue<S>>>);
        impl<S: Schema> EventVisitor<S> for Maker<S> {
            fn event<E: Event>(&mut self)
            where
                S: HasEvent<E>,
            {
                self.0.push(Box::new(Queue::<E>(OnceLock::new())));
            }
        }
        self.queues.get_or_init(|| {
            let mut maker = Maker(Vec::new());
            S::visit_events(&mut maker);
            maker.0.into()
        })
    }

    fn len(&self) -> usize {
        self.queues().iter().map(|queue| queue.len()).sum()
    }
}

/// A lane's end at its source.
struct Outlet<S: Schema> {
    /// The target's id.
    target: u16,
    /// The target's place in the coordinator.
    place: usize,
    /// The target's path.
    path: &'static str,
    lane: Arc<Lane<S>>,
    accounts: Accounts,
    /// Set while the target runs on another thread.
    waker: Option<Waker>,
}

impl<S: Schema> Outlet<S> {
    fn send(&self, place: usize, store: &mut EventStore<S>) -> usize {
        let queues = self.lane.make_queues().iter();
        let sent = queues.map(|queue| queue.send(place, store, &self.accounts)).sum();
        if sent > 0
            && let Some(waker) = &self.waker
        {
            waker.wake();
        }
        sent
    }
}

/// A lane's end at its target.
struct Inlet<S: Schema> {
    /// The source's id.
    source: u16,
    /// The end of the edge.
    end: EdgeEnd,
    lane: Arc<Lane<S>>,
    accounts: Accounts,
}

/// A world's ends of the lanes for events.
pub struct EventEnds<S: Schema> {
    /// By the targets' ids.
    outlets: Vec<Outlet<S>>,
    /// By the sources' ids.
    inlets: Vec<Inlet<S>>,
    /// What is on its way here.
    pub pending: Arc<Pending>,
    /// By world id: the place of the outlet where the shortest way there begins.
    ways: Vec<Option<u16>>,
    /// Which inlet comes first in the next tick.
    turn: usize,
    /// Events that came in this tick.
    pub(crate) received: usize,
}

impl<S: Schema> EventEnds<S> {
    pub fn new() -> Self {
        let pending = Arc::new(Pending::new(usize::MAX));
        let (outlets, inlets, ways) = (Vec::new(), Vec::new(), Vec::new());
        Self { outlets, inlets, pending, ways, turn: 0, received: 0 }
    }

    /// By world id: the place of the target where the shortest way there begins.
    pub(crate) fn ways(&self) -> impl Iterator<Item = Option<u16>> + '_ {
        self.ways.iter().copied()
    }

    /// The worlds that events can go to, by id and path.
    pub fn targets(&self) -> impl Iterator<Item = (u16, &'static str)> + '_ {
        self.outlets.iter().map(|outlet| (outlet.target, outlet.path))
    }

    /// Whether nothing waits to come in.
    pub fn nothing_waits(&self) -> bool {
        self.pending.count() == 0
    }

    /// Has the targets woken: `waker` answers that of the thread of a world by its
    /// place, if it is another.
    pub(crate) fn set_wakers(&mut self, mut waker: impl FnMut(usize) -> Option<Waker>) {
        self.outlets.iter_mut().for_each(|outlet| outlet.waker = waker(outlet.place));
    }

    /// Events on their way here, by source and edge, counted in their queues.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = (u16, EdgeEnd, u64)> + '_ {
        self.inlets.iter().map(|inlet| (inlet.source, inlet.end, inlet.lane.len() as u64))
    }

    /// Moves what has come into a world, as far as there is room.
    pub fn receive(&mut self, store: &mut EventStore<S>, quiet: Option<&Quiet>) {
        let Self { inlets, turn, received, .. } = self;
        let (count, mut full, mut next) = (inlets.len(), false, *turn);
        for at in (*turn..*turn + count).map(|at| at % count) {
            let mut moved = Moved::new(&inlets[at], Fate::Received, quiet);
            for queue in inlets[at].lane.queues() {
                queue.receive(store, &mut moved.count);
                full |= queue.len() > 0;
            }
            *received += moved.count;
            next = if moved.count > 0 { (at + 1) % count } else { next };
        }
        *turn = if full { next } else { 0 };
    }

    /// Sends what waits in a world to leave. Answers how many events left.
    pub fn send(&self, store: &mut EventStore<S>) -> usize {
        let mut sent = 0;
        for (place, outlet) in self.outlets.iter().enumerate() {
            if store.waits_for(place) {
                sent += outlet.send(place, store);
            }
        }
        sent
    }

    /// Drops what is on its way here.
    pub(crate) fn drop_in_flight(&self) {
        for inlet in &self.inlets {
            let mut moved = Moved::new(inlet, Fate::Dropped, None);
            inlet.lane.queues().iter().for_each(|queue| queue.clear(&mut moved.count));
        }
    }
}

/// Joins the ends of a lane to those of the worlds; `edge` is the edge that the events
/// take.
pub fn join<S: Schema>(
    source: (u16, &mut EventEnds<S>),
    target: (u16, usize, &'static str, &mut EventEnds<S>),
    edge: (EdgeEnd, &Arc<EdgeCounters>),
) {
    let lane = Arc::new(Lane { queues: OnceLock::new() });
    let (source, from) = source;
    let (target, place, path, to) = target;
    let (end, counters) = edge;
    let accounts = Accounts { pending: to.pending.clone(), counters: counters.clone() };
    let inlet = Inlet { source, end, lane: lane.clone(), accounts: accounts.clone() };
    to.inlets.insert(to.inlets.partition_point(|inlet| inlet.source <= source), inlet);
    let outlet = Outlet { target, place, path, lane, accounts, waker: None };
    from.outlets.insert(from.outlets.partition_point(|outlet| outlet.target <= target), outlet);
}

/// Works out the shortest ways from each world to each other, once all lanes are joined.
/// `ends` are the worlds' by their ids.
pub(crate) fn set_ways<S: Schema>(mut ends: Vec<&mut EventEnds<S>>) {
    let total = ends.len();
    for from in 0..total {
        let mut ways = vec![None; total];
        let first = ends[from].outlets.iter().enumerate();
        let mut reached: Vec<u16> = first
            .map(|(place, outlet)| {
                ways[outlet.target as usize] = Some(place as u16);
                outlet.target
            })
            .collect();
        // Breadth first, so that the first way found is a shortest one.
        let mut next = 0;
        while let Some(&by) = reached.get(next) {
            next += 1;
            for onward in &ends[by as usize].outlets {
                let target = onward.target as usize;
                if target != from && ways[target].is_none() {
                    ways[target] = ways[by as usize];
                    reached.push(onward.target);
                }
            }
        }
        ends[from].ways = ways;
    }
}

/// Events that were taken out of a lane. Dropped, also while a panic passes, it
/// accounts for them.
struct Moved<'a> {
    count: usize,
    fate: Fate,
    accounts: &'a Accounts,
    quiet: Option<&'a Quiet>,
}

impl<'a> Moved<'a> {
    fn new<S: Schema>(inlet: &'a Inlet<S>, fate: Fate, quiet: Option<&'a Quiet>) -> Self {
        Self { count: 0, fate, accounts: &inlet.accounts, quiet }
    }
}

impl Drop for Moved<'_> {
    fn drop(&mut self) {
        let Self { count: 1.., fate, accounts, quiet } = *self else { return };
        if let Some(quiet) = quiet {
            quiet.taking();
        }
        accounts.pending.release(self.count);
        match fate {
            Fate::Dropped => accounts.counters.add_events_dropped(self.count),
            _ => accounts.counters.add_events_received(self.count),
        }
    }
}

/// Moves what has come from other worlds into the world. Before entities come in: one
/// that left ahead of an event is then there with it. After them,
/// [`World::sort_post`] looks after the events to entities.
pub(crate) fn receive<W: WorldConfig>(world: &mut World<W>, endpoint: &mut Endpoint<W::Schema>) {
    let Endpoint { events, flags, .. } = endpoint;
    events.received = 0;
    if events.nothing_waits() {
        return;
    }
    let Some(store) = world.event_store_mut() else { return };
    events.receive(store, flags.as_deref().map(|flags| &flags.quiet));
}

/// Sends what waits to leave. Answers how many events left.
pub(crate) fn send<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
) -> usize {
    let Some(store) = world.event_store_mut() else { return 0 };
    endpoint.counters.set_events(store.no_edge(), store.undelivered());
    if !store.is_pending() {
        return 0;
    }
    let world = endpoint.name;
    store.for_each_overdue(|event| endpoint.report_once(Problem::EventsLate { world, event }));
    store.for_each_unreached(|target| endpoint.report_once(Problem::NoEdge { world, target }));
    endpoint.events.send(store)
}
