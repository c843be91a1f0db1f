//! Deserializes a world, part by part.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::LoadProblem;
use super::loader::{Loader, Source};
use super::{FIELDS, FORMAT, NAME};
use crate::config::WorldConfig;
use crate::entities::Entities;
use crate::entities::Place;
use crate::entities::saved::{Gone, WrongId};
use crate::entity::Entity;
use crate::schema::Schema;
use crate::transfer::Row;
use crate::world::World;

/// Where a problem is kept while an error of the format carries its text.
type Stash<'l> = &'l RefCell<Option<LoadProblem>>;

fn fail<E: Error>(stash: Stash<'_>, problem: LoadProblem) -> E {
    let error = E::custom(&problem);
    // The first is nearest to the cause.
    stash.borrow_mut().get_or_insert(problem);
    error
}

/// The whole save, for a world without entities.
pub(super) struct Whole<'l, W: WorldConfig> {
    pub(super) loader: &'l Loader<W>,
    pub(super) world: World<W>,
    pub(super) problem: Stash<'l>,
}

impl<'de, W: WorldConfig> DeserializeSeed<'de> for Whole<'_, W> {
    type Value = World<W>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<World<W>, D::Error> {
        let readable = deserializer.is_human_readable();
        deserializer.deserialize_struct(NAME, &FIELDS, Parts::new(self, readable))
    }
}

/// What has been read of a save.
struct Parts<'l, W: WorldConfig> {
    whole: Whole<'l, W>,
    readable: bool,
    /// Which fields were read, as bits.
    seen: u8,
    /// The components in the order of the save, with their names there.
    listed: Vec<(String, Source)>,
    ids: [Vec<Entity>; 2],
    retired: Vec<u32>,
    /// The entities that are in the tables of the world, in which they are no entities
    /// yet.
    places: Vec<(Entity, Place)>,
}

const ENTITIES: usize = FIELDS.len() - 1;

impl<'l, W: WorldConfig> Parts<'l, W> {
    fn new(whole: Whole<'l, W>, readable: bool) -> Self {
        Self {
            whole,
            readable,
            seen: 0,
            listed: Vec::new(),
            ids: [Vec::new(), Vec::new()],
            retired: Vec::new(),
            places: Vec::new(),
        }
    }

    fn fail<E: Error>(&self, problem: LoadProblem) -> E {
        fail(self.whole.problem, problem)
    }

    /// Notes that a field is there.
    fn begin<E: Error>(&mut self, field: usize) -> Result<(), E> {
        if self.seen >> field & 1 == 1 {
            return Err(E::duplicate_field(FIELDS[field]));
        }
        if field == ENTITIES && self.seen >> 2 & 1 == 0 {
            return Err(self.fail(LoadProblem::Malformed("`components` stands after `entities`")));
        }
        self.seen |= 1 << field;
        Ok(())
    }

    fn format<E: Error>(&self, found: u32) -> Result<(), E> {
        if found == FORMAT {
            return Ok(());
        }
        Err(self.fail(LoadProblem::OtherFormat { found, known: FORMAT }))
    }

    fn schema<E: Error>(&self, found: String) -> Result<(), E> {
        if self.whole.loader.takes_schema(&found) {
            return Ok(());
        }
        Err(self.fail(LoadProblem::OtherSchema { found, here: W::Schema::NAME }))
    }

    fn origin<E: Error>(&self, found: u16) -> Result<(), E> {
        let here = self.whole.world.origin();
        if found == here {
            return Ok(());
        }
        Err(self.fail(LoadProblem::OtherOrigin { found, here }))
    }

    fn list<E: Error>(&mut self, versions: Vec<(String, u32)>) -> Result<(), E> {
        for (name, version) in versions {
            let source = self.whole.loader.source(&name, version);
            let source = source.map_err(|problem| self.fail::<E>(problem))?;
            self.listed.push((name, source));
        }
        Ok(())
    }

    /// All was read: the rows become entities.
    fn finish<E: Error>(self) -> Result<World<W>, E> {
        for (field, name) in FIELDS.into_iter().enumerate() {
            if self.seen >> field & 1 == 0 {
                return Err(E::missing_field(name));
            }
        }
        match self.entities() {
            Ok(entities) => {
                let mut world = self.whole.world;
                world.replace_entities(entities);
                Ok(world)
            }
            Err(problem) => Err(self.fail(problem)),
        }
    }

    fn entities(&self) -> Result<Entities, LoadProblem> {
        let origin = self.whole.world.origin();
        let wrong = |wrong| match wrong {
            WrongId::Twice(entity) => LoadProblem::Twice(entity),
            WrongId::Foreign(_) => {
                LoadProblem::Malformed("an id in `free` or `away` is of another world")
            }
            WrongId::Beyond(_) | WrongId::None => LoadProblem::Malformed(
                "each slot up to the last must be of an entity, or in `free`, `away` or `retired`",
            ),
        };
        let own = |entity: &Entity| entity.origin() == origin;
        let [free, away] = &self.ids;
        let natives = self.places.iter().filter(|(entity, _)| own(entity)).count();
        let slots = natives + free.len() + away.len() + self.retired.len();
        let mut entities = Entities::to_restore(origin, slots);
        for &(entity, Place { table, row }) in &self.places {
            let id = core::iter::once(entity.to_bits());
            entities.restore_rows(id, table, row).map_err(wrong)?;
        }
        free.iter().try_for_each(|&id| entities.restore_free(id)).map_err(wrong)?;
        let away = away.iter().map(|&id| Gone::Away(id));
        let mut gone = away.chain(self.retired.iter().map(|&index| Gone::Retired(index)));
        gone.try_for_each(|gone| entities.restore_gone(gone)).map_err(wrong)?;
        Ok(entities)
    }
}

impl<'de, W: WorldConfig> Visitor<'de> for Parts<'_, W> {
    type Value = World<W>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a saved world")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<World<W>, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let field = FIELDS.iter().position(|&known| known == name);
            let field = field.ok_or_else(|| A::Error::unknown_field(&name, &FIELDS))?;
            self.begin(field)?;
            match field {
                0 => self.format(map.next_value()?)?,
                1 => self.schema(map.next_value()?)?,
                2 => self.list(map.next_value_seed(Versions)?)?,
                3 => self.origin(map.next_value()?)?,
                4 | 5 => self.ids[field - 4] = map.next_value()?,
                6 => self.retired = map.next_value()?,
                _ => map.next_value_seed(All(&mut self))?,
            }
        }
        self.finish()
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<World<W>, A::Error> {
        const LONGER: &str = "a saved world with 8 parts";
        for field in 0..FIELDS.len() {
            self.begin(field)?;
            let short = || A::Error::invalid_length(field, &LONGER);
            match field {
                0 => self.format(seq.next_element()?.ok_or_else(short)?)?,
                1 => self.schema(seq.next_element()?.ok_or_else(short)?)?,
                2 => self.list(seq.next_element_seed(Versions)?.ok_or_else(short)?)?,
                3 => self.origin(seq.next_element()?.ok_or_else(short)?)?,
                4 | 5 => self.ids[field - 4] = seq.next_element()?.ok_or_else(short)?,
                6 => self.retired = seq.next_element()?.ok_or_else(short)?,
                _ => seq.next_element_seed(All(&mut self))?.ok_or_else(short)?,
            }
        }
        self.finish()
    }
}

/// The versions of the components, by name, in their order.
struct Versions;

impl<'de> DeserializeSeed<'de> for Versions {
    type Value = Vec<(String, u32)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Versions {
    type Value = Vec<(String, u32)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the versions of components by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut versions = Vec::new();
        while let Some(entry) = map.next_entry()? {
            versions.push(entry);
        }
        Ok(versions)
    }
}

/// The entities by id.
struct All<'p, 'l, W: WorldConfig>(&'p mut Parts<'l, W>);

impl<'de, W: WorldConfig> DeserializeSeed<'de> for All<'_, '_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, W: WorldConfig> Visitor<'de> for All<'_, '_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entities by id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(parts) = self;
        while let Some(entity) = map.next_key::<Entity>()? {
            let mut row = Row::new();
            map.next_value_seed(One { parts, entity, row: &mut row })?;
            let count = parts.places.len();
            match parts.whole.world.place_row(entity, row, count) {
                Ok(place) => parts.places.push((entity, place)),
                Err(why) => return Err(parts.fail(LoadProblem::Refused { entity, why })),
            }
        }
        Ok(())
    }
}

/// The components of an entity.
struct One<'p, 'l, W: WorldConfig> {
    parts: &'p Parts<'l, W>,
    entity: Entity,
    row: &'p mut Row<W::Schema>,
}

impl<'de, W: WorldConfig> DeserializeSeed<'de> for One<'_, '_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, W: WorldConfig> Visitor<'de> for One<'_, '_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the components of an entity")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { parts, entity, row } = self;
        loop {
            let listed = if parts.readable {
                let Some(name) = map.next_key::<String>()? else { return Ok(()) };
                parts.listed.iter().find(|(listed, _)| *listed == name)
            } else {
                let Some(place) = map.next_key::<u32>()? else { return Ok(()) };
                parts.listed.get(place as usize)
            };
            let Some((name, source)) = listed else {
                let what = "an entity has a component that is not in `components`";
                return Err(parts.fail(LoadProblem::Malformed(what)));
            };
            let (loader, problem) = (parts.whole.loader, parts.whole.problem);
            let value = Value { loader, problem, entity, name, source: *source, row };
            map.next_value_seed(value)?;
        }
    }
}

/// The value of a component.
struct Value<'p, W: WorldConfig> {
    loader: &'p Loader<W>,
    problem: Stash<'p>,
    entity: Entity,
    name: &'p str,
    source: Source,
    row: &'p mut Row<W::Schema>,
}

impl<'de, W: WorldConfig> DeserializeSeed<'de> for Value<'_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { loader, problem, entity, name, source, row } = self;
        let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(deserializer);
        let read = match source {
            Source::Skipped(at) => {
                let told = at.and_then(|at| loader.skipped[at].read.as_ref());
                match told {
                    Some(read) => read(&mut erased),
                    None => erased_serde::deserialize::<IgnoredAny>(&mut erased).map(drop),
                }
            }
            Source::Own(index) | Source::Migrated(index, _) => {
                if row.mask() >> index & 1 == 1 {
                    let name = W::Schema::COMPONENTS[index].name;
                    return Err(fail(problem, LoadProblem::ComponentTwice { entity, name }));
                }
                let to = row.place_mut(index);
                let read = match (source, W::Schema::COMPONENTS[index].deserialize) {
                    (Source::Migrated(_, at), _) => (loader.migrations[at].run)(&mut erased, to),
                    // SAFETY: the place has room for the component.
                    (_, Some(read)) => unsafe { read(&mut erased, to) },
                    (_, None) => unreachable!("the loader asked for it"),
                };
                if read.is_ok() {
                    // SAFETY: the value was written just now.
                    unsafe { row.set_mask(row.mask() | 1 << index) };
                }
                read
            }
        };
        read.map_err(|error| {
            let (component, why) = (String::from(name), error.to_string());
            fail(problem, LoadProblem::Value { entity, component, why })
        })
    }
}
