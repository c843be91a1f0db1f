//! Builds the ends of all edges from the topology.

use std::sync::Arc;

use ecs_core::block::block_bytes;
use ecs_core::config::{OnFull, QueueConfig, Target};
use ecs_core::members::Group;
use ecs_core::schema::Schema;
use ecs_core::topology::{Cycles, Destination, Topology};

use crate::admit::Admission;
use crate::counters::EdgeCounters;
use crate::directory::{Directory, Whither};
use crate::endpoint::{Endpoint, Routes, Way};
use crate::events::{EventEnds, join, set_ways};
use crate::inlet::Inlet;
use crate::lane::{Inbox, LaneSource, ring_lane};
use crate::outlet::Outlet;
use crate::plan::Plan;
use crate::returns::Returns;
use crate::stats::{Counters, EdgeEnd, EdgeEntry};

/// The ends of all edges, by the worlds' places, and what counts on them.
pub(crate) struct Wiring<S: Schema> {
    pub(crate) endpoints: Vec<Endpoint<S>>,
    pub(crate) admissions: Vec<Admission>,
    pub(crate) counters: Counters,
    /// By the worlds' places: the order in which strongly connected worlds stop.
    pub(crate) components: Vec<usize>,
}

pub(crate) fn wire<S: Schema>(groups: &'static [Group]) -> Wiring<S> {
    let topology = Topology::new(groups);
    let cycles = topology.cycles();
    let total = topology.total();
    let mut wiring = Wiring {
        endpoints: Vec::with_capacity(total),
        admissions: Vec::with_capacity(total),
        // Made one by one: a clone of an `Arc` would be the same counters.
        counters: Counters {
            worlds: (0..total).map(|_| ("", Arc::default())).collect(),
            edges: Vec::new(),
        },
        components: (0..total).map(|place| cycles.component_of(place)).collect(),
    };
    let returns: Arc<Vec<Returns>> = Arc::new((0..total).map(|_| Returns::new(total)).collect());
    let directory = Arc::new(Directory::new(total));
    let ids: Arc<[u16]> = (0..total).map(|place| topology.id_of(place)).collect();
    for place in 0..total {
        let (group, _) = topology.locate(place);
        let id = topology.id_of(place);
        let counters = wiring.counters.worlds[id as usize].1.clone();
        wiring.counters.worlds[id as usize].0 = groups[group].desc.name;
        wiring.endpoints.push(Endpoint {
            id,
            place,
            name: groups[group].desc.name,
            outlets: Vec::new(),
            spills: false,
            by_id: vec![None; total],
            routes: Routes::default(),
            inlets: Vec::new(),
            events: EventEnds::new(),
            turn: 0,
            burst: 0,
            flags: None,
            step: None,
            ticking: false,
            ids: ids.clone(),
            moved: (0, 0),
            counters,
            returns: returns.clone(),
            directory: directory.clone(),
            came: Vec::new(),
            returning: vec![Vec::new(); total],
            has_returning: false,
            plan: Plan::default(),
            lingering: 0,
            kept: Vec::new(),
            trees: Vec::new(),
            batch: Vec::new(),
            known: Vec::new(),
            problems: Vec::new(),
        });
    }
    let circles = topology.circles();
    let mut builder = Builder {
        topology: &topology,
        cycles: Loops::new(&cycles, total),
        circles: Loops::new(&circles, total),
        wiring: &mut wiring,
    };
    for place in 0..total {
        builder.edges_to_world(place);
    }
    for group in 0..groups.len() {
        if topology.shares_inbox(group) {
            builder.edges_to_array(group);
        }
    }
    if !S::EVENTS.is_empty() {
        (0..total).for_each(|place| builder.events_to(place));
        builder.event_ways();
    }
    for place in 0..total {
        builder.routes_of(place);
        builder.admission_of(place);
    }
    wiring.counters.edges.sort_by_key(|edge| {
        let (EdgeEnd::World(to) | EdgeEnd::Group(to)) = edge.to;
        (edge.from, to)
    });
    wiring
}

struct Builder<'a, S: Schema> {
    topology: &'a Topology<'static>,
    /// All cycles.
    cycles: Loops<'a>,
    /// Those that no source is part of.
    circles: Loops<'a>,
    wiring: &'a mut Wiring<S>,
}

/// Which worlds lie on cycles, and on which together.
struct Loops<'a> {
    cycles: &'a Cycles,
    /// By place: whether another world is on a cycle with this one.
    on: Vec<bool>,
}

impl<'a> Loops<'a> {
    fn new(cycles: &'a Cycles, total: usize) -> Self {
        let mut members = vec![0; cycles.count()];
        (0..total).for_each(|place| members[cycles.component_of(place)] += 1);
        let on = (0..total).map(|place| members[cycles.component_of(place)] > 1).collect();
        Self { cycles, on }
    }
}

impl<S: Schema> Builder<'_, S> {
    fn total(&self) -> usize {
        self.topology.total()
    }

    /// Whether the edge comes from outside into worlds that lie on a circle. A
    /// source is outside also where something leads back to it: what it sends is
    /// new to the circle, and would fill it up for good.
    fn enters_circle(&self, from: usize, to: usize) -> bool {
        self.circles.on[to] && !self.circles.cycles.same(from, to)
    }

    fn edges_to_world(&mut self, to: usize) {
        let topology = *self.topology;
        let sources: Vec<usize> =
            (0..self.total()).filter(|&from| topology.edge(from, to)).collect();
        if sources.is_empty() {
            return;
        }
        let desc = topology.groups()[topology.locate(to).0].desc;
        let end = EdgeEnd::World(topology.id_of(to));
        let headroom = headroom(desc.queue, desc.max_entities);
        if desc.queue.spsc {
            for from in sources {
                let [priority, normal] = [(); 2].map(|()| {
                    ring_lane::<S>(
                        desc.queue.capacity as usize,
                        block_bytes::<S>(desc.queue.batch_size),
                    )
                });
                let counters = self.outlet(from, end, vec![to], [priority.0, normal.0], 0);
                let mut by_source = vec![None; self.total()];
                by_source[from] = Some(counters);
                let headroom = if self.enters_circle(from, to) { headroom } else { 0 };
                self.wiring.endpoints[to].inlets.push(Inlet {
                    lanes: [priority.1, normal.1],
                    counters: by_source,
                    headroom,
                    group: None,
                    shared: false,
                    owner: true,
                });
            }
        } else {
            let inboxes = inboxes::<S>(desc.queue, 1);
            let counters = self.outlets(&sources, end, &[to], &inboxes, desc.queue);
            self.wiring.endpoints[to].inlets.push(Inlet {
                lanes: inboxes.each_ref().map(|inbox| inbox.target(0)),
                counters,
                headroom: 0,
                group: None,
                shared: false,
                owner: true,
            });
        }
    }

    fn edges_to_array(&mut self, group: usize) {
        let topology = *self.topology;
        let sources: Vec<usize> =
            (0..self.total()).filter(|&from| topology.array_edge(from, group)).collect();
        let queue = topology.groups()[group].desc.queue;
        let first = topology.flat(group, 0);
        let members: Vec<usize> = (0..topology.groups()[group].count)
            .map(|member| topology.flat(group, member))
            .collect();
        let inboxes = inboxes::<S>(queue, members.len());
        let end = EdgeEnd::Group(topology.id_of(first));
        let counters = self.outlets(&sources, end, &members, &inboxes, queue);
        for (number, &member) in members.iter().enumerate() {
            self.wiring.endpoints[member].inlets.push(Inlet {
                lanes: inboxes.each_ref().map(|inbox| inbox.target(number)),
                counters: counters.clone(),
                headroom: 0,
                group: Some(topology.id_of(first)),
                shared: members.len() > 1,
                owner: member == first,
            });
        }
    }

    /// Events go where entities can: to each world by itself, also through the inbox that
    /// an array shares.
    fn events_to(&mut self, to: usize) {
        let desc = self.topology.groups()[self.topology.locate(to).0].desc;
        let id = self.topology.id_of(to);
        for from in (0..self.total()).filter(|&from| from != to) {
            let outlets = &self.wiring.endpoints[from].outlets;
            let own = outlets.iter().find(|outlet| outlet.end == EdgeEnd::World(id));
            let shared = || outlets.iter().find(|outlet| outlet.targets.contains(&to));
            let Some(outlet) = own.or_else(shared) else { continue };
            let (end, counters) = (outlet.end, outlet.counters.clone());
            let ends = self.wiring.endpoints.get_disjoint_mut([from, to]);
            let [source, target] = ends.expect("two worlds that exist");
            join(
                (source.id, &mut source.events),
                (id, to, desc.path, &mut target.events),
                (end, &counters),
            );
        }
    }

    fn event_ways(&mut self) {
        let mut endpoints: Vec<_> = self.wiring.endpoints.iter_mut().collect();
        endpoints.sort_by_key(|endpoint| endpoint.id);
        set_ways(endpoints.into_iter().map(|endpoint| &mut endpoint.events).collect());
    }

    /// One outlet for each source into a shared inbox; the counters by source.
    fn outlets(
        &mut self,
        sources: &[usize],
        end: EdgeEnd,
        targets: &[usize],
        inboxes: &[Inbox<S>; 2],
        queue: QueueConfig,
    ) -> Vec<Option<Arc<EdgeCounters>>> {
        let mut by_source = vec![None; self.total()];
        for &from in sources {
            // Who comes from outside leaves a batch free in a circle's inbox, so
            // that a full cycle still turns (bubble flow control: Carrión et
            // al., "A flow control mechanism to avoid message deadlock", 1997).
            let free = if self.enters_circle(from, targets[0]) { queue.batch_size } else { 0 };
            let lanes = inboxes.each_ref().map(Inbox::source);
            by_source[from] = Some(self.outlet(from, end, targets.to_vec(), lanes, free));
        }
        by_source
    }

    fn outlet(
        &mut self,
        from: usize,
        end: EdgeEnd,
        targets: Vec<usize>,
        mut lanes: [LaneSource<S>; 2],
        free: u32,
    ) -> Arc<EdgeCounters> {
        let desc = self.topology.groups()[self.topology.locate(targets[0]).0].desc;
        let counters = Arc::<EdgeCounters>::default();
        let limit = lanes[0].pending.capacity().saturating_sub(free as usize).max(1);
        // What the target leaves free.
        let kept = match self.enters_circle(from, targets[0]) {
            true => headroom(desc.queue, desc.max_entities),
            false => 0,
        };
        let place = match end {
            EdgeEnd::Group(first) if targets.len() > 1 => Whither::sent_to_array(first),
            EdgeEnd::World(id) | EdgeEnd::Group(id) => Whither::sent_to(id),
        };
        let endpoint = &mut self.wiring.endpoints[from];
        for lane in &mut lanes {
            lane.directory = Some((endpoint.directory.clone(), place));
        }
        endpoint.spills |= matches!(desc.queue.on_full, OnFull::Spill(_));
        if let EdgeEnd::World(id) = end {
            endpoint.by_id[id as usize] = Some(endpoint.outlets.len());
        }
        endpoint.outlets.push(Outlet {
            end,
            targets,
            lanes,
            counters: counters.clone(),
            batch_size: desc.queue.batch_size as usize,
            workers: 1,
            backlog: 0,
            linger: desc.queue.linger,
            lingered: 0,
            on_full: desc.queue.on_full,
            limit,
            largest: limit.min((desc.max_entities as usize).saturating_sub(kept)),
            held: [false; 2],
            closed: desc.closed.then(|| desc.archetypes.iter().map(|known| known.mask).collect()),
            spill: Default::default(),
            open: Default::default(),
            wakers: Vec::new(),
        });
        let edge = EdgeEntry { from: endpoint.id, to: end, counters: counters.clone() };
        self.wiring.counters.edges.push(edge);
        counters
    }

    fn routes_of(&mut self, place: usize) {
        let routing = self.topology.groups()[self.topology.locate(place).0].desc.routing;
        let default = routing.default.and_then(|target| self.way_to(place, target));
        let by_component = routing
            .routes
            .iter()
            .filter_map(|route| Some((1 << route.component, self.way_to(place, route.target)?)));
        self.wiring.endpoints[place].routes =
            Routes { default, by_component: by_component.collect() };
    }

    fn way_to(&self, place: usize, target: Target) -> Option<Way> {
        let end = match self.topology.resolve(target)? {
            Destination::World(world) if world == place => return Some(Way::Stay),
            Destination::World(world) => EdgeEnd::World(self.topology.id_of(world)),
            Destination::Array(group) => {
                EdgeEnd::Group(self.topology.id_of(self.topology.flat(group, 0)))
            }
        };
        let outlets = &self.wiring.endpoints[place].outlets;
        outlets.iter().position(|outlet| outlet.end == end).map(Way::Out)
    }

    fn admission_of(&mut self, place: usize) {
        let mut reached = vec![false; self.total()];
        let mut open = vec![place];
        while let Some(from) = open.pop() {
            if std::mem::replace(&mut reached[from], true) {
                continue;
            }
            let next = self.topology.successors(from);
            open.extend((0..self.total()).filter(|&to| next.has(to)));
        }
        let reached = (0..self.total()).filter(|&world| reached[world]);
        let desc = self.topology.groups()[self.topology.locate(place).0].desc;
        let free = if self.cycles.on[place] { headroom(desc.queue, desc.max_entities) } else { 0 };
        let pipeline = reached.map(|world| {
            let endpoint = &self.wiring.endpoints[world];
            (endpoint.name, endpoint.counters.clone())
        });
        self.wiring.admissions.push(Admission::new(free, pipeline.collect()));
    }
}

fn inboxes<S: Schema>(queue: QueueConfig, members: usize) -> [Inbox<S>; 2] {
    let (capacity, bytes) = (queue.capacity as usize, block_bytes::<S>(queue.batch_size));
    [(); 2].map(|()| Inbox::new(capacity, bytes, members))
}

/// A batch, or half of the world if that is less.
fn headroom(queue: QueueConfig, max_entities: u32) -> usize {
    (queue.batch_size.min(max_entities / 2)) as usize
}
