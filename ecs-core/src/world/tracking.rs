//! Ticks pass, and what was removed is remembered.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::World;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::removed::{Removed, RemovedReader};
use crate::schema::{ComponentOf, Mask, Schema};
use crate::table::Table;
use crate::text::Text;
use crate::tick::{Clock, Outer, Tick, Ticks};

impl<W: WorldConfig> World<W> {
    /// The present tick.
    #[inline]
    pub fn tick(&self) -> Tick {
        self.clock.now()
    }

    /// Ends the present tick and answers it: what changes from now on has changed since.
    ///
    /// The run of a system, and [`since`](Self::since), do this by themselves.
    pub fn advance(&mut self) -> Tick {
        let ended = self.clock.now();
        if self.clock.advance() {
            let ticks = self.clock.ticks();
            self.tables.iter_mut().for_each(|table| Table::clamp_stamps(table, ticks));
        }
        ended
    }

    /// The world as it is for one who last looked at `seen`: [`Added`](crate::track::Added)
    /// and [`Changed`](crate::track::Changed) match what was changed after that, and
    /// before now. `seen` becomes now, so that each change is seen once, and what is
    /// changed through what this answers never.
    ///
    /// This is what a system does with each run. Elsewhere, these filters match all that
    /// was ever added and changed.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] #[component(track)] struct Health(i32);
    /// # #[world_config(components(Health))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let mut seen = world.advance();
    /// world.spawn(Health(3))?;
    /// for health in world.since(&mut seen).query_filtered::<&mut Health, Changed<Health>>() {
    ///     health.0 += 1;
    /// }
    /// assert_eq!(world.since(&mut seen).view_filtered::<&Health, Changed<Health>>().count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn since(&mut self, seen: &mut Tick) -> Since<'_, W> {
        self.advance();
        let outer = self.look_since(*seen);
        *seen = self.tick();
        Since { world: self, outer }
    }

    /// The entities that lost their `C` since `reader` last read.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// use static_ecs::track::RemovedReader;
    ///
    /// # #[derive(Component)] #[component(track)] struct Seated;
    /// # #[world_config(components(Seated))] struct Base;
    /// # let mut world = World::<Base>::new();
    /// let mut reader = RemovedReader::<Seated>::default();
    /// let guests = world.spawn_batch([Seated, Seated])?.to_vec();
    /// world.remove::<Seated>(guests[1])?;
    /// world.despawn(guests[0])?;
    /// assert!(world.removed(&mut reader).read().eq([guests[1], guests[0]]));
    /// assert!(world.removed(&mut reader).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn removed<'w, 's, C: ComponentOf<W::Schema>>(
        &'w self,
        reader: &'s mut RemovedReader<C>,
    ) -> Removed<'w, 's, C> {
        const { assert_tracked::<W::Schema, C>() };
        self.removals(reader)
    }

    /// As [`removed`](Self::removed), of a component that is tracked.
    pub(crate) fn removals<'w, 's, C: ComponentOf<W::Schema>>(
        &'w self,
        reader: &'s mut RemovedReader<C>,
    ) -> Removed<'w, 's, C> {
        Removed::new(self.removed.of(C::INDEX), reader)
    }

    /// Bounds how many removals of each component are remembered; a reader that comes too
    /// late for one counts it as [`lost`](Removed::lost).
    /// [`DEFAULT_REMOVED`](crate::track::DEFAULT_REMOVED) if nothing is said; at least one.
    pub fn set_removed_limit(&mut self, entities: usize) {
        self.removed.set_limit(entities);
    }

    /// As if this many ticks had passed.
    #[doc(hidden)]
    pub fn skip_ticks(&mut self, ticks: u64) {
        let (mut now, end) = (self.clock.now().0, self.clock.now().0 + ticks);
        // Not one by one: only where stamps are looked at.
        while now < end {
            now = end.min(now.next_multiple_of(1 << 29).max(now + 1));
            self.clock = Clock::at(now - 1);
            self.advance();
        }
    }

    /// What is stamped, and what is news, at present.
    #[inline(always)]
    pub(crate) fn ticks(&self) -> Ticks {
        if const { W::Schema::TRACKED == 0 } { Ticks::default() } else { self.clock.ticks() }
    }

    /// What was changed after `seen` and before the present tick is news from now on, until
    /// [`look_back`](Self::look_back).
    pub(crate) fn look_since(&mut self, seen: Tick) -> Outer {
        self.clock.look_since(seen)
    }

    pub(crate) fn look_back(&mut self, outer: Outer) {
        self.clock.go_back(outer);
    }

    /// What is news to one who last looked at `seen`, and what is stamped, in a tick that
    /// is theirs.
    #[inline]
    pub(crate) fn ticks_since(&self, seen: Tick) -> Ticks {
        if const { W::Schema::TRACKED == 0 } {
            Ticks::default()
        } else {
            self.clock.ticks_since(seen)
        }
    }

    /// The components of `mask` were added to rows of a table, from `first` on.
    #[inline(always)]
    pub(super) fn stamp_added(&mut self, table: u32, mask: Mask, first: usize, count: usize) {
        if const { W::Schema::TRACKED != 0 } && mask & W::Schema::TRACKED != 0 {
            let ticks = self.clock.ticks();
            let mask = mask & W::Schema::TRACKED;
            self.tables.get_mut(table).stamp_added(mask, first, count, ticks);
        }
    }

    /// As [`stamp_added`](Self::stamp_added), of rows that came from another world.
    #[inline(always)]
    pub(super) fn stamp_arrived(&mut self, table: u32, mask: Mask, first: usize, count: usize) {
        if const { W::Schema::TRACKED != 0 } && mask & W::Schema::TRACKED != 0 {
            let ticks = self.clock.ticks();
            let mask = mask & W::Schema::TRACKED;
            self.tables.get_mut(table).stamp_arrived(mask, first, count, ticks);
        }
    }

    /// As [`stamp_arrived`](Self::stamp_arrived), of all rows.
    #[cfg(any(feature = "serde", feature = "snapshot"))]
    pub(super) fn stamp_all_arrived(&mut self) {
        if const { W::Schema::TRACKED != 0 } {
            let ticks = self.clock.ticks();
            for table in self.tables.iter_mut() {
                let (mask, count) = (table.possible() & W::Schema::TRACKED, table.len());
                table.stamp_arrived(mask, 0, count, ticks);
            }
        }
    }

    /// An entity lost the components of `mask`, which did not go on to another world.
    #[inline(always)]
    pub(super) fn log_removed(&mut self, entity: Entity, mask: Mask) {
        if const { W::Schema::TRACKED != 0 } && mask & W::Schema::TRACKED != 0 {
            let mask = mask & W::Schema::TRACKED;
            self.removed.add(entity, mask, W::Schema::COMPONENTS.len());
        }
    }

    /// As [`log_removed`](Self::log_removed), for all rows of a table, each of which loses
    /// those of the mask that it has.
    #[inline(always)]
    pub(super) fn log_removed_rows(&mut self, table: u32, mask: Mask) {
        if const { W::Schema::TRACKED != 0 } && mask & W::Schema::TRACKED != 0 {
            let (tables, removed) = (&self.tables, &mut self.removed);
            let table = tables.get(table);
            if table.possible() & mask & W::Schema::TRACKED != 0 {
                for (row, &entity) in table.entities().iter().enumerate() {
                    let mask = table.row_mask(row) & mask & W::Schema::TRACKED;
                    removed.add(entity, mask, W::Schema::COMPONENTS.len());
                }
            }
        }
    }
}

/// The world for one who looks for what has changed: [`World::since`].
pub struct Since<'w, W: WorldConfig> {
    world: &'w mut World<W>,
    outer: Outer,
}

impl<W: WorldConfig> Deref for Since<'_, W> {
    type Target = World<W>;

    fn deref(&self) -> &World<W> {
        self.world
    }
}

impl<W: WorldConfig> DerefMut for Since<'_, W> {
    fn deref_mut(&mut self) -> &mut World<W> {
        self.world
    }
}

impl<W: WorldConfig> Drop for Since<'_, W> {
    fn drop(&mut self) {
        self.world.advance();
        self.world.look_back(self.outer);
    }
}

impl<W: WorldConfig> fmt::Debug for Since<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Since").field(&*self.world).finish()
    }
}

/// Fails to compile where removals are not remembered.
const fn assert_tracked<S: Schema, C: ComponentOf<S>>() {
    if S::TRACKED & C::BIT == 0 {
        let text = Text::new()
            .str("removals of component `")
            .str(S::COMPONENTS[C::INDEX].name)
            .str("` are not tracked: write `#[component(track)]` on it");
        panic!("{}", text.as_str())
    }
}
