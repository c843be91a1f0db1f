//! All tables of a world, found by their set of components.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::entities::MAX_TABLES;
use crate::error::Refusal;
use crate::kept::Infos;
use crate::schema::{ComponentInfo, Mask};
use crate::table::Table;

/// The table that a row goes to is not known yet.
const UNKNOWN: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Tables {
    infos: Infos,
    tables: Vec<Table>,
    /// For each table and component: the table that has this component more, or less.
    edges: Vec<u32>,
    /// Open addressing: table numbers by the hash of their masks.
    buckets: Box<[u32]>,
    /// The last table asked for by mask.
    recent: (Mask, u32),
}

impl Tables {
    /// With the table of entities without components, which is always number 0.
    pub(crate) fn new(infos: &'static [ComponentInfo]) -> Self {
        let mut tables = Self {
            infos: Infos::new(infos),
            tables: Vec::new(),
            edges: Vec::new(),
            buckets: vec![UNKNOWN; 16].into_boxed_slice(),
            recent: (0, 0),
        };
        tables.create(0).expect("the first table");
        tables
    }

    /// As many tables with clones of all rows.
    ///
    /// # Safety
    /// Each component is `Clone`.
    #[inline]
    pub(crate) unsafe fn duplicate(&self) -> Self {
        Self {
            infos: self.infos,
            // SAFETY: the caller promises the same.
            tables: self.tables.iter().map(|table| unsafe { table.duplicate() }).collect(),
            edges: self.edges.clone(),
            buckets: self.buckets.clone(),
            recent: self.recent,
        }
    }

    #[inline(always)]
    pub(crate) fn all(&self) -> &[Table] {
        &self.tables
    }

    /// The table of entities without components.
    #[inline(always)]
    pub(crate) fn first(&self) -> &Table {
        debug_assert!(!self.tables.is_empty());
        // SAFETY: `new` makes it, and no table is ever taken out.
        unsafe { self.tables.get_unchecked(0) }
    }

    /// The table with this number.
    ///
    /// # Panics
    /// If there is none.
    #[inline(always)]
    pub(crate) fn get(&self, table: u32) -> &Table {
        &self.tables[table as usize]
    }

    /// As [`get`](Self::get), to change.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, table: u32) -> &mut Table {
        &mut self.tables[table as usize]
    }

    /// Two different tables.
    ///
    /// # Panics
    /// If they are one, or there is none.
    #[inline(always)]
    pub(crate) fn pair_mut(&mut self, from: u32, to: u32) -> (&mut Table, &mut Table) {
        let [from, to] = self
            .tables
            .get_disjoint_mut([from as usize, to as usize])
            .expect("two different tables of this world");
        (from, to)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        self.tables.iter_mut()
    }

    /// The table of `mask`, which has no sparse component; made if there is none.
    ///
    /// # Errors
    /// If there are as many as a world can have.
    #[inline]
    pub(crate) fn of(&mut self, mask: Mask) -> Result<u32, Refusal> {
        if self.recent.0 == mask {
            return Ok(self.recent.1);
        }
        self.look_up(mask)
    }

    #[inline(never)]
    fn look_up(&mut self, mask: Mask) -> Result<u32, Refusal> {
        let table = match self.find(mask) {
            Some(table) => table,
            None => self.create(mask)?,
        };
        self.recent = (mask, table);
        Ok(table)
    }

    /// The table that differs from `from` by the components of `mask`, none of
    /// which is sparse.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    #[inline(always)]
    pub(crate) fn neighbour(&mut self, from: u32, mask: Mask) -> Result<u32, Refusal> {
        if mask.is_power_of_two() {
            let component = mask.trailing_zeros() as usize;
            let known = self.edges[from as usize * self.infos.len() + component];
            return if known == UNKNOWN { self.toggle(from, component) } else { Ok(known) };
        }
        self.of(self.get(from).mask() ^ mask)
    }

    #[cold]
    #[inline(never)]
    fn toggle(&mut self, from: u32, component: usize) -> Result<u32, Refusal> {
        let to = self.of(self.get(from).mask() ^ 1 << component)?;
        let components = self.infos.len();
        self.edges[from as usize * components + component] = to;
        self.edges[to as usize * components + component] = from;
        Ok(to)
    }

    fn find(&self, mask: Mask) -> Option<u32> {
        let mut bucket = hash(mask) & (self.buckets.len() - 1);
        loop {
            match self.buckets[bucket] {
                UNKNOWN => return None,
                table if self.get(table).mask() == mask => return Some(table),
                _ => bucket = (bucket + 1) & (self.buckets.len() - 1),
            }
        }
    }

    #[cold]
    fn create(&mut self, mask: Mask) -> Result<u32, Refusal> {
        let table = self.tables.len() as u32;
        if table == MAX_TABLES {
            return Err(Refusal::TooManyArchetypes { limit: MAX_TABLES });
        }
        if self.tables.len() * 2 >= self.buckets.len() {
            self.buckets = vec![UNKNOWN; self.buckets.len() * 2].into_boxed_slice();
            for other in 0..table {
                self.link(other);
            }
        }
        self.tables.push(Table::new(self.infos.all(), mask));
        self.edges.resize(self.edges.len() + self.infos.len(), UNKNOWN);
        self.link(table);
        Ok(table)
    }

    /// Has exactly these tables from now on, in this order: those that it had, or new
    /// ones. All are empty; the masks differ, the first is 0, and there are not too many.
    #[cfg(feature = "snapshot")]
    pub(crate) fn arrange(&mut self, masks: &[Mask]) {
        debug_assert!(self.tables.iter().all(Table::is_empty) && masks[0] == 0);
        if self.tables.iter().map(Table::mask).eq(masks.iter().copied()) {
            return;
        }
        let mut old = core::mem::replace(self, Self::new(self.infos.all()));
        for &mask in masks {
            let made = self.of(mask).expect("not too many tables");
            if let Some(number) = old.find(mask) {
                // What is left there is empty, and of the same mask.
                core::mem::swap(old.get_mut(number), self.get_mut(made));
            }
        }
    }

    fn link(&mut self, table: u32) {
        let mut bucket = hash(self.get(table).mask()) & (self.buckets.len() - 1);
        while self.buckets[bucket] != UNKNOWN {
            bucket = (bucket + 1) & (self.buckets.len() - 1);
        }
        self.buckets[bucket] = table;
    }
}

/// Multiplies by odd constants and keeps the well-mixed high half
/// (Knuth, The Art of Computer Programming 3, 6.4).
fn hash(mask: Mask) -> usize {
    let (low, high) = (mask as u64, (mask >> 64) as u64);
    let mixed = (low ^ high.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 32) as usize
}
