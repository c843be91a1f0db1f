//! A coordinator's accounts: what became of every entity, and how what is in
//! flight comes back or ends.

use ecs_core::members::WorldSet;
use ecs_core::topology::Topology;

use crate::coordinator::WorldCoordinator;
use crate::inlet::Fate;
use crate::outlet::{NORMAL, PRIORITY};
use crate::report::{Conservation, EdgeBalance, WorldBalance};
use crate::stats::{EdgeEnd, EdgeStats};

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// Counts every entity, in worlds and in queues, and checks that none was
    /// lost or doubled. The counters run from the start, whatever was reset.
    pub fn conservation(&mut self) -> Conservation {
        let in_flight = self.in_flight();
        let events = self.crew.nodes().flat_map(|node| node.endpoint().events.in_flight());
        let events: Vec<_> = events.collect();
        let worlds = self.crew.nodes().map(|node| WorldBalance {
            name: node.endpoint().name(),
            id: node.endpoint().id(),
            live: node.live() as u64,
            counts: node.counts(),
            events_waiting: node.events_waiting() as u64,
        });
        let worlds = worlds.collect();
        let edges = self.stats.counters.edges.iter().map(|edge| {
            let stats = EdgeStats { from: edge.from, to: edge.to, counts: edge.counters.read() };
            let sum = |found: &[(u16, EdgeEnd, u64)]| {
                let found = found.iter().filter(|on| on.0 == edge.from && on.1 == edge.to);
                found.map(|found| found.2).sum()
            };
            EdgeBalance { stats, in_flight: sum(&in_flight), events_in_flight: sum(&events) }
        });
        let edges = edges.collect();
        Conservation { worlds, edges }
    }

    /// Entities in the blocks of each edge, counted one by one.
    fn in_flight(&mut self) -> Vec<(u16, EdgeEnd, u64)> {
        let topology = Topology::new(Worlds::GROUPS);
        let ids: Vec<u16> = (0..topology.total()).map(|place| topology.id_of(place)).collect();
        let mut found = Vec::new();
        for node in self.crew.nodes_mut() {
            let endpoint = node.endpoint_mut();
            for (outlet, block) in endpoint.spilled_blocks() {
                found.push((endpoint.id, endpoint.outlets[outlet].end, block.len() as u64));
            }
            let own = EdgeEnd::World(endpoint.id);
            for inlet in &mut endpoint.inlets {
                let end = inlet.group.map_or(own, EdgeEnd::Group);
                let owner = inlet.owner;
                for lane in &mut inlet.lanes {
                    lane.for_each(owner, |block| {
                        found.push((ids[block.source() as usize], end, block.len() as u64));
                    });
                }
            }
        }
        found
    }

    /// Takes back what is in flight to the world with id `world` through queues
    /// of its own, into the worlds that it came from, as far as they have room:
    /// for when that world has failed. Answers how many came back.
    pub fn recall(&mut self, world: u16) -> usize {
        if self.check_id(world).is_none() {
            return 0;
        }
        let topology = Topology::new(Worlds::GROUPS);
        let mut came = 0;
        for inlet in 0..self.endpoint(world).inlets.len() {
            if self.endpoint(world).inlets[inlet].shared {
                continue;
            }
            for lane in [PRIORITY, NORMAL] {
                while let Some(source) =
                    self.endpoint_mut(world).inlets[inlet].lanes[lane].front().map(|b| b.source())
                {
                    let source = topology.id_of(source as usize);
                    // A world never sends to itself, so these are two.
                    let [node, source] = self.crew.pair_mut(world as usize, source as usize);
                    let inlet = &mut node.endpoint_mut().inlets[inlet];
                    let front = inlet.open(lane, Fate::Returned, None);
                    let back = front.map_or(0, |mut front| source.take_in(front.block()));
                    if back == 0 {
                        break;
                    }
                    came += back;
                }
            }
        }
        came
    }

    /// Ends the coordinator: drops its worlds and what is in flight, and answers
    /// what became of every entity.
    pub fn close(mut self) -> Conservation {
        for node in self.crew.nodes_mut() {
            node.endpoint_mut().drop_in_flight();
        }
        self.conservation()
    }
}
