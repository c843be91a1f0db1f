//! Many entities are looked up by id.

use core::fmt;
use core::mem::MaybeUninit;

use super::World;
use super::access::{Sound, assert_sound, missing};
use crate::config::WorldConfig;
use crate::entities::{Entities, NONE, Place};
use crate::entity::Entity;
use crate::error::AccessError;
use crate::query::{Filter, QueryData, ReadOnlyQueryData, Rows, has_bit};
use crate::schema::Schema;
use crate::table::{Table, WORD};
use crate::tick::Ticks;

/// How many ids are resolved before the first entity is looked at, where many are
/// given: enough to keep a core's outstanding loads busy.
const AHEAD: usize = 128;

/// The number of no table, and of none that a slot may hold for those who are away.
const UNKNOWN: u32 = u32::MAX;

impl<W: WorldConfig> World<W> {
    /// A view for many look-ups by id, which remembers where the columns of the
    /// last table are.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Health(i32);
    /// # #[derive(Component)] struct Target(Entity);
    /// # #[world_config(components(Health, Target))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// # let hero = world.spawn(Health(10))?;
    /// # world.spawn_batch([Target(hero), Target(hero)])?;
    /// let targets: Vec<Entity> = world.view::<&Target>().map(|target| target.0).collect();
    /// let mut healths = world.lookup::<&mut Health>();
    /// for target in targets {
    ///     healths.get(target)?.0 -= 1;
    /// }
    /// assert_eq!(world.get::<Health>(hero)?.0, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn lookup<Q: QueryData<W::Schema>>(&mut self) -> Lookup<'_, W::Schema, Q> {
        self.sound_lookup(const { assert_sound() })
    }

    #[inline(always)]
    pub(super) fn sound_lookup<Q: QueryData<W::Schema>>(
        &mut self,
        _: Sound<W::Schema, Q, ()>,
    ) -> Lookup<'_, W::Schema, Q> {
        // SAFETY: `&mut self` is exclusive for the lookup's life, and the query has no
        // fault.
        unsafe { Lookup::new(self.tables.all(), &self.entities, self.ticks()) }
    }

    /// As [`lookup`](Self::lookup), for queries that only read.
    #[inline]
    pub fn view_lookup<Q: ReadOnlyQueryData<W::Schema>>(&self) -> Lookup<'_, W::Schema, Q> {
        const { assert_sound::<W::Schema, Q, ()>() };
        // SAFETY: the query only reads, and `&self` keeps writers away; it has no fault.
        unsafe { Lookup::new(self.tables.all(), &self.entities, self.ticks()) }
    }

    /// Several components of one entity, such as `(&mut Position, &Velocity)`.
    ///
    /// # Errors
    /// If the entity is not here or lacks one of them.
    #[inline]
    pub fn query_one<Q: QueryData<W::Schema>>(
        &mut self,
        entity: Entity,
    ) -> Result<Q::Item<'_>, AccessError> {
        self.sound_one(const { assert_sound::<W::Schema, Q, ()>() }, entity)
    }

    #[inline(always)]
    pub(super) fn sound_one<Q: QueryData<W::Schema>>(
        &mut self,
        _: Sound<W::Schema, Q, ()>,
        entity: Entity,
    ) -> Result<Q::Item<'_>, AccessError> {
        let (tables, ticks) = (self.tables.all(), self.ticks());
        // SAFETY: `&mut self` is exclusive for the item's life, and the query has no fault.
        unsafe { Lookup::<W::Schema, Q>::find(tables, &self.entities, ticks, entity) }
    }

    /// Several components of several entities at once.
    ///
    /// # Errors
    /// If an entity is given twice, is not here or lacks one of the components.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Gold(u32);
    /// # #[world_config(components(Gold))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// # let (buyer, seller) = (world.spawn(Gold(10))?, world.spawn(Gold(0))?);
    /// let [from, to] = world.query_many::<&mut Gold, 2>([buyer, seller])?;
    /// from.0 -= 3;
    /// to.0 += 3;
    /// assert!(world.query_many::<&mut Gold, 2>([buyer, buyer]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn query_many<Q: QueryData<W::Schema>, const N: usize>(
        &mut self,
        entities: [Entity; N],
    ) -> Result<[Q::Item<'_>; N], AccessError> {
        self.sound_many(const { assert_sound::<W::Schema, Q, ()>() }, entities)
    }

    pub(super) fn sound_many<Q: QueryData<W::Schema>, const N: usize>(
        &mut self,
        _: Sound<W::Schema, Q, ()>,
        entities: [Entity; N],
    ) -> Result<[Q::Item<'_>; N], AccessError> {
        for (place, &entity) in entities.iter().enumerate() {
            if entities[..place].contains(&entity) {
                return Err(AccessError::Twice(entity));
            }
        }
        let (tables, ticks) = (self.tables.all(), self.ticks());
        // SAFETY: the entities differ, `&mut self` is exclusive for the life of their items,
        // and the query has no fault.
        let mut items = entities.map(|entity| unsafe {
            Lookup::<W::Schema, Q>::find(tables, &self.entities, ticks, entity).map(Some)
        });
        for item in &mut items {
            if let Err(error) = item {
                return Err(*error);
            }
        }
        Ok(items.map(|item| item.ok().flatten().expect("there was no error")))
    }
}

/// Looks entities up by id. Made by [`World::lookup`] and [`World::view_lookup`].
pub struct Lookup<'w, S: Schema, Q: QueryData<S>> {
    tables: &'w [Table],
    entities: &'w Entities,
    ticks: Ticks,
    /// The last table, or [`UNKNOWN`].
    table: u32,
    /// Where its columns are.
    fetch: MaybeUninit<Q::Fetch>,
}

// SAFETY: a lookup lets components be read or written, and reads where entities
// are, which nobody changes meanwhile.
unsafe impl<S: Schema<Types: Send + Sync>, Q: QueryData<S>> Send for Lookup<'_, S, Q> {}

impl<'w, S: Schema, Q: QueryData<S>> Lookup<'w, S, Q> {
    /// # Safety
    /// For `'w` nobody else uses the tables' components in conflict with the
    /// query, which has no fault.
    #[inline]
    unsafe fn new(tables: &'w [Table], entities: &'w Entities, ticks: Ticks) -> Self {
        Self { tables, entities, ticks, table: UNKNOWN, fetch: MaybeUninit::uninit() }
    }

    /// # Safety
    /// As [`new`](Self::new), for the one entity; `entities` and `tables` are of one
    /// world.
    #[inline]
    unsafe fn find<'i>(
        tables: &'i [Table],
        entities: &Entities,
        ticks: Ticks,
        entity: Entity,
    ) -> Result<Q::Item<'i>, AccessError> {
        let place = entities.find(entity)?;
        let (table, row) = (&tables[place.table as usize], place.row as usize);
        if table.can_have(Q::ACCESS.required) {
            // SAFETY: the row is in the table, which can have what is required; `'i` is
            // a part of the time for which the caller promises.
            let item = unsafe { item_at::<S, Q>(Q::fetch(table, ticks), row) };
            if let Some(item) = item {
                return Ok(item);
            }
        }
        Err(missing::<S>(entity, Q::ACCESS.required & !table.row_mask(row)))
    }

    /// What the query asks of one entity.
    ///
    /// # Errors
    /// If the entity is not here or lacks something.
    #[inline(always)]
    pub fn get(&mut self, entity: Entity) -> Result<Q::Item<'_>, AccessError> {
        let Some(place) = self.entities.seek(entity) else {
            return Err(self.entities.absent(entity).into());
        };
        if place.table != self.table {
            self.open(entity, place)?;
        }
        // SAFETY: the columns of the table were found, just now or before: no slot
        // holds `UNKNOWN`. So it is a table, and the row is in it. The item lives as
        // long as `self` is borrowed.
        let item = unsafe { item_at::<S, Q>(self.fetch.assume_init(), place.row as usize) };
        item.ok_or_else(|| self.lacking(entity, place))
    }

    /// As [`get`](Self::get), for a query that only reads: several items can be held
    /// at once. Nothing is remembered.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn view(&self, entity: Entity) -> Result<Q::Item<'w>, AccessError>
    where
        Q: ReadOnlyQueryData<S>,
    {
        // SAFETY: nobody writes for `'w`, since `new`'s caller promises so for a query
        // that only reads.
        unsafe { Self::find(self.tables, self.entities, self.ticks, entity) }
    }

    /// Calls `each` with every entity of `entities` that is here and has what the
    /// query asks for, in their order. Answers how many these were.
    ///
    /// Faster than one [`get`](Self::get) after the other where the entities are
    /// many and lie anywhere: their memory is asked for ahead, and waited for at once.
    #[inline]
    pub fn for_each(
        &mut self,
        entities: &[Entity],
        mut each: impl FnMut(Entity, Q::Item<'_>),
    ) -> usize {
        let mut lacking = 0;
        let mut rows = [NONE; AHEAD];
        for entities in entities.chunks(AHEAD) {
            if self.table == UNKNOWN {
                for &entity in entities {
                    match self.get(entity) {
                        Ok(item) => each(entity, item),
                        Err(_) => lacking += 1,
                    }
                }
                continue;
            }
            self.entities.seek_rows(entities, self.table, &mut rows);
            let (table, fetch, mut missed) = (self.table, self.fetch, 0);
            for (&row, &entity) in rows.iter().zip(entities) {
                let item = if row != NONE {
                    debug_assert!((row as usize) < self.tables[table as usize].len());
                    // SAFETY: the row is in the table whose columns were found. The item
                    // lives as long as the call below.
                    unsafe { item_at::<S, Q>(fetch.assume_init(), row as usize) }
                } else {
                    missed += 1;
                    self.get(entity).ok()
                };
                match item {
                    Some(item) => each(entity, item),
                    None => lacking += 1,
                }
            }
            // `get` remembers the table of the last that was missed. Where these were
            // few, the next will rather be in the one before.
            if missed < entities.len() / 2 {
                (self.table, self.fetch) = (table, fetch);
            }
        }
        entities.len() - lacking
    }

    /// Finds the columns of another table.
    #[inline(never)]
    fn open(&mut self, entity: Entity, place: Place) -> Result<(), AccessError> {
        let Some(table) = self.tables.get(place.table as usize) else {
            return Err(self.entities.absent(entity).into());
        };
        if !table.can_have(Q::ACCESS.required) {
            return Err(self.lacking(entity, place));
        }
        // SAFETY: the table can have what is required.
        self.fetch = MaybeUninit::new(unsafe { Q::fetch(table, self.ticks) });
        self.table = place.table;
        Ok(())
    }

    #[cold]
    fn lacking(&self, entity: Entity, place: Place) -> AccessError {
        let has = self.tables[place.table as usize].row_mask(place.row as usize);
        missing::<S>(entity, Q::ACCESS.required & !has)
    }
}

/// Where an entity is that has what `Q` asks for and matches `F`.
pub(crate) fn find_row<'w, S: Schema, Q: QueryData<S>, F: Filter<S>>(
    tables: &'w [Table],
    rows: Rows<'w>,
    entity: Entity,
) -> Result<(&'w Table, usize), AccessError> {
    let place = rows.entities.find(entity)?;
    let (table, row) = (&tables[place.table as usize], place.row as usize);
    let has = table.row_mask(row);
    if Q::ACCESS.required & !has != 0 {
        return Err(missing::<S>(entity, Q::ACCESS.required & !has));
    }
    let rows = Rows { table, ..rows };
    let bit = |word: u64| word >> (row % WORD) & 1 == 1;
    if F::table(table) && (!F::ROWS || bit(F::rows(rows, row / WORD))) {
        return Ok((table, row));
    }
    Err(AccessError::Filtered(entity))
}

/// What `Q` asks of an entity that matches `F`.
///
/// # Safety
/// For `'i` nobody else uses the entity's components in conflict with the query, which
/// has no fault, nor has the filter. `rows` is of the world of the tables.
#[inline]
pub(crate) unsafe fn find<'i, S: Schema, Q: QueryData<S>, F: Filter<S>>(
    tables: &'i [Table],
    rows: Rows<'i>,
    entity: Entity,
) -> Result<Q::Item<'i>, AccessError> {
    let (table, row) = find_row::<S, Q, F>(tables, rows, entity)?;
    // SAFETY: the row is in the table and has what is required.
    Ok(unsafe { Q::item(Q::fetch(table, rows.ticks), row) })
}

/// What the query asks of a row, if it has the sparse components among it.
///
/// # Safety
/// As [`QueryData::item`], but for the row's bit.
#[inline(always)]
unsafe fn item_at<'i, S: Schema, Q: QueryData<S>>(
    fetch: Q::Fetch,
    row: usize,
) -> Option<Q::Item<'i>> {
    // SAFETY: the caller promises the rest.
    unsafe { has_bit::<S, Q>(fetch, row).then(|| Q::item(fetch, row)) }
}

impl<S: Schema, Q: QueryData<S>> fmt::Debug for Lookup<'_, S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}
