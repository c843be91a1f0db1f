//! What is counted: per edge and per world, added up when read.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::counters::EdgeCounters;
use crate::sync::{AtomicU64, Ordering};

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeEnd {
    /// To the world with this id.
    World(u16),
    /// To the inbox that all members of an array share; the id is its first member's.
    Group(u16),
}

/// What one edge has counted. At rest, `taken = received + in flight + returned
/// + shed + dropped`; no reader ever sees more of these than taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeCounts {
    /// Entities that left the source for this edge.
    pub taken: u64,
    /// Entities that came into the target.
    pub received: u64,
    /// Entities that were taken and came back to the source.
    pub returned: u64,
    /// Entities that were taken and dropped, because the queue was full.
    pub shed: u64,
    /// Entities in flight that were dropped when the coordinator was closed.
    pub dropped: u64,
    /// Batches that were sent: one operation on the queue for each.
    pub batches: u64,
    /// How often a batch, or an entity, found the queue full.
    pub full: u64,
    /// Entities that stayed because the target is closed to their archetype.
    pub refused: u64,
    /// Entities that wait at the source now, taken out of its world.
    pub spilled: u64,
    /// Events that left the source for this edge. At rest, these are those received, in
    /// flight and dropped.
    pub events_sent: u64,
    /// Events that came into the target.
    pub events_received: u64,
    /// Events in flight that were dropped when the coordinator was closed.
    pub events_dropped: u64,
    /// How often events of one type found too little room, and waited.
    pub events_full: u64,
}

impl EdgeCounts {
    /// What must be in flight at rest for no entity to be lost or doubled.
    pub fn unaccounted(&self) -> u64 {
        self.taken - self.received - self.returned - self.shed - self.dropped
    }

    fn since(self, base: &Self) -> Self {
        // What was in flight at the reset counts as taken after it.
        Self {
            taken: self.taken - base.received - base.returned - base.shed - base.dropped,
            received: self.received - base.received,
            returned: self.returned - base.returned,
            shed: self.shed - base.shed,
            dropped: self.dropped - base.dropped,
            batches: self.batches - base.batches,
            full: self.full - base.full,
            refused: self.refused - base.refused,
            spilled: self.spilled,
            events_sent: self.events_sent - base.events_received - base.events_dropped,
            events_received: self.events_received - base.events_received,
            events_dropped: self.events_dropped - base.events_dropped,
            events_full: self.events_full - base.events_full,
        }
    }
}

/// What one world counts of its ticks. Only the world writes these.
#[derive(Debug, Default)]
pub(crate) struct WorldCounters {
    pub(crate) ticks: AtomicU64,
    pub(crate) tick_ns: AtomicU64,
    pub(crate) entities: AtomicU64,
    pub(crate) outbox: AtomicU64,
    pub(crate) no_edge: AtomicU64,
    pub(crate) not_clone: AtomicU64,
    pub(crate) events_no_edge: AtomicU64,
    pub(crate) events_undelivered: AtomicU64,
    /// Ticks that the pace left out.
    pub(crate) skipped: AtomicU64,
    pub(crate) failures: AtomicU64,
    /// When the present tick began, in ns after [`EPOCH`], and 1 more; 0 between ticks.
    ticking: AtomicU64,
    /// All bits, or in lock-step that of the next tick, are set while the world
    /// can take little more: see `Admission`.
    pub(crate) pressed: AtomicU64,
}

/// What the beginnings of ticks are counted from.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

pub(crate) fn ns_after_epoch(now: Instant) -> u64 {
    now.saturating_duration_since(*EPOCH).as_nanos() as u64
}

/// What one world has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorldCounts {
    /// Ticks.
    pub ticks: u64,
    /// Time spent in ticks.
    pub tick_time: Duration,
    /// Ticks that came too late for the world's pace, and were left out.
    pub skipped: u64,
    /// Entities at the end of the last tick.
    pub entities: u64,
    /// Entities that wanted to leave and could not, at the end of the last tick.
    pub waiting: u64,
    /// Entities that wanted to leave for where no edge leads, and stayed.
    pub no_edge: u64,
    /// Entities that were to be copied, are not `Clone`, and stayed.
    pub not_clone: u64,
    /// Events that were to go where no edge leads, and were handed back.
    pub events_no_edge: u64,
    /// Events to entities that were given up in this world, because the entity had died, or
    /// moved on too often, or did not come.
    pub events_undelivered: u64,
    /// Ticks that failed.
    pub failures: u64,
}

impl WorldCounters {
    pub(crate) fn set_events(&self, no_edge: u64, undelivered: u64) {
        // ORDERING: relaxed, both: counts of their own, which only the world writes.
        self.events_no_edge.store(no_edge, Ordering::Relaxed);
        self.events_undelivered.store(undelivered, Ordering::Relaxed);
    }

    pub(crate) fn begin_tick(&self, start: Option<Instant>) {
        let start = start.map_or(0, |start| ns_after_epoch(start) + 1);
        // ORDERING: relaxed: for who watches, a little later is as good.
        self.ticking.store(start, Ordering::Relaxed);
    }

    pub(crate) fn end_tick(&self) {
        // ORDERING: relaxed: see `begin_tick`.
        self.ticking.store(0, Ordering::Relaxed);
    }

    /// When the present tick began, in ns after [`EPOCH`].
    pub(crate) fn ticking_since(&self) -> Option<u64> {
        // ORDERING: relaxed: see `begin_tick`.
        self.ticking.load(Ordering::Relaxed).checked_sub(1)
    }

    fn read(&self) -> WorldCounts {
        // ORDERING: relaxed: each is a count of its own, which only the world writes,
        // see `Endpoint::publish`.
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WorldCounts {
            ticks: read(&self.ticks),
            tick_time: Duration::from_nanos(read(&self.tick_ns)),
            skipped: read(&self.skipped),
            entities: read(&self.entities),
            waiting: read(&self.outbox),
            no_edge: read(&self.no_edge),
            not_clone: read(&self.not_clone),
            events_no_edge: read(&self.events_no_edge),
            events_undelivered: read(&self.events_undelivered),
            failures: read(&self.failures),
        }
    }
}

/// An edge and its counters.
#[derive(Clone, Debug)]
pub(crate) struct EdgeEntry {
    pub(crate) from: u16,
    pub(crate) to: EdgeEnd,
    pub(crate) counters: Arc<EdgeCounters>,
}

/// All counters of a coordinator, in no particular state: worlds may be running.
#[derive(Debug)]
pub(crate) struct Counters {
    /// By world id: the world's name and counters.
    pub(crate) worlds: Vec<(&'static str, Arc<CachePadded<WorldCounters>>)>,
    pub(crate) edges: Vec<EdgeEntry>,
}

/// Reads a coordinator's statistics, from any thread, while its worlds run.
#[derive(Clone, Debug)]
pub struct StatsReader {
    pub(crate) counters: Arc<Counters>,
    pub(crate) base: Arc<std::sync::Mutex<Vec<EdgeCounts>>>,
    pub(crate) base_worlds: Arc<std::sync::Mutex<Vec<WorldCounts>>>,
}

impl StatsReader {
    pub(crate) fn new(counters: Counters) -> Self {
        Self { counters: Arc::new(counters), base: Arc::default(), base_worlds: Arc::default() }
    }

    /// What has been counted since the last reset.
    pub fn read(&self) -> CoordinatorStats {
        let base = self.base.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        let base_worlds =
            self.base_worlds.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        let edges = self.counters.edges.iter().enumerate().map(|(index, edge)| {
            let counts = edge.counters.read();
            let counts = base.get(index).map_or(counts, |base| counts.since(base));
            EdgeStats { from: edge.from, to: edge.to, counts }
        });
        let edges: Vec<_> = edges.collect();
        let worlds = self.counters.worlds.iter().enumerate().map(|(index, (name, counters))| {
            let mut counts = counters.read();
            if let Some(base) = base_worlds.get(index) {
                counts.ticks -= base.ticks;
                counts.tick_time -= base.tick_time;
                counts.skipped -= base.skipped;
                counts.no_edge -= base.no_edge;
                counts.not_clone -= base.not_clone;
                counts.events_no_edge -= base.events_no_edge;
                counts.events_undelivered -= base.events_undelivered;
                counts.failures -= base.failures;
            }
            WorldStats { id: index as u16, name, counts }
        });
        CoordinatorStats::new(worlds.collect(), edges)
    }

    /// Counts from here on as from the start. What is in flight counts as taken
    /// after the reset, so that no edge ever shows more received than taken.
    pub fn reset(&self) {
        let edges = self.counters.edges.iter().map(|edge| edge.counters.read()).collect();
        let worlds = self.counters.worlds.iter().map(|(_, counters)| counters.read()).collect();
        *self.base.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = edges;
        *self.base_worlds.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = worlds;
    }
}

/// One world's statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldStats {
    /// The world's id.
    pub id: u16,
    /// The world's name.
    pub name: &'static str,
    /// What it has counted.
    pub counts: WorldCounts,
}

/// One edge's statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeStats {
    /// The id of the source world.
    pub from: u16,
    /// Where the edge leads.
    pub to: EdgeEnd,
    /// What it has counted.
    pub counts: EdgeCounts,
}

/// A coordinator's statistics since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoordinatorStats {
    /// Ticks of all worlds.
    pub ticks: u64,
    /// Entities that left each world, by its id.
    pub transfers_sent: Vec<u64>,
    /// Entities that came into each world, by its id; those that came through
    /// an inbox that an array shares stand with its first member.
    pub transfers_received: Vec<u64>,
    /// How often a batch, or an entity, found a queue full.
    pub queue_full_count: u64,
    /// Time spent in ticks of all worlds, in nanoseconds.
    pub total_tick_time_ns: u64,
    /// By world id.
    pub worlds: Vec<WorldStats>,
    /// By source id, then target.
    pub edges: Vec<EdgeStats>,
}

impl CoordinatorStats {
    fn new(worlds: Vec<WorldStats>, edges: Vec<EdgeStats>) -> Self {
        let mut stats = Self {
            transfers_sent: vec![0; worlds.len()],
            transfers_received: vec![0; worlds.len()],
            ..Self::default()
        };
        for edge in &edges {
            stats.transfers_sent[edge.from as usize] += edge.counts.taken;
            let (EdgeEnd::World(to) | EdgeEnd::Group(to)) = edge.to;
            stats.transfers_received[to as usize] += edge.counts.received;
            stats.queue_full_count += edge.counts.full;
        }
        for world in &worlds {
            stats.ticks += world.counts.ticks;
            stats.total_tick_time_ns += world.counts.tick_time.as_nanos() as u64;
        }
        Self { worlds, edges, ..stats }
    }

    /// The edge from one world to another.
    pub fn edge(&self, from: u16, to: u16) -> Option<&EdgeCounts> {
        let found = self.edges.iter().find(|edge| {
            edge.from == from
                && matches!(edge.to, EdgeEnd::World(id) | EdgeEnd::Group(id) if id == to)
        });
        found.map(|edge| &edge.counts)
    }

    /// Entities that left any world.
    pub fn sent(&self) -> u64 {
        self.transfers_sent.iter().sum()
    }

    /// Entities that came into any world.
    pub fn received(&self) -> u64 {
        self.transfers_received.iter().sum()
    }
}
