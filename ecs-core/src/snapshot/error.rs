//! Why a world can't be written as bytes, or be read from them.

use alloc::string::String;
use core::error::Error;
use core::fmt;

use crate::component::Storage;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::schema::ComponentSet;

/// Some entity has components that are not plain bytes.
#[derive(Clone, Copy, Debug)]
pub struct NotPlain {
    pub(super) components: ComponentSet,
}

impl NotPlain {
    /// The components.
    pub fn components(&self) -> ComponentSet {
        self.components
    }
}

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} can't be in a snapshot: derive bytemuck's `Pod`, or `NoUninit` and `CheckedBitPattern`, or leave what is not plain out by `snapshot_plain`",
            self.components
        )
    }
}
impl Error for NotPlain {}

/// How a component lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Its version.
    pub version: u32,
    /// How a world keeps its values.
    pub storage: Storage,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, align, version, storage } = self;
        let storage = match storage {
            Storage::Table => "table",
            Storage::Sparse => "sparse",
        };
        write!(f, "{size} bytes aligned to {align}, version {version}, storage \"{storage}\"")
    }
}

/// Why bytes can't be restored. The world is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// They don't begin as a snapshot does.
    NotASnapshot,
    /// They were written by a machine with the other order of bytes.
    OtherByteOrder,
    /// They are of another format.
    OtherFormat {
        /// The version of their format.
        found: u32,
        /// That of this library.
        known: u32,
    },
    /// They are not as many as were written.
    OtherLength {
        /// How many there are.
        found: usize,
        /// How many were written.
        written: u64,
    },
    /// They were changed: their checksum is another.
    Damaged,
    /// The checksum is right, and yet the parts don't fit together.
    Malformed(&'static str),
    /// Two entities have this id, or slot.
    Twice(Entity),
    /// They are of a world with another schema.
    OtherSchema {
        /// The name of the schema.
        found: String,
        /// That of this world.
        here: &'static str,
    },
    /// They are of a world with another place in its coordinator.
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
    /// The component is not plain bytes, or not any more.
    NotPlain(&'static str),
    /// The component lay in memory otherwise when it was written.
    OtherLayout {
        /// The component.
        name: &'static str,
        /// How it lay.
        found: Layout,
        /// How it lies now.
        here: Layout,
    },
    /// The bytes of some value are none of this component's.
    NoValue(&'static str),
    /// The world does not take these entities.
    Refused(Refusal),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot => {
                f.write_str("this is no snapshot of a world: look which file it is")
            }
            Self::OtherByteOrder => f.write_str(
                "this snapshot is of a machine with the other order of bytes: serialize what goes from one to the other",
            ),
            Self::OtherFormat { found, known } => write!(
                f,
                "this snapshot has format {found}, and this library reads format {known}: use the version of static-ecs that wrote it"
            ),
            Self::OtherLength { found, written } => write!(
                f,
                "this snapshot has {found} bytes, and {written} were written: it was cut short, or something was added"
            ),
            Self::Damaged => {
                f.write_str("this snapshot is damaged, its checksum is another: take an older one")
            }
            Self::Malformed(what) => {
                write!(f, "this snapshot is not one that this library wrote: {what}")
            }
            Self::Twice(entity) => {
                write!(f, "this snapshot is not one that this library wrote: it has {entity} twice")
            }
            Self::OtherSchema { found, here } => write!(
                f,
                "this snapshot is of a world with the schema `{found}`, and this one has `{here}`: look which file it is"
            ),
            Self::OtherOrigin { found, here } => write!(
                f,
                "this snapshot is of a world with the origin {found}, and this one has {here}: restore it into the world with the same place in its coordinator"
            ),
            Self::UnknownComponent { name, nearest: Some(nearest) } => write!(
                f,
                "this snapshot has a component `{name}`, which is not in the schema: `{nearest}` is the nearest there"
            ),
            Self::UnknownComponent { name, nearest: None } => write!(
                f,
                "this snapshot has a component `{name}`, which is not in the schema: add it, or restore with the program that wrote it"
            ),
            Self::NotPlain(name) => write!(
                f,
                "this snapshot has the component `{name}`, which is not plain bytes here: derive bytemuck's `Pod`, or `NoUninit` and `CheckedBitPattern`"
            ),
            Self::OtherLayout { name, found, here } => write!(
                f,
                "component `{name}` was written as {found}, and is now {here}: restore with the program that wrote it, and serialize what is to outlive a version"
            ),
            Self::NoValue(name) => {
                write!(f, "this snapshot has bytes for `{name}` that are none of its values")
            }
            Self::Refused(why) => why.fmt(f),
        }
    }
}
impl Error for RestoreError {}

impl From<Refusal> for RestoreError {
    fn from(why: Refusal) -> Self {
        Self::Refused(why)
    }
}
