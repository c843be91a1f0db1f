//! Why a world can't be saved, or loaded.

use alloc::string::{String, ToString};
use core::error::Error;
use core::fmt;

use crate::entity::Entity;
use crate::error::Refusal;
use crate::schema::ComponentSet;

/// Some entity has components that can't be serialized.
#[derive(Clone, Copy, Debug)]
pub struct NotSerializable {
    pub(super) components: ComponentSet,
}

impl NotSerializable {
    /// The components.
    pub fn components(&self) -> ComponentSet {
        self.components
    }
}

impl fmt::Display for NotSerializable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} can't be saved: derive serde's `Serialize`, or leave what can't be saved out by `skip_unsupported`",
            self.components
        )
    }
}
impl Error for NotSerializable {}

/// What is wrong with a save.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadProblem {
    /// It is of another format than this library reads.
    OtherFormat {
        /// The version of its format.
        found: u32,
        /// That of this library.
        known: u32,
    },
    /// It is of a world with another schema.
    OtherSchema {
        /// The name of the schema.
        found: String,
        /// That of this world.
        here: &'static str,
    },
    /// It is of a world with another place in its coordinator.
    OtherOrigin {
        /// The origin of the entities there.
        found: u16,
        /// That of this world.
        here: u16,
    },
    /// The schema has no component of this name.
    UnknownComponent {
        /// The name.
        name: String,
        /// The component with the nearest name.
        nearest: Option<&'static str>,
    },
    /// The component can't be deserialized.
    NotDeserializable(&'static str),
    /// The component was saved in another version, and nothing migrates it.
    OtherVersion {
        /// The component.
        name: &'static str,
        /// The version in which it was saved.
        found: u32,
        /// The version here.
        here: u32,
    },
    /// A value of an entity can't be read.
    Value {
        /// The entity.
        entity: Entity,
        /// The component, as it was saved.
        component: String,
        /// What the format, or the component, says.
        why: String,
    },
    /// An entity, or its slot, is there twice.
    Twice(Entity),
    /// An entity has a component twice.
    ComponentTwice {
        /// The entity.
        entity: Entity,
        /// The component.
        name: &'static str,
    },
    /// The parts don't fit together.
    Malformed(&'static str),
    /// The world does not take this entity.
    Refused {
        /// The entity.
        entity: Entity,
        /// Why.
        why: Refusal,
    },
}

impl fmt::Display for LoadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherFormat { found, known } => write!(
                f,
                "this save has format {found}, and this library reads format {known}: load it with the version of static-ecs that saved it"
            ),
            Self::OtherSchema { found, here } => write!(
                f,
                "this save is of a world with the schema `{found}`, and this one has `{here}`: if it was renamed, say so by `rename_schema`"
            ),
            Self::OtherOrigin { found, here } => write!(
                f,
                "this save is of a world with the origin {found}, and this one has {here}: load it into the world with the same place in its coordinator"
            ),
            Self::UnknownComponent { name, nearest } => {
                write!(f, "this save has a component `{name}`, which is not in the schema: ")?;
                match nearest {
                    Some(nearest) => {
                        write!(f, "if it is now `{nearest}`, say so by `rename`, else `skip` it")
                    }
                    None => f.write_str("say what it is now by `rename`, or `skip` it"),
                }
            }
            Self::NotDeserializable(name) => write!(
                f,
                "this save has the component `{name}`, which can't be deserialized: derive serde's `Deserialize`, or `skip` it"
            ),
            Self::OtherVersion { name, found, here } => write!(
                f,
                "component `{name}` was saved in version {found} and is now at {here}: say by `migrate` how the one becomes the other"
            ),
            Self::Value { entity, component, why } => {
                write!(f, "component `{component}` of entity {entity}: {why}")
            }
            Self::Twice(entity) => {
                write!(f, "this save has entity {entity}, or its slot, twice: keep one of them")
            }
            Self::ComponentTwice { entity, name } => {
                write!(f, "entity {entity} has the component `{name}` twice: keep one of them")
            }
            Self::Malformed(what) => write!(f, "this is not what was saved: {what}"),
            Self::Refused { entity, why } => write!(f, "entity {entity} does not fit: {why}"),
        }
    }
}

/// A world was not loaded; the one that it was to go into is as it was. `E` is the error
/// of the format.
#[derive(Clone, Debug)]
pub struct LoadError<E> {
    pub(super) problem: Option<LoadProblem>,
    pub(super) error: E,
}

impl<E> LoadError<E> {
    /// What is wrong with the save, if it could be read as far.
    pub fn problem(&self) -> Option<&LoadProblem> {
        self.problem.as_ref()
    }

    /// The error of the format, which may tell the place.
    pub fn into_inner(self) -> E {
        self.error
    }
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.error.to_string();
        match &self.problem {
            // Some formats keep what they are told, and add where; others don't.
            Some(problem) if !error.contains(&problem.to_string()) => problem.fmt(f),
            _ => f.write_str(&error),
        }
    }
}

impl<E: Error + 'static> Error for LoadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
