//! What a coordinator is declared to be: for tools, to be printed and drawn, and as constants.

mod draw;

use std::fmt;

use ecs_core::config::{QueueConfig, Target, WorldDesc};
use ecs_core::describe::{Lines, WorldDescription};
use ecs_core::inspect::Bytes;
use ecs_core::members::WorldSet;
use ecs_core::schema::Schema;
use ecs_core::topology::{Destination, Topology};

use crate::bounds::{Flows, world_bytes};
use crate::coordinator::WorldCoordinator;

/// What a coordinator is declared to be: made by [`WorldCoordinator::describe`]. It owns its
/// data, so that it can be kept, compared and sent; with the feature `serde`, it can be
/// serialized.
///
/// Like worlds stand together, as they do in the declaration: an array is one
/// [member](MemberDescription), and edges between two members are one
/// [entry](EdgeDescription), which tells how many there are. So 256 worlds are no more to read
/// than 16. Its text is tables of members and of edges; [`mermaid`](Self::mermaid) and
/// [`graphviz`](Self::graphviz) draw it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TopologyDescription {
    /// [`WorldCoordinator::WORLDS`].
    pub worlds: usize,
    /// [`WorldCoordinator::EDGES`].
    pub edges: usize,
    /// [`WorldCoordinator::EDGE_BYTES`]: those of [`queues`](Self::queues), and
    /// [`event_bytes`](Self::event_bytes).
    pub edge_bytes: usize,
    /// The most bytes that the queues of events hold at once.
    pub event_bytes: usize,
    /// [`WorldCoordinator::MAX_BYTES`].
    pub max_bytes: usize,
    /// The members, as they were declared.
    pub members: Vec<MemberDescription>,
    /// Where entities wait on their way, by the member that they lead to.
    pub queues: Vec<QueueDescription>,
}

/// A world, or an array of like worlds, of a [`TopologyDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberDescription {
    /// What is declared of the world.
    pub world: WorldDescription,
    /// How many worlds.
    pub count: usize,
    /// Whether it is an array, maybe of one world.
    pub array: bool,
    /// The id of the first of them; the others follow.
    pub first_id: u16,
}

/// Queues of one kind into the worlds of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct QueueDescription {
    /// The index of the member.
    pub to: usize,
    /// `true`: one inbox, from which all worlds of the array take; `false`: each world has its
    /// own.
    pub shared: bool,
    /// What the member declares of its queues.
    pub config: QueueConfig,
    /// How many queues: inboxes, or rings if each source has its own. Each has two lanes, one
    /// for priority.
    pub count: usize,
    /// The most bytes that all of them hold at once, with what their sources spill.
    pub bytes: usize,
    /// The edges that lead into them.
    pub edges: Vec<EdgeDescription>,
}

/// Edges from the worlds of one member into the queues of a [`QueueDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EdgeDescription {
    /// The index of the member.
    pub from: usize,
    /// The id of the world that they lead to, where one of an array is named by it.
    pub only: Option<u16>,
    /// What makes them.
    pub why: Vec<EdgeReason>,
    /// How many: one from each world to each queue. One that another entry has as well, such as
    /// a neighbour that is also named by its id, is in both.
    pub count: usize,
}

/// What makes an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum EdgeReason {
    /// Completed entities go there that no route matches.
    DefaultTarget,
    /// Completed entities with this component go there.
    Route(&'static str),
    /// A `TransferMarker` may name it: `targets(...)`.
    Target,
    /// They are neighbours in an array.
    Neighbours,
}

impl fmt::Display for EdgeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EdgeReason::DefaultTarget => f.write_str("completed"),
            EdgeReason::Route(component) => write!(f, "completed with {component}"),
            EdgeReason::Target => f.write_str("marked"),
            EdgeReason::Neighbours => f.write_str("neighbours"),
        }
    }
}

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    const FLOWS: Flows = {
        let () = Self::CHECKED;
        Flows::new(&Topology::new(Worlds::GROUPS))
    };

    /// How many worlds.
    pub const WORLDS: usize = Topology::new(Worlds::GROUPS).total();

    /// How many edges: as many as [`CoordinatorStats::edges`](crate::CoordinatorStats::edges)
    /// tells. Where an array shares an inbox, there is one from each source into it.
    pub const EDGES: usize = Self::FLOWS.edges();

    /// The most bytes that all edges hold at once: the sum of [`edge_bytes`](crate::edge_bytes),
    /// with the sources of each world, and one queue of each event type for each two worlds
    /// between which an edge leads.
    ///
    /// That is reached when each entity travels alone, in both lanes of each queue and all
    /// spills, and all queues of events were used. Not counted are what components and events
    /// own elsewhere, and the few KiB that each world and each edge takes whatever is declared.
    pub const EDGE_BYTES: usize = Self::FLOWS.edge_bytes::<Worlds::Schema>(Worlds::GROUPS);

    /// The most bytes that all entities take, wherever they are: [`EDGE_BYTES`](Self::EDGE_BYTES)
    /// and, of each world, [`World::MAX_BYTES`](ecs_core::world::World::MAX_BYTES). All worlds
    /// are full at once.
    ///
    /// Not counted is, beside what these two don't count: events in worlds, resources, systems
    /// and drivers; what the coordinator keeps to know where entities are,
    /// [`directory_bytes`](Self::directory_bytes).
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Job([u64; 4]);
    /// #[world_config(
    ///     components(Job),
    ///     max_entities = 10_000,
    ///     transfer_queue(capacity = 1024, batch_size = 32)
    /// )]
    /// struct Base;
    /// #[world_config(base = Base, source, routing(default_target = Work))]
    /// struct Source;
    /// #[world_config(base = Base)]
    /// struct Work;
    /// coordinator!(type Server = (Source, Work));
    ///
    /// // Who raises a capacity too far learns it when it is compiled.
    /// const _: () = assert!(Server::MAX_BYTES < 8 << 20);
    /// const _: () = assert!(Server::WORLDS == 2 && Server::EDGES == 1);
    /// ```
    pub const MAX_BYTES: usize = Self::EDGE_BYTES.saturating_add(world_bytes(Worlds::GROUPS));

    /// What the coordinator is declared to be: its worlds, the edges between them and why they
    /// are there, and what they take.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Job;
    /// # #[derive(Component)] struct Failed;
    /// # #[world_config(components(Job, Failed))] struct Base;
    /// #[world_config(base = Base, source, routing(default_target = Work, Failed => Log))]
    /// struct Source;
    /// #[world_config(base = Base, neighbours = apart)]
    /// struct Work;
    /// #[world_config(base = Base)]
    /// struct Log;
    /// coordinator!(type Server = (Source, [Work; 4], Log));
    /// # const fn apart(_: usize, _: usize) -> bool { false }
    ///
    /// let server = Server::describe();
    /// assert_eq!((server.worlds, server.edges), (6, 2));
    /// let into_log = &server.queues[1];
    /// assert_eq!(server.members[into_log.to].world.name, "Log");
    /// assert_eq!(into_log.edges[0].why[0].to_string(), "completed with Failed");
    /// println!("{server}");
    /// println!("{}", server.mermaid()); // for Markdown
    /// println!("{}", server.graphviz()); // for dot
    /// ```
    pub fn describe() -> TopologyDescription {
        describe::<Worlds::Schema>(&Topology::new(Worlds::GROUPS), &Self::FLOWS, Self::MAX_BYTES)
    }
}

fn describe<S: Schema>(
    topology: &Topology<'_>,
    flows: &Flows,
    max_bytes: usize,
) -> TopologyDescription {
    let groups = topology.groups();
    let members = groups.iter().enumerate().map(|(index, group)| MemberDescription {
        world: WorldDescription::new::<S>(&group.desc),
        count: group.count,
        array: group.array,
        first_id: topology.first_id(index) as u16,
    });
    let mut queues = Vec::new();
    for (to, group) in groups.iter().enumerate() {
        let (flow, config) = (flows.to_group(to), group.desc.queue);
        let [own, inbox] = flows.queue_bytes::<S>(to, config);
        let rings = if config.spsc { flow.direct } else { flow.reached };
        for (shared, count, bytes) in
            [(false, rings, own), (true, usize::from(flow.shared > 0), inbox)]
        {
            if count > 0 {
                let edges = edges(topology, to, shared);
                queues.push(QueueDescription { to, shared, config, count, bytes, edges });
            }
        }
    }
    TopologyDescription {
        worlds: topology.total(),
        edges: flows.edges(),
        edge_bytes: flows.edge_bytes::<S>(groups),
        event_bytes: flows.event_bytes::<S>(),
        max_bytes,
        members: members.collect(),
        queues,
    }
}

/// The edges into a group: to its worlds, or into the inbox that they share.
fn edges(topology: &Topology<'_>, to: usize, shared: bool) -> Vec<EdgeDescription> {
    let mut edges: Vec<EdgeDescription> = Vec::new();
    for (from, group) in topology.groups().iter().enumerate() {
        let mut add = |only: Option<u16>, why: EdgeReason, count: usize| {
            let same = edges.iter_mut().find(|edge| edge.from == from && edge.only == only);
            match same {
                _ if count == 0 => {}
                // A world may be named twice: as itself, and by its id.
                Some(edge) if edge.why.contains(&why) => {}
                Some(edge) => edge.why.push(why),
                None => edges.push(EdgeDescription { from, only, why: vec![why], count }),
            }
        };
        for (target, why) in targets(&group.desc, group.components) {
            match topology.resolve(target) {
                Some(Destination::World(world)) if !shared && topology.locate(world).0 == to => {
                    let only = topology.groups()[to].array.then(|| topology.id_of(world));
                    // None leads from a world to itself.
                    add(only, why, group.count - usize::from(from == to));
                }
                // From inside, the array's own name is no edge.
                Some(Destination::Array(array)) if array == to && array != from => {
                    // Completed entities go to any of its worlds, marked ones to each.
                    match (why == EdgeReason::Target, shared) {
                        (true, false) => add(None, why, group.count * topology.groups()[to].count),
                        (false, true) => add(None, why, group.count),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        if from == to && group.array && !shared {
            let reaches = |member| {
                (0..group.count).filter(move |&other| group.desc.neighbours.reaches(member, other))
            };
            add(None, EdgeReason::Neighbours, (0..group.count).flat_map(reaches).count());
        }
    }
    edges
}

/// The targets that a world names.
fn targets<'a>(
    desc: &'a WorldDesc,
    components: &'static [ecs_core::schema::ComponentInfo],
) -> impl Iterator<Item = (Target, EdgeReason)> + use<'a> {
    let default = desc.routing.default.map(|target| (target, EdgeReason::DefaultTarget));
    let routes = desc.routing.routes.iter();
    let routes =
        routes.map(|route| (route.target, EdgeReason::Route(components[route.component].name)));
    default
        .into_iter()
        .chain(routes)
        .chain(desc.targets.iter().map(|&target| (target, EdgeReason::Target)))
}

impl MemberDescription {
    /// As in `Compute x 4`.
    pub fn label(&self) -> String {
        if self.array {
            format!("{} x {}", self.world.name, self.count)
        } else {
            self.world.name.to_owned()
        }
    }

    /// As in `2 to 5`.
    fn ids(&self) -> String {
        match self.count {
            1 => format!("{}", self.first_id),
            count => format!("{} to {}", self.first_id, usize::from(self.first_id) + count - 1),
        }
    }

    /// The role, and whether it is a source where the role is none.
    fn role(&self) -> String {
        if self.world.source && !self.world.role.is_source() {
            format!("{}, source", self.world.role)
        } else {
            self.world.role.to_string()
        }
    }
}

impl QueueDescription {
    /// As in `4 inboxes`, `ring` or `shared inbox`.
    fn kind(&self) -> String {
        match (self.config.spsc, self.shared, self.count) {
            (_, true, _) => "shared inbox".to_owned(),
            (true, _, 1) => "ring".to_owned(),
            (true, _, count) => format!("{count} rings"),
            (false, _, 1) => "inbox".to_owned(),
            (false, _, count) => format!("{count} inboxes"),
        }
    }
}

impl EdgeDescription {
    /// What makes them, in words.
    fn reason(&self) -> String {
        self.why.iter().map(EdgeReason::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for TopologyDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count, what| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        writeln!(
            f,
            "{}, {}: up to {} on edges, {} with all entities",
            count(self.worlds, "world"),
            count(self.edges, "edge"),
            Bytes(self.edge_bytes),
            Bytes(self.max_bytes)
        )?;
        let mut lines = Lines::new(["member", "ids", "role", "entities", "bytes"]);
        for member in &self.members {
            let bytes = member.world.max_bytes.saturating_mul(member.count);
            lines.add([
                member.label(),
                member.ids(),
                member.role(),
                member.world.max_entities.to_string(),
                Bytes(bytes).to_string(),
            ]);
        }
        write!(f, "{lines}")?;
        let mut lines = Lines::new(["from", "to", "why", "edges"]);
        let mut queues = Lines::new(["into", "by", "capacity", "batch", "on_full", "bytes"]);
        for queue in &self.queues {
            let to = &self.members[queue.to];
            for edge in &queue.edges {
                let target = match edge.only {
                    Some(id) => format!("{}, id {id}", to.world.name),
                    None => to.label(),
                };
                let from = self.members[edge.from].label();
                lines.add([from, target, edge.reason(), edge.count.to_string()]);
            }
            let QueueConfig { capacity, batch_size, on_full, .. } = queue.config;
            queues.add([
                to.label(),
                queue.kind(),
                capacity.to_string(),
                batch_size.to_string(),
                on_full.to_string(),
                Bytes(queue.bytes).to_string(),
            ]);
        }
        write!(f, "{lines}{queues}")?;
        if self.event_bytes > 0 {
            writeln!(f, "  events on their way: up to {}", Bytes(self.event_bytes))?;
        }
        Ok(())
    }
}
