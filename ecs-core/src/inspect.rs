//! What a world tells of itself while it runs: for tools, and to be printed.

use alloc::vec::Vec;
use core::fmt;

use crate::component::Storage;
use crate::config::WorldConfig;
use crate::event::{EventCounts, EventStore};
use crate::memory::bits;
use crate::resources::Resources;
use crate::schema::{ComponentInfo, Schema};
use crate::table::Table;
use crate::world::{Counts, World};

/// What is in a world: made by [`World::inspect`]. It owns its data, so that it can be kept,
/// compared and sent; with the feature `serde`, it can be serialized.
///
/// Its text is a table of components and one of archetypes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WorldReport {
    /// The world's name.
    pub name: &'static str,
    /// The world's id in its coordinator.
    pub id: Option<u16>,
    /// How many entities are here.
    pub entities: usize,
    /// The most entities that the world takes.
    pub max_entities: usize,
    /// How many entities want to leave.
    pub outbox: usize,
    /// How many came and went.
    pub counts: Counts,
    /// The bytes allocated for components and ids.
    pub bytes: usize,
    /// The components of the schema, in order of their indices.
    pub components: Vec<ComponentReport>,
    /// The archetypes seen so far, in the order in which queries visit them.
    pub archetypes: Vec<ArchetypeReport>,
    /// The names of the resources' types.
    pub resources: Vec<&'static str>,
    /// The event types of the schema, in order of their indices.
    pub events: Vec<EventReport>,
}

/// An event type of a [`WorldReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EventReport {
    /// Its name.
    pub name: &'static str,
    /// The most that can be here.
    pub capacity: usize,
    /// How many are here.
    pub here: usize,
    /// How many wait to leave for other worlds, or for the entities that they are to.
    pub waiting: usize,
    /// How many to entities were given up.
    pub undelivered: u64,
    /// What became of all of them so far.
    pub counts: EventCounts,
}

/// A component of a [`WorldReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ComponentReport {
    /// Its name.
    pub name: &'static str,
    /// The size of a value in bytes.
    pub size: usize,
    /// The alignment of a value in bytes.
    pub align: usize,
    /// How it is kept.
    pub storage: Storage,
    /// How many entities have it.
    pub entities: usize,
    /// The bytes of these values.
    pub bytes: usize,
}

/// An archetype of a [`WorldReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ArchetypeReport {
    /// The components of all its entities.
    pub components: Vec<&'static str>,
    /// The sparse components that some of its entities have, or had.
    pub sparse: Vec<&'static str>,
    /// How many entities it has.
    pub entities: usize,
    /// How many it has room for.
    pub capacity: usize,
    /// The bytes allocated.
    pub bytes: usize,
}

impl<W: WorldConfig> World<W> {
    /// What is in the world, as a report.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Position(u64);
    /// # #[derive(Component)] struct Frozen;
    /// # #[world_config(components(Position, Frozen))] struct Field;
    /// let mut field = World::<Field>::new();
    /// field.spawn_batch([Position(1), Position(2)])?;
    /// let report = field.inspect();
    /// let position = &report.components[0];
    /// assert_eq!((position.name, position.entities, position.bytes), ("Position", 2, 16));
    /// println!("{report}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn inspect(&self) -> WorldReport {
        WorldReport {
            name: W::DESC.name,
            id: self.id(),
            entities: self.len(),
            max_entities: W::DESC.max_entities as usize,
            outbox: self.outbox_len(),
            counts: self.counts(),
            bytes: self.bytes(),
            components: components(self.tables(), W::Schema::COMPONENTS),
            archetypes: archetypes(self.tables(), W::Schema::COMPONENTS),
            resources: resources(self.resources()),
            events: self.event_store().map_or(Vec::new(), EventStore::inspect),
        }
    }
}

#[inline]
fn components(tables: &[Table], components: &[ComponentInfo]) -> Vec<ComponentReport> {
    let of = |(index, info): (usize, &ComponentInfo)| {
        let entities = tables.iter().map(|table| having(table, index)).sum();
        ComponentReport {
            name: info.name,
            size: info.size,
            align: info.align,
            storage: info.storage,
            entities,
            bytes: entities * info.size,
        }
    };
    components.iter().enumerate().map(of).collect()
}

#[inline]
fn archetypes(tables: &[Table], components: &[ComponentInfo]) -> Vec<ArchetypeReport> {
    let names = |mask| bits(mask).map(|index| components[index].name).collect();
    let archetype = |table: &Table| ArchetypeReport {
        components: names(table.mask()),
        sparse: names(table.possible() & !table.mask()),
        entities: table.len(),
        capacity: table.capacity(),
        bytes: table.bytes(),
    };
    tables.iter().map(archetype).collect()
}

#[inline]
fn resources(resources: &Resources) -> Vec<&'static str> {
    let mut names: Vec<_> = resources.names().collect();
    names.sort_unstable();
    names
}

/// How many rows of a table have a component.
#[inline]
fn having(table: &Table, index: usize) -> usize {
    if table.mask() >> index & 1 == 1 {
        return table.len();
    }
    if table.possible() >> index & 1 == 0 {
        return 0;
    }
    (0..table.len()).filter(|&row| table.has_bit(index, row)).count()
}

impl fmt::Display for WorldReport {
    // `inline`, as is what few programs print: it is compiled where it is used, and nowhere else.
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "world {}", self.name)?;
        if let Some(id) = self.id {
            write!(f, " (id {id})")?;
        }
        writeln!(
            f,
            ": {} of {} entities, {}, {} want to leave",
            self.entities,
            self.max_entities,
            Bytes(self.bytes),
            self.outbox
        )?;
        let width = self.components.iter().map(|c| c.name.len()).max().unwrap_or(0).max(9);
        writeln!(f, "  {:width$}  {:>6}  storage  {:>10}  bytes", "component", "size", "entities")?;
        for component in &self.components {
            let ComponentReport { name, size, entities, bytes, .. } = component;
            let storage = match component.storage {
                Storage::Table => "table",
                Storage::Sparse => "sparse",
            };
            let bytes = Bytes(*bytes);
            writeln!(f, "  {name:width$}  {size:>6}  {storage:7}  {entities:>10}  {bytes}")?;
        }
        writeln!(f, "  {:>10}  {:>10}  {:>10}  archetype", "entities", "capacity", "bytes")?;
        for archetype in self.archetypes.iter().filter(|archetype| archetype.capacity > 0) {
            let ArchetypeReport { components, sparse, entities, capacity, bytes } = archetype;
            let bytes = alloc::format!("{}", Bytes(*bytes));
            write!(f, "  {entities:>10}  {capacity:>10}  {bytes:>10}  {}", components.join(", "))?;
            if !sparse.is_empty() {
                write!(f, " (sparse: {})", sparse.join(", "))?;
            }
            writeln!(f)?;
        }
        if !self.resources.is_empty() {
            writeln!(f, "  resources: {}", self.resources.join(", "))?;
        }
        for event in &self.events {
            let EventReport { name, capacity, here, waiting, undelivered, counts } = event;
            let EventCounts { sent, received, refused, dropped } = counts;
            writeln!(
                f,
                "  events {name}: {here} of {capacity}, {waiting} want to leave; {sent} sent, {received} received, {refused} refused, {dropped} dropped, {undelivered} not delivered"
            )?;
        }
        Ok(())
    }
}

/// A number of bytes, for people: whole bytes, KiB or MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub usize);

impl fmt::Display for Bytes {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        match bytes {
            0..10_240 => write!(f, "{bytes} B"),
            10_240..10_485_760 => write!(f, "{} KiB", bytes >> 10),
            _ => write!(f, "{} MiB", bytes >> 20),
        }
    }
}
