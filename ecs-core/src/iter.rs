//! Runs a query over all tables that match.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use crate::entities::Entities;
use crate::entity::Entity;
use crate::outbox::{Outbox, Request};
use crate::query::{Filter, Query};
use crate::schema::{Mask, Schema};
use crate::table::Table;

/// The entities that a query matches, table by table.
///
/// [`for_each`](Iterator::for_each) and `fold` run as one plain loop over each
/// table; [`slices`](Self::slices) gives whole columns.
pub struct QueryIter<'w, S: Schema, Q: Query<S>, F: Filter<S> = ()> {
    tables: slice::Iter<'w, Table>,
    marks: Marks<'w>,
    table: Option<Rows<'w, S, Q>>,
    filter: PhantomData<F>,
}

/// The rest of one table.
struct Rows<'w, S: Schema, Q: Query<S>> {
    fetch: Q::Fetch,
    entities: &'w [Entity],
    mask: Mask,
    row: usize,
}

/// Tells which entities have a marker.
#[derive(Clone, Copy)]
struct Marks<'w> {
    entities: &'w Entities,
    outbox: &'w Outbox,
}

impl Marks<'_> {
    fn has(&self, entity: Entity) -> bool {
        let place = self.entities.find(entity).map(|slot| slot.outbox);
        let parcel = place.ok().and_then(|place| self.outbox.get(place));
        parcel.is_some_and(|parcel| matches!(parcel.request, Request::Marked(_)))
    }
}

impl<'w, S: Schema, Q: Query<S>, F: Filter<S>> QueryIter<'w, S, Q, F> {
    /// # Safety
    /// For `'w` nobody else uses the tables' components in conflict with the
    /// query, which does not conflict with itself.
    #[inline(always)]
    pub(crate) unsafe fn new(
        tables: &'w [Table],
        entities: &'w Entities,
        outbox: &'w Outbox,
    ) -> Self {
        let marks = Marks { entities, outbox };
        Self { tables: tables.iter(), marks, table: None, filter: PhantomData }
    }

    #[inline(always)]
    fn matches(table: &Table) -> bool {
        let required = Q::ACCESS.required;
        table.mask() & required == required && F::table(table.mask()) && !table.is_empty()
    }

    #[inline(always)]
    fn open(table: &'w Table) -> Rows<'w, S, Q> {
        // SAFETY: the table matches, so it has what is required.
        let fetch = unsafe { Q::fetch(table) };
        Rows { fetch, entities: table.entities(), mask: table.mask(), row: 0 }
    }

    #[inline(always)]
    fn next_table(&mut self) -> Option<Rows<'w, S, Q>> {
        let table = self.tables.find(|table| Self::matches(table))?;
        Some(Self::open(table))
    }

    /// The columns of each table: `&[C]` for `&C`, `&mut [C]` for `&mut C`,
    /// `&[Entity]` for `Entity`. A table of which `next` has given rows is left
    /// out: they may still be borrowed.
    #[inline]
    pub fn slices(self) -> SliceIter<'w, S, Q, F> {
        const { assert!(!F::ROWS, "a filter by `TransferMarker` looks at rows: no slices") };
        SliceIter { tables: self.tables, query: PhantomData, filter: PhantomData }
    }
}

impl<'w, S: Schema, Q: Query<S>, F: Filter<S>> Iterator for QueryIter<'w, S, Q, F> {
    type Item = Q::Item<'w>;

    #[inline]
    fn next(&mut self) -> Option<Q::Item<'w>> {
        loop {
            if let Some(rows) = &mut self.table {
                while rows.row < rows.entities.len() {
                    let row = rows.row;
                    rows.row += 1;
                    if F::ROWS && !F::row(rows.mask, self.marks.has(rows.entities[row])) {
                        continue;
                    }
                    // SAFETY: the row is in the table, and given once only.
                    return Some(unsafe { Q::item(rows.fetch, row) });
                }
            }
            self.table = Some(self.next_table()?);
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let begun = self.table.as_ref().map_or(0, |rows| rows.entities.len() - rows.row);
        let tables = self.tables.clone().filter(|table| Self::matches(table));
        let rows = begun + tables.map(Table::len).sum::<usize>();
        (if F::ROWS { 0 } else { rows }, Some(rows))
    }

    #[inline]
    fn fold<B, G: FnMut(B, Q::Item<'w>) -> B>(mut self, init: B, mut f: G) -> B {
        let mut result = init;
        let mut begun = self.table.take();
        while let Some(rows) = begun.take().or_else(|| self.next_table()) {
            for row in rows.row..rows.entities.len() {
                if F::ROWS && !F::row(rows.mask, self.marks.has(rows.entities[row])) {
                    continue;
                }
                // SAFETY: the row is in the table, and given once only.
                result = f(result, unsafe { Q::item(rows.fetch, row) });
            }
        }
        result
    }
}

impl<S: Schema, Q: Query<S>, F: Filter<S>> fmt::Debug for QueryIter<'_, S, Q, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryIter").field("left", &self.size_hint().1).finish_non_exhaustive()
    }
}

/// The columns of each table that a query matches.
pub struct SliceIter<'w, S: Schema, Q: Query<S>, F: Filter<S>> {
    tables: slice::Iter<'w, Table>,
    /// Not to be taken for another query, which might conflict with itself: a
    /// component such as `for<'a> fn(&'a u8)` is a subtype of another.
    query: PhantomData<fn(Q) -> Q>,
    filter: PhantomData<(S, F)>,
}

impl<'w, S: Schema, Q: Query<S>, F: Filter<S>> Iterator for SliceIter<'w, S, Q, F> {
    type Item = Q::Slices<'w>;

    #[inline]
    fn next(&mut self) -> Option<Q::Slices<'w>> {
        let table = self.tables.find(|table| QueryIter::<S, Q, F>::matches(table))?;
        // SAFETY: the table matches, its rows are given once only, and the
        // iterator that this one was made from keeps others away.
        Some(unsafe { Q::slices(Q::fetch(table), table.len()) })
    }
}

impl<S: Schema, Q: Query<S>, F: Filter<S>> fmt::Debug for SliceIter<'_, S, Q, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SliceIter").finish_non_exhaustive()
    }
}
