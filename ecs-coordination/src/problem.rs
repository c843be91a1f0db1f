//! What is not as declared.

use std::fmt;
use std::sync::atomic::Ordering;

use ecs_core::event::{MAX_FORWARDS, MAX_WAITS};
use ecs_core::schema::Schema;
use ecs_core::world::CopyError;

use crate::endpoint::Endpoint;

/// Something that is not as declared, reported once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// An entity or an event was to go to a world to which no edge leads. The entity
    /// stays, the event was handed back, or if it followed an entity, given up.
    NoEdge {
        /// The world's name.
        world: &'static str,
        /// Where it was to go.
        target: u16,
    },
    /// The thread of these worlds was to stay on a core, and the operating system does not
    /// keep it there.
    NotPinned {
        /// The name of the thread's first world.
        world: &'static str,
        /// The core.
        core: usize,
    },
    /// Events to entities that live were given up in this world: the entities moved on
    /// faster, or were on their way for too long.
    EventsLate {
        /// The world's name.
        world: &'static str,
        /// The event's name.
        event: &'static str,
    },
    /// An entity was completed in a world without a route for it. It stays.
    NoRoute {
        /// The world's name.
        world: &'static str,
    },
    /// An entity was to go to a world that is closed to its archetype. It stays.
    ClosedArchetype {
        /// The world's name.
        world: &'static str,
        /// Where the entity was to go.
        target: u16,
    },
    /// An entity was to be copied whose component is not `Clone`. It stays.
    NotClone {
        /// The world's name.
        world: &'static str,
        /// The component's name.
        component: &'static str,
    },
    /// A tree was to go to a world whose queue, or which itself, never has room for all
    /// of it. It stays.
    TreeTooLarge {
        /// The world's name.
        world: &'static str,
        /// Where the tree was to go.
        target: u16,
        /// The most entities that can go there at once.
        limit: usize,
    },
    /// An entity arrived whose archetype would be one more than a world can tell
    /// apart. It waits in the queue, and those behind it.
    TooManyArchetypes {
        /// The world's name.
        world: &'static str,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEdge { world, target } => write!(
                f,
                "no edge leads from `{world}` to world {target}: name it in the `targets(...)` of `{world}`"
            ),
            Self::NotPinned { world, core } => write!(
                f,
                "the thread of `{world}` does not stay on core {core}: ask the operating system's administrator, or don't `pin` it"
            ),
            Self::EventsLate { world, event } => write!(
                f,
                "`{event}` events to entities were given up in `{world}`: the entities moved on more than {MAX_FORWARDS} times, or did not come in {MAX_WAITS} ticks: let them stay longer where they are, or raise the event's `capacity`"
            ),
            Self::NoRoute { world } => write!(
                f,
                "no route leads out of `{world}`: give it a `default_target` in its `routing(...)`"
            ),
            Self::ClosedArchetype { world, target } => write!(
                f,
                "world {target} is closed to an archetype that `{world}` sends: declare it in the target's `archetypes(...)`"
            ),
            Self::TreeTooLarge { world, target, limit } => write!(
                f,
                "a tree of `{world}` can't go to world {target}, which takes {limit} entities at once: raise the `capacity` of its `transfer_queue`, or its `max_entities`, or send parts of the tree"
            ),
            Self::NotClone { world, component } => write!(
                f,
                "an entity of `{world}` can't be copied: its component `{component}` is not `Clone`: derive it, or move the entity"
            ),
            Self::TooManyArchetypes { world } => write!(
                f,
                "`{world}` has as many archetypes as it can tell apart, and one more waits in its queue: give components that come in any combination `#[component(storage = \"sparse\")]`"
            ),
        }
    }
}

impl<S: Schema> Endpoint<S> {
    pub(crate) fn report_no_edge(&mut self, target: u16) {
        // ORDERING: relaxed: a count of its own.
        self.counters.no_edge.fetch_add(1, Ordering::Relaxed);
        self.report_once(Problem::NoEdge { world: self.name, target });
    }

    pub(crate) fn report_no_route(&mut self) {
        // ORDERING: relaxed: a count of its own.
        self.counters.no_edge.fetch_add(1, Ordering::Relaxed);
        self.report_once(Problem::NoRoute { world: self.name });
    }

    pub(crate) fn report_not_clone(&mut self, error: CopyError, entities: u64) {
        if let CopyError::NotClone(component) = error {
            // ORDERING: relaxed: a count of its own.
            self.counters.not_clone.fetch_add(entities, Ordering::Relaxed);
            self.report_once(Problem::NotClone { world: self.name, component });
        }
    }

    pub(crate) fn report_once(&mut self, problem: Problem) {
        if !self.known.contains(&problem) {
            self.known.push(problem.clone());
            self.problems.push(problem);
        }
    }
}
