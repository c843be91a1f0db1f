//! What can go wrong in one world. A rejected value is handed back.

use core::error::Error;
use core::fmt;

use crate::entity::Entity;

/// The entity can't be reached here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntityError {
    /// It was despawned, or never was.
    Dead(Entity),
    /// It belongs to another world, or is away in one.
    NotHere(Entity),
}

impl fmt::Display for EntityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead(entity) => {
                write!(f, "entity {entity} is dead: drop its id, which is never used again")
            }
            Self::NotHere(entity) => write!(
                f,
                "entity {entity} is not in this world: ask the one that it belongs to or was sent to"
            ),
        }
    }
}
impl Error for EntityError {}

/// A component can't be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessError {
    /// The entity can't be reached.
    Entity(EntityError),
    /// The entity lacks something that was asked for.
    Missing {
        /// The entity.
        entity: Entity,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The entity was asked for twice at once.
    Twice(Entity),
    /// The entity does not match the query's filter.
    Filtered(Entity),
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::Missing { entity, wanted } => {
                write!(f, "entity {entity} has no `{wanted}`: insert it first, or ask `has` before")
            }
            Self::Twice(entity) => {
                write!(f, "entity {entity} is asked for twice at once: ask for it once")
            }
            Self::Filtered(entity) => {
                write!(
                    f,
                    "entity {entity} does not match the query's filter: ask `contains` before"
                )
            }
        }
    }
}
impl Error for AccessError {}

impl From<EntityError> for AccessError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

/// Why something can't come into a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The entity can't be reached.
    Entity(EntityError),
    /// The world has as many residents as its `max_entities` allows.
    WorldFull {
        /// `max_entities`.
        limit: u32,
    },
    /// The world's archetypes are closed, and this is none of them.
    ClosedArchetype,
    /// The world has as many archetypes as it can tell apart.
    TooManyArchetypes {
        /// How many.
        limit: u32,
    },
    /// Columns that were to make entities are not of one length.
    UnequalColumns {
        /// How long the first is, in rows.
        first: usize,
        /// How long another is.
        other: usize,
    },
    /// The world has as many events of this type as its schema allows, to be read or
    /// on their way to one other world.
    EventsFull {
        /// The event's name.
        event: &'static str,
        /// Its `capacity`.
        capacity: u32,
    },
    /// An event was to go to a world to which no edge leads.
    NoEdge {
        /// The world's id.
        target: u16,
    },
}

impl Refusal {
    /// Whether it was for lack of room, which may come without a change of what is
    /// declared: the command waits for it.
    pub(crate) const fn may_pass(self) -> bool {
        matches!(self, Self::WorldFull { .. } | Self::EventsFull { .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::WorldFull { limit } => {
                write!(
                    f,
                    "the world is full, its `max_entities` is {limit}: raise it, or despawn entities or send them on"
                )
            }
            Self::ClosedArchetype => f.write_str(
                "the world's archetypes are closed, and this set of components is none of them: declare it in `archetypes(...)`",
            ),
            Self::TooManyArchetypes { limit } => write!(
                f,
                "the world has {limit} archetypes, and can tell no more apart: give components that come in any combination `#[component(storage = \"sparse\")]`"
            ),
            Self::UnequalColumns { first, other } => write!(
                f,
                "the first column has {first} rows and another {other}: give each entity a value in every column"
            ),
            Self::EventsFull { event, capacity } => write!(
                f,
                "there are as many `{event}` events as their `capacity` of {capacity} allows: send fewer in each run, raise it, or give them `on_full = drop_oldest`"
            ),
            Self::NoEdge { target } => write!(
                f,
                "no edge leads from this world to world {target}, so no event can go there: name it in the world's `targets(...)`"
            ),
        }
    }
}
impl Error for Refusal {}

/// A value that was refused, and why.
pub struct Refused<T> {
    value: T,
    why: Refusal,
}

impl<T> Refused<T> {
    pub(crate) fn new(value: T, why: Refusal) -> Self {
        Self { value, why }
    }

    /// Why.
    pub fn why(&self) -> Refusal {
        self.why
    }

    /// The value back.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> fmt::Debug for Refused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for Refused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}
impl<T> Error for Refused<T> {}
