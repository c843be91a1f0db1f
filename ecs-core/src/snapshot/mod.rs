//! The state of a world as bytes, whole columns at a time.
//!
//! A snapshot holds the ids of all entities and the values of the components that
//! are plain bytes, column by column as they lie in memory, so that nothing is
//! converted. It is for programs of one build on machines of one kind: saves of a
//! running game, the state that a player who comes late is sent, a step back in time.
//! What is to be read by later versions, or by people, is serialized instead.
//!
//! The format, each number in the byte order of the machine:
//!
//! | part | content |
//! |---|---|
//! | head | `static-e`, 0x01020304 as 4 bytes, the format's version (4), the length of all (8) |
//! | schema | the schema's name; of each component its name, size, alignment, version, storage |
//! | ids | the origin; the ids that are given next, of entities that are away, and the slots that are used up |
//! | tables | of each table its components, as bits, and its rows |
//! | rows | of each table the ids, the columns, and of sparse components the bitmap and the values that are there; of the sources of a relation a list of ids |
//! | end | XXH3-64 of all before |
//!
//! A text is its length (4) and its bytes; a list its length (8) and its items.

mod error;
mod read;
mod write;

use alloc::vec::Vec;
use core::fmt;

use crate::bundle::Bundle;
use crate::config::WorldConfig;
use crate::entities::Entities;
use crate::memory::bits;
use crate::schema::{ComponentInfo, ComponentSet, Mask, Schema};
use crate::table::Table;
use crate::tables::Tables;
use crate::world::World;

pub use error::{Layout, NotPlain, RestoreError};
pub(crate) use read::{Parsed, Part, Target, parse};

/// The first bytes of each snapshot.
const MAGIC: [u8; 8] = *b"static-e";
/// The same on machines with the same order of bytes.
const ORDER: [u8; 4] = 0x0102_0304_u32.to_ne_bytes();
/// The version of the format.
const FORMAT: u32 = 1;
/// The bytes of the head, and of the checksum at the end.
const HEAD: usize = 24;
const END: usize = 8;

impl<W: WorldConfig> World<W> {
    /// The state of this world, to be written as bytes: all entities with their ids
    /// and components. Resources, hooks and wishes to leave are no part of it.
    ///
    /// # Errors
    /// If some entity has a component that is not plain bytes, which are bytemuck's
    /// `NoUninit` and `CheckedBitPattern`, and so all that is `Pod`. [`NotPlain`] names
    /// these components; [`snapshot_plain`](Self::snapshot_plain) leaves them out.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// use bytemuck::{Pod, Zeroable};
    ///
    /// #[derive(Component, Clone, Copy, Pod, Zeroable)]
    /// #[repr(C)]
    /// struct Position { x: f32, y: f32 }
    ///
    /// #[world_config(components(Position))]
    /// struct Base;
    ///
    /// let mut world = World::<Base>::new();
    /// let entity = world.spawn(Position { x: 1.0, y: 2.0 })?;
    /// let saved: Vec<u8> = world.snapshot()?.to_vec();
    ///
    /// world.get_mut::<Position>(entity)?.x = 5.0;
    /// world.restore(&saved)?;
    /// assert_eq!(world.get::<Position>(entity)?.x, 1.0);
    ///
    /// let mut other = World::<Base>::new();
    /// assert!(other.restore(&saved[..100]).is_err()); // cut short
    /// other.restore(&saved)?;
    /// assert_eq!(other.get::<Position>(entity)?.y, 2.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Result<Snapshot<'_>, NotPlain> {
        let snapshot = self.snapshot_plain();
        let components = snapshot.left_out();
        if components.is_empty() { Ok(snapshot) } else { Err(NotPlain { components }) }
    }

    /// As [`snapshot`](Self::snapshot), without the components that are not plain
    /// bytes: their entities are restored without them.
    pub fn snapshot_plain(&self) -> Snapshot<'_> {
        self.snapshot_with(W::Schema::STORABLE)
    }

    /// As [`snapshot`](Self::snapshot), with the components of `B` alone. That they are
    /// plain bytes is checked when it is compiled.
    pub fn snapshot_of<B: Bundle<W::Schema>>(&self) -> Snapshot<'_> {
        const {
            assert!(
                B::MASK & !W::Schema::STORABLE == 0,
                "a component of this snapshot is not plain bytes: derive bytemuck's `Pod`, or `NoUninit` and `CheckedBitPattern`, or leave it out"
            );
        }
        self.snapshot_with(B::MASK)
    }

    fn snapshot_with(&self, keep: Mask) -> Snapshot<'_> {
        let (tables, entities) = self.state();
        let present = tables.all().iter().map(present).fold(0, |all, mask| all | mask);
        Snapshot {
            tables,
            entities,
            schema: W::Schema::NAME,
            components: W::Schema::COMPONENTS,
            keep,
            left_out: ComponentSet::of::<W::Schema>(present & !keep),
        }
    }
}

/// The components that some entity of a table has.
fn present(table: &Table) -> Mask {
    if table.is_empty() { 0 } else { table.mask() | bits_present(table) }
}

/// The sparse components that some entity of a table has.
fn bits_present(table: &Table) -> Mask {
    let some = |&index: &usize| table.bitmap_words(index).iter().any(|&word| word != 0);
    bits(table.possible() & !table.mask()).filter(some).fold(0, |mask, index| mask | 1 << index)
}

/// The state of a world, to be written. It borrows the world: bytes are made by
/// [`to_vec`](Self::to_vec), [`append_to`](Self::append_to) or
/// [`write_to`](Self::write_to).
pub struct Snapshot<'w> {
    tables: &'w Tables,
    entities: &'w Entities,
    schema: &'static str,
    components: &'static [ComponentInfo],
    keep: Mask,
    left_out: ComponentSet,
}

impl Snapshot<'_> {
    /// The components that some entity has and that are left out.
    pub fn left_out(&self) -> ComponentSet {
        self.left_out
    }

    /// The bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.append_to(&mut bytes);
        bytes
    }

    /// Adds the bytes to others, so that memory can be used again.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        let written = write::write(self, |part, rest| {
            bytes.reserve(rest);
            bytes.extend_from_slice(part);
            Ok::<(), core::convert::Infallible>(())
        });
        let Ok(()) = written;
    }

    /// Writes the bytes, each column at once: no buffer is needed.
    ///
    /// # Errors
    /// As `writer`'s. What was written until then is no snapshot.
    #[cfg(feature = "std")]
    pub fn write_to(&self, writer: &mut impl std::io::Write) -> std::io::Result<()> {
        write::write(self, |part, _| writer.write_all(part))
    }
}

impl fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("schema", &self.schema)
            .field("entities", &self.entities.live())
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}
