//! The order in which systems run, worked out once: which may run at once, and why others
//! may not.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::any::TypeId;
use core::error::Error;
use core::fmt::{self, Write};
use core::ops::Range;

use super::phase::Phase;
use super::slot::Label;
use crate::schema::ComponentInfo;
use crate::system::{Clash, SystemAccess};
use crate::text::last_segment;

/// A system, as far as the plan is concerned.
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) function: TypeId,
    pub(super) phase: Option<Phase>,
    pub(super) access: &'static SystemAccess,
    /// Whether those after it wait for its commands.
    pub(super) holds_up: bool,
    /// Whether it has conditions, which may read anything.
    pub(super) asks: bool,
    pub(super) after: &'a [Label],
    pub(super) before: &'a [Label],
}

impl Node<'_> {
    pub(super) fn is(&self, label: &Label) -> bool {
        match label {
            Label::Function(function, _) => self.function == *function,
            Label::Name(name) => self.name == name,
        }
    }

    /// Takes labels out of a list that are of those who are gone, and of nobody who is left.
    pub(super) fn forget(labels: &mut Vec<Label>, gone: &[Self], left: &[Self]) {
        let is = |nodes: &[Self], label: &Label| nodes.iter().any(|node| node.is(label));
        labels.retain(|label| !is(gone, label) || is(left, label));
    }

    /// Why `later` can't run beside this one.
    fn reason(&self, later: &Self, components: &'static [ComponentInfo]) -> Option<Reason> {
        if let Some(clash) = self.access.clash(later.access) {
            return Some(match clash {
                Clash::World => Reason::World,
                Clash::Component(index) => Reason::Component(components[index].name),
                Clash::Event(name) => Reason::Event(name),
                Clash::Resource(name) => Reason::Resource(name),
                Clash::Commands => Reason::Commands,
            });
        }
        if self.holds_up && (later.access.shares || later.asks) {
            return Some(Reason::Commands);
        }
        (later.asks && self.access.writes()).then_some(Reason::Condition)
    }

    /// Whether `later` may run beside this one, but in no stage before: its commands are
    /// made at the end of its stage, or of the phase in the order of stages, and a condition
    /// is asked at the start.
    fn is_not_overtaken_by(&self, later: &Self) -> bool {
        later.holds_up && (self.access.shares || self.asks)
            || self.access.commands && later.access.commands && self.holds_up == later.holds_up
            || self.asks && later.access.writes()
    }
}

/// Why a system runs after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It was asked for, by `after` or `before`.
    Asked,
    /// One of them uses all of the world.
    World,
    /// One of them writes this component.
    Component(&'static str),
    /// One of them sends this event.
    Event(&'static str),
    /// One of them writes this resource.
    Resource(&'static str),
    /// It may see what the commands of the other do.
    Commands,
    /// It has a condition, which may read what the other writes.
    Condition,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("as asked"),
            Self::World => f.write_str("world"),
            Self::Component(name) | Self::Event(name) => f.write_str(name),
            Self::Resource(name) => f.write_str(last_segment(name)),
            Self::Commands => f.write_str("commands"),
            Self::Condition => f.write_str("condition"),
        }
    }
}

/// Systems that may run at once.
#[derive(Clone, Debug)]
pub struct PlannedStage {
    phase: Phase,
    systems: Range<usize>,
}

impl PlannedStage {
    /// The phase that it is a part of.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Its systems, by their places in [`Plan::systems`].
    pub fn systems(&self) -> Range<usize> {
        self.systems.clone()
    }
}

/// The order in which the systems of a schedule run.
///
/// Its text lists the phases, their stages, and what each system uses;
/// [`mermaid`](Self::mermaid) and [`graphviz`](Self::graphviz) draw it.
#[derive(Clone, Debug)]
pub struct Plan {
    systems: Vec<PlannedSystem>,
    stages: Vec<PlannedStage>,
    /// From one system to a later one that has to wait for it.
    links: Vec<(usize, usize, Reason)>,
}

#[derive(Clone, Debug)]
struct PlannedSystem {
    name: String,
    uses: String,
}

impl Plan {
    /// The plan, and the order of the nodes in it.
    pub(super) fn new(
        nodes: &[Node<'_>],
        phases: &[Phase],
        components: &'static [ComponentInfo],
    ) -> Result<(Self, Vec<usize>), PlanError> {
        let usual = if phases.contains(&Phase::UPDATE) { Phase::UPDATE } else { phases[0] };
        let mut phase_of = Vec::with_capacity(nodes.len());
        for node in nodes {
            let phase = node.phase.unwrap_or(usual);
            let place = phases.iter().position(|&other| other == phase);
            phase_of.push(place.ok_or_else(|| PlanError::UnknownPhase {
                system: node.name.to_owned(),
                phase,
                known: phases.to_vec(),
            })?);
        }
        let asked = asked(nodes, &phase_of)?;
        let mut plan = Self { systems: Vec::new(), stages: Vec::new(), links: Vec::new() };
        let mut order = Vec::with_capacity(nodes.len());
        for (place, &phase) in phases.iter().enumerate() {
            let members = (0..nodes.len()).filter(|&node| phase_of[node] == place).collect();
            let sorted = sort(members, nodes, &asked)?;
            plan.add_phase(phase, &sorted, nodes, &asked, components, &mut order);
        }
        plan.systems = order
            .iter()
            .map(|&node| PlannedSystem {
                name: nodes[node].name.to_owned(),
                uses: uses(nodes[node].access, components),
            })
            .collect();
        Ok((plan, order))
    }

    /// Puts the systems of a phase, sorted, into stages: each into the first one after
    /// all that it has to wait for.
    fn add_phase(
        &mut self,
        phase: Phase,
        sorted: &[usize],
        nodes: &[Node<'_>],
        asked: &[(usize, usize)],
        components: &'static [ComponentInfo],
        order: &mut Vec<usize>,
    ) {
        let mut stage_of = vec![0; sorted.len()];
        let mut links = Vec::new();
        for (later, &node) in sorted.iter().enumerate() {
            for (earlier, &other) in sorted[..later].iter().enumerate() {
                let reason = if asked.contains(&(other, node)) {
                    Some(Reason::Asked)
                } else {
                    nodes[other].reason(&nodes[node], components)
                };
                if let Some(reason) = reason {
                    stage_of[later] = stage_of[later].max(stage_of[earlier] + 1);
                    links.push((earlier, later, reason));
                } else if nodes[other].is_not_overtaken_by(&nodes[node]) {
                    stage_of[later] = stage_of[later].max(stage_of[earlier]);
                }
            }
        }
        let mut place_of = vec![0; sorted.len()];
        let stages = stage_of.iter().max().map_or(0, |last| last + 1);
        for stage in 0..stages {
            let first = order.len();
            for (place, &node) in sorted.iter().enumerate() {
                if stage_of[place] == stage {
                    place_of[place] = order.len();
                    order.push(node);
                }
            }
            self.stages.push(PlannedStage { phase, systems: first..order.len() });
        }
        self.links.extend(
            links.into_iter().map(|(from, to, reason)| (place_of[from], place_of[to], reason)),
        );
    }

    /// The names of the systems, in the order in which they run where nothing runs them
    /// at once.
    pub fn systems(&self) -> impl ExactSizeIterator<Item = &str> {
        self.systems.iter().map(|system| system.name.as_str())
    }

    /// The stages, one after the other.
    pub fn stages(&self) -> &[PlannedStage] {
        &self.stages
    }

    /// Each pair of systems of which the second, of a later stage of the same phase, waits
    /// for the first, with the reason; by places in [`systems`](Self::systems).
    pub fn links(&self) -> impl Iterator<Item = (usize, usize, Reason)> {
        self.links.iter().copied()
    }

    /// Whether the stage is its phase's last.
    pub(super) fn ends_phase(&self, stage: usize) -> bool {
        self.stages.get(stage + 1).is_none_or(|next| next.phase != self.stages[stage].phase)
    }

    /// The first system of the stage's phase.
    pub(super) fn first_of_phase(&self, stage: usize) -> usize {
        let phase = self.stages[stage].phase;
        let first = self.stages.iter().find(|other| other.phase == phase);
        first.map_or(0, |first| first.systems.start)
    }

    /// The plan as a Mermaid flowchart, for Markdown.
    #[inline]
    pub fn mermaid(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            f.write_str("flowchart LR\n")?;
            for (number, run) in self.by_phase().enumerate() {
                writeln!(f, "  subgraph p{number} [\"{}\"]", run[0].phase)?;
                for place in run.iter().flat_map(PlannedStage::systems) {
                    let name = mermaid_text(short(&self.systems[place].name));
                    writeln!(f, "    s{place}[\"{name}\"]")?;
                }
                f.write_str("  end\n")?;
            }
            for (from, to, reason) in self.drawn() {
                let reason = mermaid_text(&reason.to_string());
                writeln!(f, "  s{from} -->|\"{reason}\"| s{to}")?;
            }
            Ok(())
        })
    }

    /// The plan as a Graphviz digraph, for `dot`.
    #[inline]
    pub fn graphviz(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            f.write_str("digraph schedule {\n  rankdir=LR;\n  node [shape=box];\n")?;
            for (number, run) in self.by_phase().enumerate() {
                writeln!(f, "  subgraph cluster_{number} {{")?;
                writeln!(f, "    label={:?};", run[0].phase.name())?;
                for stage in run {
                    f.write_str("    { rank=same;")?;
                    for place in stage.systems() {
                        write!(f, " s{place} [label={:?}];", short(&self.systems[place].name))?;
                    }
                    f.write_str(" }\n")?;
                }
                f.write_str("  }\n")?;
            }
            for (from, to, reason) in self.drawn() {
                writeln!(f, "  s{from} -> s{to} [label={:?}];", reason.to_string())?;
            }
            f.write_str("}\n")
        })
    }

    fn by_phase(&self) -> impl Iterator<Item = &[PlannedStage]> {
        self.stages.chunk_by(|one, next| one.phase == next.phase)
    }

    /// The links without those that follow from others.
    fn drawn(&self) -> impl Iterator<Item = (usize, usize, Reason)> {
        let linked = |from, to| self.links.iter().any(|link| (link.0, link.1) == (from, to));
        self.links.iter().copied().filter(move |&(from, to, _)| {
            !(from + 1..to).any(|between| linked(from, between) && linked(between, to))
        })
    }
}

impl fmt::Display for Plan {
    // `inline`, as is what few programs print: it is compiled where it is used, and nowhere else.
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.systems.iter().map(|system| short(&system.name).len()).max().unwrap_or(0);
        for run in self.by_phase() {
            writeln!(f, "{}", run[0].phase)?;
            for (number, stage) in run.iter().enumerate() {
                for (place, system) in self.systems[stage.systems()].iter().enumerate() {
                    match place {
                        0 => write!(f, "{:>4}. ", number + 1)?,
                        _ => f.write_str("      ")?,
                    }
                    writeln!(f, "{:width$}  {}", short(&system.name), system.uses)?;
                }
            }
        }
        Ok(())
    }
}

/// A system's name without its path.
#[inline]
fn short(name: &str) -> &str {
    // Of a closure, the function that it is in stays.
    match name.strip_suffix("::{{closure}}") {
        Some(function) => &name[function.len() - last_segment(function).len()..],
        None => last_segment(name),
    }
}

#[inline]
fn mermaid_text(text: &str) -> String {
    text.replace('"', "#quot;").replace('{', "#123;").replace('}', "#125;")
}

/// What a system uses, in words.
fn uses(access: &SystemAccess, components: &'static [ComponentInfo]) -> String {
    if access.alone {
        return "all of the world".to_owned();
    }
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    reads.extend(crate::system::names(components, access.components.read));
    writes.extend(crate::system::names(components, access.components.write));
    reads.extend(access.events.names(access.events.read));
    writes.extend(access.events.names(access.events.write));
    access.for_each_resource(&mut |used| {
        let list = if used.write { &mut writes } else { &mut reads };
        list.push(last_segment(used.name));
    });
    let mut text = String::new();
    let mut put = |what: &str, names: &[&str]| {
        if !names.is_empty() {
            let comma = if text.is_empty() { "" } else { "; " };
            let _ = write!(text, "{comma}{what}{}", names.join(", "));
        }
    };
    put("reads ", &reads);
    put("writes ", &writes);
    if access.commands {
        put("", &["commands"]);
    }
    text
}

/// Which systems are asked to run before which.
fn asked(nodes: &[Node<'_>], phase_of: &[usize]) -> Result<Vec<(usize, usize)>, PlanError> {
    let mut asked = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let after = node.after.iter().map(|label| (label, true));
        let before = node.before.iter().map(|label| (label, false));
        for (label, is_after) in after.chain(before) {
            let mut found = false;
            for (other, _) in nodes.iter().enumerate().filter(|(_, other)| other.is(label)) {
                found = true;
                let (first, second) = if is_after { (other, index) } else { (index, other) };
                if phase_of[first] > phase_of[second] {
                    return Err(PlanError::Phases {
                        first: nodes[first].name.to_owned(),
                        second: nodes[second].name.to_owned(),
                    });
                }
                if phase_of[first] == phase_of[second] {
                    asked.push((first, second));
                }
            }
            if !found {
                return Err(PlanError::UnknownSystem {
                    system: node.name.to_owned(),
                    wanted: label.name().to_owned(),
                });
            }
        }
    }
    Ok(asked)
}

/// The members of a phase in the order of adding, as far as what was asked for allows:
/// always the first of those that nothing is left to wait for.
fn sort(
    mut left: Vec<usize>,
    nodes: &[Node<'_>],
    asked: &[(usize, usize)],
) -> Result<Vec<usize>, PlanError> {
    let mut sorted = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |node: usize| {
            asked.iter().any(|&(first, second)| second == node && left.contains(&first))
        };
        let Some(next) = left.iter().position(|&node| !waits(node)) else {
            return Err(PlanError::Cycle { systems: circle(&left, nodes, asked) });
        };
        sorted.push(left.remove(next));
    }
    Ok(sorted)
}

/// The names on a circle among nodes that all wait for one of them.
fn circle(left: &[usize], nodes: &[Node<'_>], asked: &[(usize, usize)]) -> Vec<String> {
    let mut path = vec![left[0]];
    loop {
        let node = *path.last().expect("it is never empty");
        let waits_for =
            asked.iter().find(|&&(first, second)| second == node && left.contains(&first));
        let Some(&(first, _)) = waits_for else { break };
        if let Some(start) = path.iter().position(|&other| other == first) {
            path.drain(..start);
            break;
        }
        path.push(first);
    }
    path.reverse();
    path.iter().map(|&node| nodes[node].name.to_owned()).collect()
}

/// What systems ask of their order can't be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// Systems wait for each other.
    Cycle {
        /// Their names; each is to run before the next, and the last before the first.
        systems: Vec<String>,
    },
    /// A system is to run after, or before, one that is not there.
    UnknownSystem {
        /// Its name.
        system: String,
        /// What it names.
        wanted: String,
    },
    /// A system is of a phase that the schedule does not have.
    UnknownPhase {
        /// Its name.
        system: String,
        /// The phase.
        phase: Phase,
        /// Those that it has.
        known: Vec<Phase>,
    },
    /// A system is to run before one of an earlier phase.
    Phases {
        /// Who is to run first.
        first: String,
        /// Who is to run after it.
        second: String,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle { systems } => {
                write!(f, "systems wait for each other: ")?;
                for system in systems {
                    write!(f, "`{system}` before ")?;
                }
                write!(f, "`{}`: take one `after` or `before` out", systems[0])
            }
            Self::UnknownSystem { system, wanted } => write!(
                f,
                "system `{system}` is to run before or after `{wanted}`, which is not in the schedule: add it, or name one that is"
            ),
            Self::UnknownPhase { system, phase, known } => {
                write!(
                    f,
                    "system `{system}` is of the phase `{phase}`, which the schedule lacks: name it in `set_phases`, or take one of "
                )?;
                for (place, phase) in known.iter().enumerate() {
                    write!(f, "{}`{phase}`", if place == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Phases { first, second } => write!(
                f,
                "system `{first}` is to run before `{second}`, which is of an earlier phase: move one of them with `in_phase`"
            ),
        }
    }
}
impl Error for PlanError {}
