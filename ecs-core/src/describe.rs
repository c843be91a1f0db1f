//! What a world is declared to be: for tools, to be printed, and as constants.

mod lines;

use alloc::vec::Vec;
use alloc::{format, string::String};
use core::fmt;

use crate::component::Storage;
use crate::config::{QueueConfig, Role, Target, WorldConfig, WorldDesc};
use crate::event::Overflow;
use crate::inspect::Bytes;
use crate::memory::bits;
use crate::relation::Link;
use crate::schema::{ComponentInfo, Mask, Schema};
use crate::text::last_segment;
use crate::transfer::EntityTransfer;
use crate::world::World;

#[doc(hidden)]
pub use lines::Lines;

/// What a world is declared to be: made by [`World::describe`]. It owns its data, so that it
/// can be kept, compared and sent; with the feature `serde`, it can be serialized.
///
/// Its text is a table of components, and lines for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WorldDescription {
    /// The world's name as written.
    pub name: &'static str,
    /// The world's path.
    pub path: &'static str,
    /// The path of its schema.
    pub schema: &'static str,
    /// What the world is for.
    pub role: Role,
    /// The declared id.
    pub id: Option<u16>,
    /// Whether entities originate here: a role that does so, or `source`.
    pub source: bool,
    /// The most residents.
    pub max_entities: u32,
    /// [`World::ENTITY_BYTES`].
    pub entity_bytes: usize,
    /// [`World::MAX_BYTES`].
    pub max_bytes: usize,
    /// [`World::ROW_BYTES`].
    pub row_bytes: usize,
    /// [`World::TRANSFER_BYTES`].
    pub transfer_bytes: usize,
    /// The components of the schema, in order of their indices.
    pub components: Vec<ComponentDescription>,
    /// The declared archetypes.
    pub archetypes: Vec<ArchetypeDescription>,
    /// Whether these are the only ones.
    pub closed: bool,
    /// The event types of the schema, in order of their indices.
    pub events: Vec<EventDescription>,
    /// How entities come in.
    pub queue: QueueConfig,
    /// Where an entity goes that no route matches.
    pub default_target: Option<Target>,
    /// Routes by component; the last that matches wins.
    pub routes: Vec<RouteDescription>,
    /// Further worlds that a `TransferMarker` may name.
    pub targets: Vec<Target>,
}

/// A component of a [`WorldDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ComponentDescription {
    /// Its name.
    pub name: &'static str,
    /// Its index: bit `index` of a mask stands for it.
    pub index: usize,
    /// The size of a value in bytes.
    pub size: usize,
    /// The alignment of a value in bytes.
    pub align: usize,
    /// Where a value is in the row of a transfer, in bytes from its start.
    pub offset: usize,
    /// How it is kept.
    pub storage: Storage,
    /// The version of its values where they are saved.
    pub version: u32,
    /// Values may move to another thread.
    pub send: bool,
    /// Values can be cloned, so that an entity with it can be copied.
    pub clone: bool,
    /// A clone of a value is its bytes.
    pub copy: bool,
    /// To drop a value does something.
    pub drop: bool,
    /// Values are plain bytes, so that they can be in a snapshot. Never without the feature
    /// `bytemuck`.
    pub plain: bool,
    /// Values can be printed.
    pub debug: bool,
    /// Values can be hashed.
    pub hash: bool,
    /// Values can be saved and loaded. Never without the feature `serde`.
    pub serde: bool,
    /// When values were added and changed is kept.
    pub tracked: bool,
    /// Observers may be told of it.
    pub observed: bool,
    /// It is a relation.
    pub relation: bool,
    /// It is the list of a relation's sources.
    pub sources: bool,
}

impl ComponentDescription {
    #[inline]
    fn new(index: usize, info: &ComponentInfo) -> Self {
        Self {
            name: info.name,
            index,
            size: info.size,
            align: info.align,
            offset: info.offset,
            storage: info.storage,
            version: info.version,
            send: info.send,
            clone: info.clone.is_some(),
            copy: info.copy,
            drop: info.drop.is_some(),
            plain: info.plain.is_some(),
            debug: info.debug.is_some(),
            hash: info.hash.is_some(),
            serde: info.serialize.is_some() && info.deserialize.is_some(),
            tracked: info.track,
            observed: info.observe,
            relation: matches!(info.link, Some(Link::Relation(_))),
            sources: matches!(info.link, Some(Link::Sources(_))),
        }
    }

    /// What is true of it, in words.
    #[inline]
    pub fn traits(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.send, "send"),
            (self.copy, "copy"),
            (self.clone && !self.copy, "clone"),
            (self.drop, "drop"),
            (self.plain, "plain"),
            (self.debug, "debug"),
            (self.hash, "hash"),
            (self.serde, "serde"),
            (self.tracked, "tracked"),
            (self.observed, "observed"),
            (self.relation, "relation"),
            (self.sources, "sources"),
        ];
        all.into_iter().filter_map(|(is, word)| is.then_some(word))
    }
}

/// A declared archetype of a [`WorldDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ArchetypeDescription {
    /// Its name.
    pub name: &'static str,
    /// The components of all its entities.
    pub components: Vec<&'static str>,
    /// The bytes that an entity takes in the table: its components, its id, and what is kept of
    /// those that are tracked.
    pub table_row_bytes: usize,
    /// For how many entities there is room from the start, if it is said.
    pub capacity: Option<u32>,
}

/// An event type of a [`WorldDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EventDescription {
    /// Its name.
    pub name: &'static str,
    /// The size of an event in bytes.
    pub size: usize,
    /// The alignment of an event in bytes.
    pub align: usize,
    /// The most that can be in a world.
    pub capacity: u32,
    /// What happens to one more.
    pub overflow: Overflow,
}

/// A route of a [`WorldDescription`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RouteDescription {
    /// Entities with this component go there.
    pub component: &'static str,
    /// Where they go.
    pub target: Target,
}

impl<W: WorldConfig> World<W> {
    /// The bytes of one entity with every component, each at its offset: the row of a transfer.
    pub const ROW_BYTES: usize = size_of::<<W::Schema as Schema>::Row>();

    /// The bytes of an [`EntityTransfer`], which is a row and what is to be known of its way.
    pub const TRANSFER_BYTES: usize = size_of::<EntityTransfer<W::Schema>>();

    /// The most bytes that one entity takes in this world: [`WorldDesc::entity_bytes`].
    pub const ENTITY_BYTES: usize = W::DESC.entity_bytes(<W::Schema as Schema>::COMPONENTS);

    /// The most bytes that all entities take in this world: `max_entities` times
    /// [`ENTITY_BYTES`](Self::ENTITY_BYTES).
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Position([f32; 3]);
    /// #[world_config(components(Position), max_entities = 10_000)]
    /// struct Field;
    ///
    /// const _: () = assert!(World::<Field>::MAX_BYTES <= 512 << 10);
    /// ```
    pub const MAX_BYTES: usize = Self::ENTITY_BYTES.saturating_mul(W::DESC.max_entities as usize);

    /// What the world is declared to be.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Frozen;
    /// # #[derive(Component)] struct Position([f32; 3]);
    /// # #[derive(Component)] struct Name(String);
    /// #[world_config(components(Frozen, Position, Name), max_entities = 1000)]
    /// struct Field;
    ///
    /// let field = World::<Field>::describe();
    /// let position = &field.components[1];
    /// assert_eq!((position.index, position.size, position.align), (1, 12, 4));
    /// assert!(position.offset + position.size <= field.row_bytes);
    /// assert!(field.components[2].drop && !position.drop);
    /// println!("{field}");
    /// ```
    pub fn describe() -> WorldDescription {
        WorldDescription::new::<W::Schema>(&W::DESC)
    }
}

impl WorldDescription {
    /// What a world with the schema `S` is declared to be.
    ///
    /// # Panics
    /// If the world has another schema.
    #[doc(hidden)]
    #[inline]
    pub fn new<S: Schema>(desc: &WorldDesc) -> Self {
        assert_eq!(desc.schema, S::PATH, "a world is described by its own schema");
        let components = S::COMPONENTS;
        let archetypes = desc.archetypes.iter().map(|archetype| ArchetypeDescription {
            name: archetype.name,
            components: bits(archetype.mask).map(|index| components[index].name).collect(),
            table_row_bytes: table_row_bytes(components, archetype.mask),
            capacity: archetype.capacity,
        });
        let events = S::EVENTS.iter().map(|event| EventDescription {
            name: event.name,
            size: event.size,
            align: event.align,
            capacity: event.capacity,
            overflow: event.overflow,
        });
        let routes = desc.routing.routes.iter().map(|route| RouteDescription {
            component: components[route.component].name,
            target: route.target,
        });
        let entity_bytes = desc.entity_bytes(components);
        let all = components.iter().enumerate();
        Self {
            name: desc.name,
            path: desc.path,
            schema: desc.schema,
            role: desc.role,
            id: desc.id,
            source: desc.source || desc.role.is_source(),
            max_entities: desc.max_entities,
            entity_bytes,
            max_bytes: entity_bytes.saturating_mul(desc.max_entities as usize),
            row_bytes: size_of::<S::Row>(),
            transfer_bytes: size_of::<EntityTransfer<S>>(),
            components: all.map(|(index, info)| ComponentDescription::new(index, info)).collect(),
            archetypes: archetypes.collect(),
            closed: desc.closed,
            events: events.collect(),
            queue: desc.queue,
            default_target: desc.routing.default,
            routes: routes.collect(),
            targets: desc.targets.to_vec(),
        }
    }
}

/// The bytes that an entity with these components takes in a table.
#[inline]
const fn table_row_bytes(components: &[ComponentInfo], mask: Mask) -> usize {
    let mut bytes = size_of::<crate::entity::Entity>();
    let mut index = 0;
    while index < components.len() {
        if mask >> index & 1 == 1 {
            bytes += components[index].size;
            if components[index].track {
                bytes += STAMPS;
            }
        }
        index += 1;
    }
    bytes
}

/// When a value was added, and when it was changed.
const STAMPS: usize = 2 * size_of::<u32>();

/// What a slot takes in a world whose entities leave, or for a guest.
const SLOT: usize = crate::entities::SLOT_BYTES + size_of::<u32>();

impl WorldDesc {
    /// The most bytes that one entity takes in this world, whose schema has these components:
    /// all of them, or those of the largest declared archetype and all sparse ones if the world
    /// is closed; 8 for the stamps of each that is tracked, and a bit for each that is sparse; 8
    /// for its id and 12 for its slot.
    ///
    /// Not counted is what components own elsewhere, and room that is not used: columns below
    /// 2 MiB are rounded up by at most a quarter, tables that grow double, and keep their room
    /// when their entities move to others, until the world is told to
    /// [`shrink`](crate::world::World::shrink).
    #[inline]
    pub const fn entity_bytes(&self, components: &[ComponentInfo]) -> usize {
        let (mut sparse, mut index) = (0, 0);
        while index < components.len() {
            if matches!(components[index].storage, Storage::Sparse) {
                sparse |= 1 << index;
            }
            index += 1;
        }
        let mut most = table_row_bytes(components, if self.closed { sparse } else { Mask::MAX });
        let mut index = 0;
        while self.closed && index < self.archetypes.len() {
            let row = table_row_bytes(components, self.archetypes[index].mask | sparse);
            if row > most {
                most = row;
            }
            index += 1;
        }
        most + SLOT + sparse.count_ones().div_ceil(8) as usize
    }
}

/// The name of a target: that of a world, or `id 3`.
#[inline]
fn target_name(target: Target) -> String {
    match target {
        Target::World(path) => last_segment(path).into(),
        Target::Id(id) => format!("id {id}"),
    }
}

impl fmt::Display for WorldDescription {
    // `inline`, as is what few programs print: it is compiled where it is used, and nowhere else.
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "world {}", self.name)?;
        if let Some(id) = self.id {
            write!(f, " (id {id})")?;
        }
        let (role, most) = (self.role, self.max_entities);
        let (entity, all) = (Bytes(self.entity_bytes), Bytes(self.max_bytes));
        writeln!(f, ": {role}, up to {most} entities of up to {entity}, {all} in all")?;
        writeln!(f, "  path {}, schema {}", self.path, self.schema)?;
        let mut lines =
            Lines::new(["component", "index", "size", "align", "offset", "storage", "is"]);
        for component in &self.components {
            let ComponentDescription { name, index, size, align, offset, .. } = component;
            let storage = match component.storage {
                Storage::Table => "table",
                Storage::Sparse => "sparse",
            };
            let numbers = [index, size, align, offset].map(|number| format!("{number}"));
            let [index, size, align, offset] = numbers;
            let is = component.traits().collect::<Vec<_>>().join(", ");
            lines.add([(*name).into(), index, size, align, offset, storage.into(), is]);
        }
        write!(f, "{lines}")?;
        writeln!(
            f,
            "  in a transfer: a row of {}, {} with what is known of its way",
            Bytes(self.row_bytes),
            Bytes(self.transfer_bytes)
        )?;
        let mut lines = Lines::new(["archetype", "bytes", "capacity", "components"]);
        for archetype in &self.archetypes {
            let ArchetypeDescription { name, components, table_row_bytes, capacity } = archetype;
            let capacity = capacity.map_or("-".into(), |capacity| format!("{capacity}"));
            let bytes = format!("{table_row_bytes}");
            lines.add([(*name).into(), bytes, capacity, components.join(", ")]);
        }
        write!(f, "{lines}")?;
        if self.closed {
            writeln!(f, "  closed: there are no other archetypes")?;
        }
        for event in &self.events {
            let EventDescription { name, size, capacity, overflow, .. } = event;
            writeln!(f, "  events {name}: up to {capacity} of {size} B, one more: {overflow}")?;
        }
        writeln!(f, "  takes in: {}", self.queue)?;
        for RouteDescription { component, target } in &self.routes {
            writeln!(f, "  completed with {component}: to {}", target_name(*target))?;
        }
        if let Some(target) = self.default_target {
            let others = if self.routes.is_empty() { "completed" } else { "completed, others" };
            writeln!(f, "  {others}: to {}", target_name(target))?;
        }
        if !self.targets.is_empty() {
            let targets = self.targets.iter().map(|&target| target_name(target));
            writeln!(f, "  by marker: to {}", targets.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}
