//! Both sides of each relation are kept.
//!
//! In each world, at all times: the list of a target holds exactly those sources that
//! are here, each once, in the order in which they were related to it or came. The list
//! of a target that is not here waits in [`Waiting`] until it comes. The links
//! themselves are values of the sources and go with them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::World;
use super::observe::Operation;
use crate::config::WorldConfig;
use crate::entities::Place;
use crate::entity::Entity;
use crate::kept::kept;
use crate::memory::bits;
use crate::relation::{List, cascades, relation};
use crate::schema::{Mask, Schema};

/// The sources of targets that are not here, by target and index of the relation.
pub(super) type Waiting = BTreeMap<(Entity, usize), List>;

kept! {
    /// As a part of a world.
    pub(super) struct KeptWaiting(Waiting);
}

impl<W: WorldConfig> World<W> {
    /// The target to which a row is related, by the relation with this index.
    #[inline]
    pub(super) fn target_at(&self, place: Place, index: usize) -> Option<Entity> {
        let table = self.tables.get(place.table);
        let row = place.row as usize;
        if table.possible() >> index & 1 == 0 || !table.has_bit(index, row) {
            return None;
        }
        // SAFETY: the bit says that the row has a value of the relation.
        Some(unsafe { (relation::<W::Schema>(index).target)(table.cell(index, row)) })
    }

    /// As [`target_at`](Self::target_at), of an entity that may be elsewhere.
    pub(super) fn target(&self, entity: Entity, index: usize) -> Option<Entity> {
        self.target_at(self.entities.find(entity).ok()?, index)
    }

    /// Where the list of a row's sources is, if there is one.
    #[inline]
    fn list_cell(&self, place: Place, index: usize) -> Option<*mut List> {
        let info = relation::<W::Schema>(index);
        let table = self.tables.get(place.table);
        let row = place.row as usize;
        if table.possible() >> info.sources & 1 == 0 || !table.has_bit(info.sources, row) {
            return None;
        }
        // SAFETY: the bit says that the row has a list.
        Some(unsafe { (info.list)(table.cell(info.sources, row)) })
    }

    /// The sources of a row, by the relation with this index.
    #[inline]
    pub(super) fn list_at(&self, place: Place, index: usize) -> Option<&List> {
        // SAFETY: the list is there, and `&self` keeps writers away.
        self.list_cell(place, index).map(|list| unsafe { &*list })
    }

    /// As [`list_at`](Self::list_at), to change.
    fn list_at_mut(&mut self, place: Place, index: usize) -> Option<&mut List> {
        // SAFETY: the list is there, and `&mut self` is exclusive.
        self.list_cell(place, index).map(|list| unsafe { &mut *list })
    }

    /// As [`list_at_mut`](Self::list_at_mut), where there may be none yet.
    pub(super) fn list_made(&mut self, place: Place, index: usize) -> &mut List {
        let info = relation::<W::Schema>(index);
        let (bit, row) = (1 << info.sources, place.row as usize);
        let table = self.tables.get_mut(place.table);
        table.hold(bit);
        // SAFETY: the table holds the list, which is made where there is none.
        unsafe {
            let cell = table.cell(info.sources, row);
            if !table.has_bit(info.sources, row) {
                (info.empty)(cell);
                table.mark(bit, row, 1, true);
            }
            &mut *(info.list)(cell)
        }
    }

    /// Relates a row to a target, as if it were not related yet. No list is told.
    pub(super) fn set_target(&mut self, place: Place, index: usize, target: Entity) {
        let table = self.tables.get_mut(place.table);
        let row = place.row as usize;
        table.hold(1 << index);
        if W::Schema::TRACKED >> index & 1 == 1 {
            let old = Mask::from(table.has_bit(index, row)) << index;
            table.stamp_written(1 << index, old, row, self.clock.ticks());
        }
        // SAFETY: the table holds the relation, whose values need no drop.
        unsafe {
            (relation::<W::Schema>(index).write)(table.cell(index, row), target);
            table.mark(1 << index, row, 1, true);
        }
    }

    /// Takes the relation of a row away. No list is told.
    pub(super) fn clear_target(&mut self, place: Place, index: usize) {
        let table = self.tables.get_mut(place.table);
        if table.possible() >> index & 1 == 1 && table.has_bit(index, place.row as usize) {
            let entity = table.entities()[place.row as usize];
            // SAFETY: the table holds the relation, whose values need no drop.
            unsafe { table.mark(1 << index, place.row as usize, 1, false) };
            self.log_removed(entity, 1 << index);
        }
    }

    /// Where the list of a target's sources is, wherever the target is.
    pub(super) fn list_of(&mut self, target: Entity, index: usize) -> &mut List {
        match self.entities.find(target) {
            Ok(place) => self.list_made(place, index),
            Err(_) => self.waiting.entry((target, index)).or_default(),
        }
    }

    /// Adds a source to the end of its target's list.
    pub(super) fn list_source(&mut self, source: Entity, index: usize, target: Entity) {
        self.list_of(target, index).push(source);
    }

    /// Takes a source out of its target's list.
    pub(super) fn unlist_source(&mut self, source: Entity, index: usize, target: Entity) {
        let list = match self.entities.find(target) {
            Ok(place) => self.list_at_mut(place, index),
            Err(_) => self.waiting.get_mut(&(target, index)),
        };
        let Some(list) = list else { return };
        if let Some(at) = list.iter().position(|&listed| listed == source) {
            list.remove(at);
        }
        if list.is_empty() {
            self.waiting.remove(&(target, index));
        }
    }

    /// Whether a row may take part in a relation.
    #[inline(always)]
    fn is_linked(&self, place: Place) -> bool {
        (const { W::Schema::LINKED != 0 })
            && self.tables.get(place.table).possible() & W::Schema::LINKED != 0
    }

    /// Takes entities that are about to end out of all relations: their sources are
    /// related no more, and no target lists them. Sources that end with them are for
    /// [`end_sources`](Self::end_sources). Of those in the table `told`, observers know
    /// already that they lose their relations. For schemas with relations only: who calls
    /// asks in a `const` block.
    pub(super) fn unlink(&mut self, entities: &[Entity], told: Option<u32>) {
        // First, since an observer may panic.
        self.tell_unlinked(entities, told);
        let mut targets = Vec::new();
        for &entity in entities {
            let Ok(place) = self.entities.find(entity) else { continue };
            if !self.is_linked(place) {
                continue;
            }
            for index in bits(W::Schema::RELATIONS) {
                let list = self.list_at_mut(place, index).map(core::mem::take);
                let list = list.unwrap_or_default();
                for &source in &list {
                    let Ok(place) = self.entities.find(source) else { continue };
                    self.clear_target(place, index);
                }
                if relation::<W::Schema>(index).cascade {
                    // The first is to be the first that ends.
                    self.ending.extend(list.iter().rev());
                }
                if let Some(target) = self.target_at(place, index) {
                    self.clear_target(place, index);
                    targets.push((target, index, entity));
                }
            }
        }
        if let [(target, index, entity)] = targets[..] {
            self.unlist_source(entity, index, target);
            return;
        }
        // Each list once, however many of its sources end.
        targets.sort_unstable();
        for same in targets.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let (target, index, _) = same[0];
            let mut list = core::mem::take(self.list_of(target, index));
            list.retain(|&source| self.target(source, index) == Some(target));
            if list.is_empty() {
                self.waiting.remove(&(target, index));
            } else {
                *self.list_of(target, index) = list;
            }
        }
    }

    /// Tells observers who lose their relations with these entities, but for those in the
    /// table `told`.
    fn tell_unlinked(&mut self, entities: &[Entity], told: Option<u32>) {
        if const { W::Schema::RELATIONS & W::Schema::OBSERVED == 0 } || self.observers.is_none() {
            return;
        }
        for &entity in entities {
            let Ok(place) = self.entities.find(entity) else { continue };
            for index in bits(W::Schema::RELATIONS & W::Schema::OBSERVED) {
                let mut at = 0;
                // Observers change no list.
                while let Some(&source) = self.list_at(place, index).and_then(|list| list.get(at)) {
                    at += 1;
                    if let Ok(place) = self.entities.find(source)
                        && told != Some(place.table)
                    {
                        self.before_remove(source, 1 << index);
                    }
                }
            }
        }
    }

    /// Ends the sources that end with their targets, and what ends with them.
    #[inline(always)]
    pub(super) fn end_sources(&mut self) {
        if const { cascades::<W::Schema>() } && !self.ending.is_empty() {
            let mut world = Operation::begin(self);
            while let Some(source) = world.ending.pop() {
                // One that has ended by itself is not here.
                let _ = world.end(source);
            }
        }
    }

    /// An entity is about to leave: its targets list it no more, and its own sources
    /// wait for it.
    pub(super) fn unlink_departing(&mut self, entity: Entity, place: Place) {
        if const { W::Schema::LINKED == 0 } || !self.is_linked(place) {
            return;
        }
        for index in bits(W::Schema::RELATIONS) {
            if let Some(target) = self.target_at(place, index) {
                self.unlist_source(entity, index, target);
            }
            if let Some(list) = self.list_at_mut(place, index)
                && !list.is_empty()
            {
                let list = core::mem::take(list);
                self.waiting.insert((entity, index), list);
            }
        }
    }

    /// Makes the lists of all targets anew, where the entities of a world were loaded: the
    /// sources in the order that was loaded, those that were not listed after them in the
    /// order of the rows.
    #[cfg(any(feature = "serde", feature = "snapshot"))]
    pub(super) fn relink(&mut self) {
        if const { W::Schema::LINKED == 0 } {
            return;
        }
        let mut loaded = Vec::new();
        for table in 0..self.tables.all().len() as u32 {
            let rows = 0..self.tables.get(table).len();
            self.each_of(table, rows, |world, target, place, index| {
                let list = world.list_at_mut(place, index).map(core::mem::take);
                loaded.extend(list.map(|list| (target, index, list)));
            });
        }
        for table in 0..self.tables.all().len() as u32 {
            self.each_of(table, 0..self.tables.get(table).len(), Self::list_arrived);
        }
        for (target, index, list) in loaded {
            let order: BTreeMap<Entity, usize> = list.into_iter().zip(0..).collect();
            let place = |source: &Entity| order.get(source).copied().unwrap_or(usize::MAX);
            self.list_of(target, index).sort_by_key(place);
        }
    }

    /// Entities are about to leave together: they are as if alone, but for the relations
    /// among them.
    pub(super) fn unlink_unit(&mut self, members: &[Entity]) {
        let mut sorted = members.to_vec();
        sorted.sort_unstable();
        let is_member = |entity: &Entity| sorted.binary_search(entity).is_ok();
        for &member in members {
            let Ok(place) = self.entities.find(member) else { continue };
            for index in bits(W::Schema::RELATIONS) {
                if let Some(target) = self.target_at(place, index).filter(|at| !is_member(at)) {
                    self.unlist_source(member, index, target);
                }
                let Some(list) = self.list_at_mut(place, index) else { continue };
                if !list.iter().all(is_member) {
                    let left = list.extract_if(.., |source| !is_member(source)).collect();
                    self.waiting.insert((member, index), left);
                }
            }
        }
    }

    /// Entities have come together: as [`link_arrived`](Self::link_arrived), but for the
    /// relations among them, which are as they were.
    pub(super) fn link_unit(&mut self, members: &[Entity]) {
        let mut sorted = members.to_vec();
        sorted.sort_unstable();
        let is_member = |entity: &Entity| sorted.binary_search(entity).is_ok();
        for &member in members {
            let Ok(place) = self.entities.find(member) else { continue };
            for index in bits(W::Schema::RELATIONS) {
                if let Some(list) = self.list_at_mut(place, index) {
                    let mut list = core::mem::take(list);
                    let related = |source| self.target(source, index) == Some(member);
                    list.retain(|&source| is_member(&source) && related(source));
                    *self.list_made(place, index) = list;
                }
                if let Some(list) = self.waiting.remove(&(member, index)) {
                    self.list_made(place, index).extend(list);
                }
            }
        }
        for &member in members {
            let Ok(place) = self.entities.find(member) else { continue };
            for index in bits(W::Schema::RELATIONS) {
                if self.target_at(place, index).is_some_and(|target| !is_member(&target)) {
                    self.list_arrived(member, place, index);
                }
            }
        }
    }

    /// Whether an entity that has come with these components may take part in a relation.
    #[inline(always)]
    pub(super) fn may_link(&self, mask: Mask) -> bool {
        (const { W::Schema::LINKED != 0 })
            && (mask & W::Schema::LINKED != 0 || !self.waiting.is_empty())
    }

    /// Entities have come, to these rows of a table: they get the lists of the sources that
    /// wait for them, and their targets list them. A relation that would close a circle in
    /// the hierarchy is taken away.
    pub(super) fn link_arrived(&mut self, table: u32, rows: Range<usize>) {
        if const { W::Schema::LINKED == 0 } {
            return;
        }
        // All lists first: what one of them is a source of may be another one.
        self.each_of(table, rows.clone(), |world, entity, place, index| {
            // What comes in a list is not to be trusted.
            if let Some(list) = world.list_at_mut(place, index) {
                list.clear();
            }
            if let Some(list) = world.waiting.remove(&(entity, index)) {
                *world.list_made(place, index) = list;
            }
        });
        self.each_of(table, rows, Self::list_arrived);
    }

    /// Calls `visit` with each row, and with each relation.
    fn each_of(
        &mut self,
        table: u32,
        rows: Range<usize>,
        mut visit: impl FnMut(&mut Self, Entity, Place, usize),
    ) {
        for row in rows {
            let entity = self.tables.get(table).entities()[row];
            for index in bits(W::Schema::RELATIONS) {
                visit(self, entity, Place { table, row: row as u32 }, index);
            }
        }
    }

    /// The target of an entity that has come lists it.
    fn list_arrived(&mut self, entity: Entity, place: Place, index: usize) {
        let Some(target) = self.target_at(place, index) else { return };
        let closes = relation::<W::Schema>(index).tree && self.is_above(entity, target, index);
        if target == entity || closes {
            self.clear_target(place, index);
        } else {
            self.list_source(entity, index, target);
        }
    }

    /// Whether the way up from `entity` leads to `above`, or starts there.
    pub(super) fn is_above(&self, above: Entity, entity: Entity, index: usize) -> bool {
        // Who is nobody's target is above no one else.
        let leaf = self
            .entities
            .find(above)
            .is_ok_and(|place| self.list_at(place, index).is_none_or(Vec::is_empty));
        if leaf {
            return above == entity;
        }
        let mut at = Some(entity);
        // Of those who have just come and are not listed yet, the way may lead around a
        // circle, which is not longer than all who are here.
        for _ in 0..=self.len() {
            match at {
                Some(entity) if entity == above => return true,
                Some(entity) => at = self.target(entity, index),
                None => return false,
            }
        }
        true
    }
}
