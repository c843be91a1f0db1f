//! Serializes a world.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeStruct, Serializer};

use super::error::NotSerializable;
use super::{FIELDS, FORMAT, NAME};
use crate::bundle::Bundle;
use crate::config::WorldConfig;
use crate::entities::saved::Gone;
use crate::entity::{Entity, MAX_GENERATION};
use crate::memory::bits;
use crate::probe::SerializeFn;
use crate::query::Filter;
use crate::schema::{ComponentSet, Mask, Schema};
use crate::world::{Sound, World, assert_sound};

/// A world, or a part of it, that can be serialized.
///
/// Without more, these are all entities with all components. Resources, hooks and wishes
/// to leave are no part of it.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// use serde::{Deserialize, Serialize};
/// use static_ecs::save::{Loader, Saved};
///
/// #[derive(Component, Serialize, Deserialize)]
/// struct Name(String);
/// #[derive(Component, Serialize, Deserialize)]
/// struct Score(u32);
/// #[derive(Component)]
/// struct Socket;
///
/// #[world_config(components(Name, Score, Socket))]
/// struct Game;
///
/// let mut game = World::<Game>::new();
/// let ada = game.spawn((Name("Ada".to_owned()), Score(7)))?;
/// let grace = game.spawn(Name("Grace".to_owned()))?;
/// let all = serde_json::to_string(&Saved::of(&game))?;
/// let scores = Saved::of(&game).only::<Score>().matching::<With<Score>>();
/// let few = serde_json::to_string(&scores)?;
///
/// let loader = Loader::<Game>::new();
/// let loaded = loader.load(&mut serde_json::Deserializer::from_str(&all))?;
/// assert_eq!(loaded.get::<Name>(grace)?.0, "Grace");
/// let loaded = loader.load(&mut serde_json::Deserializer::from_str(&few))?;
/// assert!(loaded.get::<Score>(ada)?.0 == 7 && loaded.len() == 1);
///
/// // A component that is not `Serialize` is an error, or is left out.
/// game.insert(ada, Socket)?;
/// assert!(serde_json::to_string(&Saved::of(&game)).is_err());
/// assert!(serde_json::to_string(&Saved::of(&game).skip_unsupported()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Saved<'w, W: WorldConfig, F = ()> {
    world: &'w World<W>,
    components: Mask,
    skip_unsupported: bool,
    sound: Sound<W::Schema, Entity, F>,
}

impl<'w, W: WorldConfig> Saved<'w, W> {
    /// All of this world.
    pub fn of(world: &'w World<W>) -> Self {
        let sound = const { assert_sound() };
        Self { world, components: Mask::MAX, skip_unsupported: false, sound }
    }
}

impl<'w, W: WorldConfig, F> Saved<'w, W, F> {
    /// The same with the components of `B` alone. Entities without any stay a part of
    /// it, unless [`matching`](Self::matching) says otherwise.
    pub fn only<B: Bundle<W::Schema>>(self) -> Self {
        Self { components: B::MASK, ..self }
    }

    /// The same without components that are not `Serialize`.
    pub fn skip_unsupported(self) -> Self {
        Self { skip_unsupported: true, ..self }
    }

    /// The same with the entities that match `G` alone. Loaded, the others have ended.
    pub fn matching<G: Filter<W::Schema>>(self) -> Saved<'w, W, G> {
        let Self { world, components, skip_unsupported, .. } = self;
        Saved { world, components, skip_unsupported, sound: const { assert_sound() } }
    }
}

impl<W: WorldConfig, F: Filter<W::Schema>> Saved<'_, W, F> {
    /// Whether all that is a part of it can be serialized.
    ///
    /// # Errors
    /// If some entity has a component that is not `Serialize`: it names all of these.
    /// [`skip_unsupported`](Self::skip_unsupported) leaves them out.
    pub fn check(&self) -> Result<(), NotSerializable> {
        self.present().map(|_| ())
    }

    /// The entities, and where their components are.
    fn entities(&self) -> impl Iterator<Item = Entity> + '_ {
        self.world.sound_view(self.sound)
    }

    /// The components that some entity has and that are to be saved.
    fn present(&self) -> Result<Mask, NotSerializable> {
        let masks = self.entities().map(|entity| self.world.components_of(entity));
        let present = masks.fold(0, |all, mask| all | mask) & self.components;
        let supported = W::Schema::SERIALIZABLE;
        let components = ComponentSet::of::<W::Schema>(present & !supported);
        if components.is_empty() || self.skip_unsupported {
            Ok(present & supported)
        } else {
            Err(NotSerializable { components })
        }
    }

    /// The ids of this world that are not those of entities, as if the entities that
    /// are no part of it had ended.
    fn ids(&self, count: usize) -> Ids {
        let (_, entities) = self.world.state();
        let mut ids = Ids { free: Vec::new(), away: Vec::new(), retired: Vec::new() };
        for gone in entities.gone() {
            match gone {
                Gone::Away(entity) => ids.away.push(entity),
                Gone::Retired(index) => ids.retired.push(index),
            }
        }
        if count < self.world.len() {
            let own = |entity: &Entity| entity.origin() == self.world.origin();
            let last = self.world.entities().filter(own).map(Entity::index).max();
            let mut saved = vec![false; last.map_or(0, |last| last as usize + 1)];
            for entity in self.entities().filter(own) {
                saved[entity.index() as usize] = true;
            }
            for entity in self.world.entities().filter(own) {
                if saved[entity.index() as usize] {
                    continue;
                }
                match entity.generation() {
                    MAX_GENERATION => ids.retired.push(entity.index()),
                    _ => ids.free.extend(Entity::from_bits(entity.to_bits() + (1 << 32))),
                }
            }
        }
        ids.free.extend(entities.free());
        ids
    }
}

struct Ids {
    free: Vec<Entity>,
    away: Vec<Entity>,
    retired: Vec<u32>,
}

impl<W: WorldConfig, F: Filter<W::Schema>> Serialize for Saved<'_, W, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let present = self.present().map_err(S::Error::custom)?;
        let readable = serializer.is_human_readable();
        let count = self.entities().count();
        let ids = self.ids(count);
        let [format, schema, components, origin, free, away, retired, entities] = FIELDS;
        let mut saved = serializer.serialize_struct(NAME, FIELDS.len())?;
        saved.serialize_field(format, &FORMAT)?;
        saved.serialize_field(schema, W::Schema::NAME)?;
        saved.serialize_field(components, &Versions::<W>(present, PhantomData))?;
        saved.serialize_field(origin, &self.world.origin())?;
        saved.serialize_field(free, &ids.free)?;
        saved.serialize_field(away, &ids.away)?;
        saved.serialize_field(retired, &ids.retired)?;
        saved.serialize_field(entities, &All { saved: self, present, readable, count })?;
        saved.end()
    }
}

/// As [`Saved::of`] does.
impl<W: WorldConfig> Serialize for World<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved::of(self).serialize(serializer)
    }
}

impl<W: WorldConfig, F> fmt::Debug for Saved<'_, W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved")
            .field("components", &ComponentSet::of::<W::Schema>(self.components))
            .field("skip_unsupported", &self.skip_unsupported)
            .finish_non_exhaustive()
    }
}

/// The versions of these components, by name.
struct Versions<W>(Mask, PhantomData<W>);

impl<W: WorldConfig> Serialize for Versions<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let components = bits(self.0).map(|index| &W::Schema::COMPONENTS[index]);
        let mut map = serializer.serialize_map(Some(self.0.count_ones() as usize))?;
        for info in components {
            map.serialize_entry(info.name, &info.version)?;
        }
        map.end()
    }
}

/// The entities by their ids.
struct All<'a, 'w, W: WorldConfig, F> {
    saved: &'a Saved<'w, W, F>,
    present: Mask,
    readable: bool,
    count: usize,
}

impl<W: WorldConfig, F: Filter<W::Schema>> Serialize for All<'_, '_, W, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { saved, present, readable, count } = *self;
        let mut map = serializer.serialize_map(Some(count))?;
        for entity in saved.entities() {
            let mask = saved.world.components_of(entity) & present;
            map.serialize_entry(
                &entity,
                &One { world: saved.world, entity, mask, present, readable },
            )?;
        }
        map.end()
    }
}

/// The components of an entity, by their names, or by their places among those that
/// are present.
struct One<'w, W: WorldConfig> {
    world: &'w World<W>,
    entity: Entity,
    mask: Mask,
    present: Mask,
    readable: bool,
}

impl<W: WorldConfig> Serialize for One<'_, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.mask.count_ones() as usize))?;
        for index in bits(self.mask) {
            let info = &W::Schema::COMPONENTS[index];
            let cell = self.world.cell_of(self.entity, index);
            let (Some(cell), Some(erase)) = (cell, info.serialize) else { continue };
            let value = Value { cell, erase, world: self.world };
            if self.readable {
                map.serialize_entry(info.name, &value)?;
            } else {
                let place = (self.present & ((1 << index) - 1)).count_ones();
                map.serialize_entry(&place, &value)?;
            }
        }
        map.end()
    }
}

/// A component's value in the world that is borrowed.
struct Value<'w, B> {
    cell: *const u8,
    erase: SerializeFn,
    #[expect(dead_code, reason = "keeps the world borrowed")]
    world: &'w B,
}

impl<B> Serialize for Value<'_, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: the cell holds a value of the component that `erase` is of, and nobody
        // writes while the world is borrowed.
        erased_serde::serialize(unsafe { &*(self.erase)(self.cell) }, serializer)
    }
}
