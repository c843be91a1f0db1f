//! Makes a world of what was saved.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer};

use super::error::{LoadError, LoadProblem};
use super::read::Whole;
use crate::config::WorldConfig;
use crate::names;
use crate::schema::{Contains, Schema};
use crate::world::World;

type Erased<'a, 'de> = &'a mut dyn erased_serde::Deserializer<'de>;

/// Reads an old value, and writes what it has become to the pointer.
///
/// The pointer has room for a component of the index that it is registered for.
type Migrate = Box<dyn for<'de> Fn(Erased<'_, 'de>, *mut u8) -> Result<(), erased_serde::Error>>;

/// Reads a value and drops it.
type Skip = Box<dyn for<'de> Fn(Erased<'_, 'de>) -> Result<(), erased_serde::Error>>;

/// Makes worlds of what [`Saved`](super::Saved) saved.
///
/// What differs between then and now is told first: components that have another name,
/// another version, or that are no more. What is not told is an error, so that nothing is
/// lost unnoticed.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// use serde::{Deserialize, Serialize};
/// use static_ecs::save::Loader;
///
/// #[derive(Component, Serialize, Deserialize)]
/// #[component(version = 2)]
/// struct Health { points: u32, most: u32 }
///
/// #[world_config(components(Health))]
/// struct Game;
///
/// // Version 1 was a number alone, and called `Hp`.
/// let old = r#"{
///     "format": 1, "schema": "Game", "components": { "Hp": 1, "Mana": 1 }, "origin": 0,
///     "free": [], "away": [], "retired": [],
///     "entities": { "0v1@0": { "Hp": 7, "Mana": [1, 2] } }
/// }"#;
/// let loader = Loader::<Game>::new()
///     .rename::<Health>("Hp")
///     .migrate(1, |points: u32| Health { points, most: 10 })
///     .skip("Mana");
/// let game = loader.load(&mut serde_json::Deserializer::from_str(old))?;
/// let health = game.view::<&Health>().next().ok_or("it was loaded")?;
/// assert_eq!((health.points, health.most), (7, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Loader<W: WorldConfig> {
    pub(super) migrations: Vec<Migration>,
    renamed: Vec<(String, usize)>,
    pub(super) skipped: Vec<Skipped>,
    skip_unknown: bool,
    schemas: Vec<String>,
    world: core::marker::PhantomData<fn() -> W>,
}

pub(super) struct Migration {
    index: usize,
    version: u32,
    pub(super) run: Migrate,
}

pub(super) struct Skipped {
    name: String,
    /// `None`: whatever it is.
    pub(super) read: Option<Skip>,
}

/// What becomes of a component that was saved.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// It is the component with this index.
    Own(usize),
    /// It becomes the component with this index, by the migration with this number.
    Migrated(usize, usize),
    /// It is dropped, by the number of what was told; `None`: whatever it is.
    Skipped(Option<usize>),
}

impl<W: WorldConfig> Loader<W> {
    /// For saves of this program.
    pub fn new() -> Self {
        Self {
            migrations: Vec::new(),
            renamed: Vec::new(),
            skipped: Vec::new(),
            skip_unknown: false,
            schemas: Vec::new(),
            world: core::marker::PhantomData,
        }
    }

    /// The same, for saves that have `C` in this version: `migrate` makes a `C` of a
    /// value of then. A later one for the same version replaces an earlier one.
    pub fn migrate<Old: DeserializeOwned, C: 'static>(
        mut self,
        version: u32,
        migrate: impl Fn(Old) -> C + 'static,
    ) -> Self
    where
        W::Schema: Contains<C>,
    {
        let index = <W::Schema as Contains<C>>::INDEX;
        self.migrations.retain(|known| (known.index, known.version) != (index, version));
        let run: Migrate = Box::new(move |from, to| {
            let value = migrate(erased_serde::deserialize::<Old>(from)?);
            // SAFETY: who calls it has room for the component with this index.
            unsafe { to.cast::<C>().write(value) };
            Ok(())
        });
        self.migrations.push(Migration { index, version, run });
        self
    }

    /// The same, for saves in which `C` has this name.
    pub fn rename<C: 'static>(mut self, old: &str) -> Self
    where
        W::Schema: Contains<C>,
    {
        self.renamed.push((String::from(old), <W::Schema as Contains<C>>::INDEX));
        self
    }

    /// The same, for saves of a schema with this name.
    pub fn rename_schema(mut self, old: &str) -> Self {
        self.schemas.push(String::from(old));
        self
    }

    /// The same, which leaves the component with this name out. The format must be one
    /// that describes itself, as JSON is; for others tell the type by
    /// [`skip_as`](Self::skip_as).
    pub fn skip(mut self, name: &str) -> Self {
        self.skipped.push(Skipped { name: String::from(name), read: None });
        self
    }

    /// The same, which leaves the component with this name out; its values were `T`s.
    pub fn skip_as<T: DeserializeOwned>(mut self, name: &str) -> Self {
        let read: Skip = Box::new(|from| erased_serde::deserialize::<T>(from).map(drop));
        self.skipped.push(Skipped { name: String::from(name), read: Some(read) });
        self
    }

    /// The same, which leaves each component out that is not in the schema; as
    /// [`skip`](Self::skip) for each of them.
    pub fn skip_unknown(mut self) -> Self {
        self.skip_unknown = true;
        self
    }

    /// A world on its own with the entities that were saved.
    ///
    /// Load what you trust: ids of guests that were made up can take up to 128 MiB for
    /// each origin that they name.
    ///
    /// # Errors
    /// If the save can't be read, is not of this world, or the world can't take an entity.
    ///
    /// # Panics
    /// If a component's `Deserialize` or a migration does.
    pub fn load<'de, D: Deserializer<'de>>(
        &self,
        deserializer: D,
    ) -> Result<World<W>, LoadError<D::Error>> {
        self.read(World::new(), deserializer)
    }

    /// Makes the entities of `world` those that were saved; those that were there are
    /// despawned. Resources and hooks stay, observers are told nothing, and no entity
    /// wants to leave. All that is tracked has changed, and nothing was added or removed.
    /// Drop the ids that were given after the save was made: they will be given again.
    ///
    /// # Errors
    /// As [`load`](Self::load): the world is as it was then.
    ///
    /// # Panics
    /// As [`load`](Self::load), with the world as it was; or if the drop of a component
    /// that was there does: nothing is loaded then.
    pub fn load_into<'de, D: Deserializer<'de>>(
        &self,
        world: &mut World<W>,
        deserializer: D,
    ) -> Result<(), LoadError<D::Error>> {
        let loaded = self.read(World::with_origin(world.origin()), deserializer)?;
        world.replace(loaded);
        Ok(())
    }

    fn read<'de, D: Deserializer<'de>>(
        &self,
        world: World<W>,
        deserializer: D,
    ) -> Result<World<W>, LoadError<D::Error>> {
        let problem = RefCell::new(None);
        let whole = Whole { loader: self, world, problem: &problem };
        let read = whole.deserialize(deserializer);
        read.map_err(|error| LoadError { problem: problem.take(), error })
    }

    pub(super) fn takes_schema(&self, name: &str) -> bool {
        name == W::Schema::NAME || self.schemas.iter().any(|known| known == name)
    }

    /// What becomes of a component that was saved under this name, in this version.
    pub(super) fn source(&self, name: &str, found: u32) -> Result<Source, LoadProblem> {
        if let Some(at) = self.skipped.iter().position(|skipped| skipped.name == name) {
            return Ok(Source::Skipped(Some(at)));
        }
        let components = W::Schema::COMPONENTS;
        let renamed = self.renamed.iter().rfind(|(old, _)| old == name);
        let index = match renamed {
            Some(&(_, index)) => Some(index),
            None => names::find(components, name),
        };
        let Some(index) = index else {
            if self.skip_unknown {
                return Ok(Source::Skipped(None));
            }
            let nearest = names::nearest(components, name);
            return Err(LoadProblem::UnknownComponent { name: String::from(name), nearest });
        };
        let info = &components[index];
        let migrates = |known: &Migration| (known.index, known.version) == (index, found);
        if let Some(at) = self.migrations.iter().position(migrates) {
            return Ok(Source::Migrated(index, at));
        }
        if info.version != found {
            let (name, here) = (info.name, info.version);
            return Err(LoadProblem::OtherVersion { name, found, here });
        }
        if info.deserialize.is_none() {
            return Err(LoadProblem::NotDeserializable(info.name));
        }
        Ok(Source::Own(index))
    }
}

/// As [`Loader::load`] does, with nothing told.
impl<'de, W: WorldConfig> Deserialize<'de> for World<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Loader::new().load(deserializer).map_err(LoadError::into_inner)
    }
}

impl<W: WorldConfig> Default for Loader<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: WorldConfig> fmt::Debug for Loader<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.skipped.iter().map(|skipped| &skipped.name);
        f.debug_struct("Loader")
            .field("migrations", &self.migrations.len())
            .field("renamed", &self.renamed)
            .field("skipped", &skipped.collect::<Vec<_>>())
            .field("skip_unknown", &self.skip_unknown)
            .field("schemas", &self.schemas)
            .finish()
    }
}
