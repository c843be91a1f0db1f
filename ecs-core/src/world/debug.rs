//! What an entity looks like, for those who look for a mistake.

use core::fmt;

use super::World;
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::error::EntityError;
use crate::memory::bits;
use crate::probe::DebugFn;
use crate::schema::{Mask, Schema};

impl<W: WorldConfig> World<W> {
    /// An entity as text: its id and its components by name, with the values of those
    /// that are `Debug`. An entity that is not here says so.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component, Debug)] struct Health(u32);
    /// # #[derive(Component)] struct Secret(u64);
    /// # #[world_config(components(Health, Secret))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let hero = world.spawn((Health(10), Secret(42)))?;
    /// let text = format!("{:?}", world.debug(hero));
    /// assert_eq!(text, "0v1@0 { Health: Health(10), Secret: (not Debug) }");
    /// world.despawn(hero)?;
    /// assert_eq!(format!("{:?}", world.debug(hero)), "0v1@0 (dead)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn debug(&self, entity: Entity) -> EntityDebug<'_, W> {
        EntityDebug { world: self, entity }
    }
}

/// What [`World::debug`] answers, to be printed with `{:?}` or `{:#?}`.
pub struct EntityDebug<'w, W: WorldConfig> {
    world: &'w World<W>,
    entity: Entity,
}

impl<W: WorldConfig> fmt::Debug for EntityDebug<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, entity } = *self;
        let Place { table, row } = match world.entities.find(entity) {
            Ok(place) => place,
            Err(EntityError::Dead(_)) => return write!(f, "{entity} (dead)"),
            Err(EntityError::NotHere(_)) => return write!(f, "{entity} (not here)"),
        };
        let mask = world.row_mask(Place { table, row }, Mask::MAX);
        let table = world.tables.get(table);
        let name = alloc::format!("{entity}");
        let mut shown = f.debug_struct(&name);
        for index in bits(mask) {
            let info = &W::Schema::COMPONENTS[index];
            // SAFETY: the row is in the table and has the component.
            let value = unsafe { table.cell(index, row as usize) };
            match info.debug {
                Some(print) => shown.field(info.name, &Value { value, print, world: self }),
                None => shown.field(info.name, &format_args!("(not Debug)")),
            };
        }
        shown.finish()
    }
}

/// A value in the world that is borrowed.
struct Value<'w, B> {
    value: *const u8,
    print: DebugFn,
    #[expect(dead_code, reason = "keeps the world borrowed")]
    world: &'w B,
}

impl<B> fmt::Debug for Value<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the value is one of the component that `print` is of, and nobody
        // writes while the world is borrowed.
        unsafe { (self.print)(self.value, f) }
    }
}
