//! When each component was added and changed, in a plain map, by the number of the step.

use std::collections::{BTreeMap, BTreeSet};

use ecs_core::entity::Entity;

/// The components that are tracked: `T` in tables, `P` beside them, `G` without bytes.
pub const KINDS: usize = 3;
/// The bits of a set of components; the rest is `Plain`.
pub const PLAIN: u8 = 1 << KINDS;

#[derive(Clone, Copy, Debug, Default)]
pub struct History {
    /// 0 for one that came from elsewhere.
    pub added: u32,
    pub changed: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Record {
    pub plain: bool,
    pub tracked: [Option<History>; KINDS],
}

impl Record {
    pub fn mask(&self) -> u8 {
        let bit = |kind: usize| u8::from(self.tracked[kind].is_some()) << kind;
        (0..KINDS).map(bit).sum::<u8>() | if self.plain { PLAIN } else { 0 }
    }

    /// Components come, or are replaced.
    pub fn insert(&mut self, mask: u8, step: u32) {
        self.plain |= mask & PLAIN != 0;
        for kind in (0..KINDS).filter(|kind| mask >> kind & 1 == 1) {
            let history = self.tracked[kind].get_or_insert(History { added: step, changed: 0 });
            history.changed = step;
        }
    }

    /// All that it has came from another world.
    pub fn arrive(&mut self, step: u32) {
        for history in self.tracked.iter_mut().flatten() {
            *history = History { added: 0, changed: step };
        }
    }
}

#[derive(Debug, Default)]
pub struct Model {
    pub entities: BTreeMap<Entity, Record>,
    /// Who lost which component at which step.
    pub removed: [Vec<(u32, Entity)>; KINDS],
}

impl Model {
    pub fn insert(&mut self, entity: Entity, mask: u8, step: u32) {
        self.entities.entry(entity).or_default().insert(mask, step);
    }

    /// Takes components away, if the entity has them all.
    pub fn remove(&mut self, entity: Entity, mask: u8, step: u32) -> bool {
        let Some(record) = self.entities.get_mut(&entity) else { return false };
        if record.mask() & mask != mask {
            return false;
        }
        record.plain &= mask & PLAIN == 0;
        for kind in (0..KINDS).filter(|kind| mask >> kind & 1 == 1) {
            record.tracked[kind] = None;
            self.removed[kind].push((step, entity));
        }
        true
    }

    pub fn despawn(&mut self, entity: Entity, step: u32) {
        let Some(record) = self.entities.remove(&entity) else { return };
        for kind in (0..KINDS).filter(|&kind| record.tracked[kind].is_some()) {
            self.removed[kind].push((step, entity));
        }
    }

    /// A value was given to be changed.
    pub fn touch(&mut self, entity: Entity, kind: usize, step: u32) {
        let record = self.entities.get_mut(&entity).expect("it is here");
        record.tracked[kind].as_mut().expect("it has it").changed = step;
    }

    /// The entities whose record is so.
    pub fn those(&self, is: impl Fn(&Record) -> bool) -> BTreeSet<Entity> {
        self.entities.iter().filter(|(_, record)| is(record)).map(|(&entity, _)| entity).collect()
    }

    pub fn removed_since(&self, kind: usize, step: u32) -> BTreeSet<Entity> {
        let since = self.removed[kind].iter().filter(|removed| removed.0 > step);
        since.map(|removed| removed.1).collect()
    }
}
