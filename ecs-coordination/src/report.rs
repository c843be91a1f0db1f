//! What became of every entity, and of every event between worlds.

use std::fmt;

use ecs_core::world::Counts;

use crate::stats::{EdgeEnd, EdgeStats};

/// Every entity accounted for: in each world and on each edge, at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conservation {
    /// By world id.
    pub worlds: Vec<WorldBalance>,
    /// By source, then target.
    pub edges: Vec<EdgeBalance>,
}

/// One world's entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldBalance {
    /// The world's name.
    pub name: &'static str,
    /// The world's id.
    pub id: u16,
    /// Entities in the world.
    pub live: u64,
    /// Entities that came and went.
    pub counts: Counts,
    /// Events that wait to leave for other worlds, or for the entity that they are to.
    pub events_waiting: u64,
}

impl WorldBalance {
    /// `spawned + arrived = live + despawned + departed`.
    pub fn holds(&self) -> bool {
        self.counts.spawned + self.counts.arrived
            == self.live + self.counts.despawned + self.counts.departed
    }
}

/// One edge's entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeBalance {
    /// The edge and what it has counted from the start.
    pub stats: EdgeStats,
    /// Entities in its blocks, counted one by one.
    pub in_flight: u64,
    /// Events in its queues.
    pub events_in_flight: u64,
}

impl EdgeBalance {
    /// `taken = received + in flight + returned + shed + dropped`, and for events `sent =
    /// received + in flight + dropped`.
    pub fn holds(&self) -> bool {
        let counts = self.stats.counts;
        let entities =
            counts.received + self.in_flight + counts.returned + counts.shed + counts.dropped;
        counts.taken == entities && counts.events_sent == self.events()
    }

    fn events(&self) -> u64 {
        let counts = self.stats.counts;
        counts.events_received + self.events_in_flight + counts.events_dropped
    }
}

impl Conservation {
    /// Whether no entity was lost or doubled, and no event between worlds.
    pub fn holds(&self) -> bool {
        self.worlds.iter().all(WorldBalance::holds) && self.edges.iter().all(EdgeBalance::holds)
    }

    /// Entities in all worlds.
    pub fn live(&self) -> u64 {
        self.worlds.iter().map(|world| world.live).sum()
    }

    /// Entities in all queues.
    pub fn in_flight(&self) -> u64 {
        self.edges.iter().map(|edge| edge.in_flight).sum()
    }

    /// Events on their way from world to world, and those that wait to leave.
    pub fn events(&self) -> u64 {
        let waiting = self.worlds.iter().map(|world| world.events_waiting);
        waiting.chain(self.edges.iter().map(|edge| edge.events_in_flight)).sum()
    }
}

impl fmt::Display for Conservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for world in &self.worlds {
            let counts = world.counts;
            writeln!(
                f,
                "{} ({}): {} spawned + {} arrived = {} live + {} despawned + {} departed{}",
                world.name,
                world.id,
                counts.spawned,
                counts.arrived,
                world.live,
                counts.despawned,
                counts.departed,
                if world.holds() { "" } else { ": does not hold" },
            )?;
            if world.events_waiting > 0 {
                writeln!(f, "  {} events wait to leave", world.events_waiting)?;
            }
        }
        for edge in &self.edges {
            let counts = edge.stats.counts;
            let to = match edge.stats.to {
                EdgeEnd::World(id) => format!("{id}"),
                EdgeEnd::Group(id) => format!("{id}.."),
            };
            writeln!(
                f,
                "{} -> {to}: {} taken = {} received + {} in flight + {} returned + {} shed + {} dropped{}",
                edge.stats.from,
                counts.taken,
                counts.received,
                edge.in_flight,
                counts.returned,
                counts.shed,
                counts.dropped,
                if edge.holds() { "" } else { ": does not hold" },
            )?;
            if counts.events_sent > 0 {
                writeln!(
                    f,
                    "  {} events sent = {} received + {} in flight + {} dropped",
                    counts.events_sent,
                    counts.events_received,
                    edge.events_in_flight,
                    counts.events_dropped,
                )?;
            }
        }
        Ok(())
    }
}
