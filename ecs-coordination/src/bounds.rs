//! How many edges there are, and what they take at most, as constants.

use ecs_core::block::block_bytes;
use ecs_core::config::{OnFull, QueueConfig};
use ecs_core::event::EventInfo;
use ecs_core::members::Group;
use ecs_core::schema::Schema;
use ecs_core::topology::{MAX_GROUPS, Topology};

/// The edges that lead into the worlds of one group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// How many of its worlds some world sends to as one world.
    pub(crate) reached: usize,
    /// Edges to these, each to one world.
    pub(crate) direct: usize,
    /// Edges into the inbox that its worlds share.
    pub(crate) shared: usize,
    /// Pairs of a source and a world of the group, between which events go.
    pub(crate) pairs: usize,
}

/// All edges, by the group that they lead into.
#[derive(Debug)]
pub(crate) struct Flows([Flow; MAX_GROUPS]);

impl Flows {
    /// Counts the edges.
    pub(crate) const fn new(topology: &Topology<'_>) -> Self {
        let mut into = [Flow { reached: 0, direct: 0, shared: 0, pairs: 0 }; MAX_GROUPS];
        let mut reached = ecs_core::topology::WorldBits::EMPTY;
        let mut from = 0;
        while from < topology.total() {
            let (direct, all) = (topology.one_by_one(from), topology.successors(from));
            reached = reached.or(direct);
            let mut group = 0;
            while group < topology.groups().len() {
                let members = topology.members(group);
                into[group].direct += direct.and(members).number();
                into[group].pairs += all.and(members).number();
                into[group].shared += topology.array_edge(from, group) as usize;
                group += 1;
            }
            from += 1;
        }
        let mut group = 0;
        while group < topology.groups().len() {
            into[group].reached = reached.and(topology.members(group)).number();
            group += 1;
        }
        Self(into)
    }

    /// The edges that lead to a group.
    pub(crate) const fn to_group(&self, group: usize) -> Flow {
        self.0[group]
    }

    /// How many edges there are.
    pub(crate) const fn edges(&self) -> usize {
        let (mut edges, mut group) = (0, 0);
        while group < MAX_GROUPS {
            edges += self.0[group].direct + self.0[group].shared;
            group += 1;
        }
        edges
    }

    /// The most bytes that the queues of entities into a group hold at once: those of its
    /// worlds, and the one that they share.
    pub(crate) const fn queue_bytes<S: Schema>(
        &self,
        group: usize,
        queue: QueueConfig,
    ) -> [usize; 2] {
        let Flow { reached, direct, shared, .. } = self.0[group];
        let inbox = if shared > 0 { 1 } else { 0 };
        [queue_bytes::<S>(queue, reached, direct), queue_bytes::<S>(queue, inbox, shared)]
    }

    /// The most bytes that all queues of events hold at once.
    pub(crate) const fn event_bytes<S: Schema>(&self) -> usize {
        let (mut pairs, mut group) = (0, 0);
        while group < MAX_GROUPS {
            pairs += self.0[group].pairs;
            group += 1;
        }
        event_bytes(S::EVENTS).saturating_mul(pairs)
    }

    /// The most bytes that all queues hold at once.
    pub(crate) const fn edge_bytes<S: Schema>(&self, groups: &[Group]) -> usize {
        let (mut bytes, mut group) = (self.event_bytes::<S>(), 0);
        while group < groups.len() {
            let [own, shared] = self.queue_bytes::<S>(group, groups[group].desc.queue);
            bytes = bytes.saturating_add(own).saturating_add(shared);
            group += 1;
        }
        bytes
    }
}

/// The most bytes that all entities in worlds take.
pub(crate) const fn world_bytes(groups: &[Group]) -> usize {
    let (mut bytes, mut group) = (0_usize, 0);
    while group < groups.len() {
        let Group { desc, count, components, .. } = groups[group];
        let world = desc.entity_bytes(components).saturating_mul(desc.max_entities as usize);
        bytes = bytes.saturating_add(world.saturating_mul(count));
        group += 1;
    }
    bytes
}

/// The most bytes that the queues of edges into one world hold at once:
/// blocks for `capacity` entities that each travel alone, in both lanes, with
/// their places in the queues; times the sources if each has a ring of its own.
/// Sources that share an inbox may each have an unused block in hand as well, and
/// those that spill hold a block for each entity of the spill's limit.
///
/// For events, each source has a queue of its own for each type, with the event's
/// capacity: from the first event of that type on.
///
/// [`WorldCoordinator::EDGE_BYTES`](crate::WorldCoordinator::EDGE_BYTES) is the sum for all
/// worlds of a coordinator.
pub const fn edge_bytes<S: Schema>(queue: QueueConfig, sources: usize) -> usize {
    let events = event_bytes(S::EVENTS).saturating_mul(sources);
    queue_bytes::<S>(queue, 1, sources).saturating_add(events)
}

/// As [`edge_bytes`], without events, for so many worlds with so many sources in all.
const fn queue_bytes<S: Schema>(queue: QueueConfig, worlds: usize, sources: usize) -> usize {
    let rings = if queue.spsc { sources } else { worlds };
    let handle = 2 * size_of::<usize>();
    let block = block_bytes::<S>(queue.batch_size);
    let lane = (queue.capacity as usize).saturating_mul(block + 2 * handle);
    let in_hand = if queue.spsc { 0 } else { 2 * block };
    let spill = match queue.on_full {
        OnFull::Spill(limit) => block.saturating_mul(limit as usize),
        _ => 0,
    };
    let of_sources = in_hand.saturating_add(spill).saturating_mul(sources);
    lane.saturating_mul(2 * rings).saturating_add(of_sources)
}

/// The bytes of one queue for each event type: each place has a stamp beside the event.
const fn event_bytes(events: &[EventInfo]) -> usize {
    let (mut bytes, mut index) = (0_usize, 0);
    while index < events.len() {
        let EventInfo { capacity, parcel_size, align, .. } = events[index];
        let stamp = size_of::<usize>();
        let align = if align > stamp { align } else { stamp };
        let place = (stamp + parcel_size).next_multiple_of(align);
        let queue = place.saturating_mul((capacity as usize).next_power_of_two());
        bytes = bytes.saturating_add(queue);
        index += 1;
    }
    bytes
}
