//! Runs a query over all tables that match.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use crate::query::{Filter, QueryData, Rows};
use crate::schema::Schema;
use crate::table::{Table, WORD};
use crate::tick::Ticks;

/// The entities that a query matches, table by table.
///
/// [`for_each`](Iterator::for_each) and `fold` run as one plain loop over each
/// table; [`slices`](Self::slices) gives whole columns, and
/// [`chunks`](Self::chunks) parts for several threads.
pub struct QueryIter<'w, S: Schema, Q: QueryData<S>, F: Filter<S> = ()> {
    tables: slice::Iter<'w, Table>,
    open: QueryChunk<'w, S, Q, F>,
}

impl<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> QueryIter<'w, S, Q, F> {
    /// `rows` is of any table.
    ///
    /// # Safety
    /// For `'w` nobody else uses the tables' components in conflict with the
    /// query; it and the filter have no fault.
    #[inline(always)]
    pub(crate) unsafe fn new(tables: &'w [Table], rows: Rows<'w>) -> Self {
        Self { tables: tables.iter(), open: QueryChunk::empty(rows) }
    }

    /// Whether the table has rows that can match.
    #[inline(always)]
    fn matches(table: &Table) -> bool {
        let required = Q::ACCESS.required;
        let possible = if S::SPARSE == 0 { table.mask() } else { table.possible() };
        possible & required == required && F::table(table) && !table.is_empty()
    }

    #[inline(always)]
    fn next_table(&mut self) -> Option<QueryChunk<'w, S, Q, F>> {
        let table = self.tables.find(|table| Self::matches(table))?;
        // SAFETY: the table matches, and its rows are given once only; `new`'s
        // caller keeps others away.
        Some(unsafe { QueryChunk::new(Rows { table, ..self.open.rows }, 0, table.len()) })
    }

    /// Goes on to the next run of rows, which may be empty. `false` if there is none.
    #[inline]
    fn advance(&mut self) -> bool {
        if self.open.next_run() {
            return true;
        }
        match self.next_table() {
            Some(table) => {
                self.open = table;
                true
            }
            None => false,
        }
    }

    /// Whether no entity matches; gives no item.
    pub(crate) fn matches_none(mut self) -> bool {
        while self.open.first == self.open.end {
            if !self.advance() {
                return true;
            }
        }
        false
    }

    /// The columns of each table: `&[C]` for `&C`, `&mut [C]` for `&mut C`,
    /// `&[Entity]` for `Entity`. A table of which `next` has given rows is left
    /// out: they may still be borrowed.
    ///
    /// Columns start at a multiple of 64 bytes. With the feature `bytemuck`,
    /// [`lanes`](crate::lanes::Lanes) of plain components are slices of numbers.
    #[inline]
    pub fn slices(self) -> SliceIter<'w, S, Q, F> {
        const {
            assert!(
                !F::ROWS,
                "a filter by `TransferMarker`, a sparse component or a change matches single rows, so there are no slices: iterate over entities"
            );
            assert!(
                !Q::ACCESS.by_row,
                "`Ref` and `Mut` are of single rows, so they have no slices: ask for `&C` or `&mut C`"
            );
            assert!(
                (Q::ACCESS.read | Q::ACCESS.write) & S::SPARSE == 0,
                "a sparse component is not in every row of its column, so it has no slices: iterate over entities"
            );
        };
        SliceIter { tables: self.tables, ticks: self.open.rows.ticks, exact: PhantomData }
    }

    /// The entities in parts of up to `rows` rows of one table each, for several
    /// threads to work on. A table of which `next` has given rows is left out, as by
    /// [`slices`](Self::slices).
    ///
    /// # Panics
    /// If `rows` is zero.
    #[inline]
    pub fn chunks(self, rows: usize) -> ChunkIter<'w, S, Q, F> {
        let mut chunks = ChunkIter { query: self, rows, table: None, first: 0, given: 0 };
        // What was begun is left out.
        chunks.query.open = QueryChunk::empty(chunks.query.open.rows);
        chunks.set_rows(rows);
        chunks
    }
}

impl<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> Iterator for QueryIter<'w, S, Q, F> {
    type Item = Q::Item<'w>;

    #[inline(always)]
    fn next(&mut self) -> Option<Q::Item<'w>> {
        loop {
            let row = self.open.first;
            if row != self.open.end {
                self.open.first = row + 1;
                debug_assert!(row < self.open.last);
                // SAFETY: there was a run, so the columns were found; the row is one of it, and
                // given once only.
                return Some(unsafe { Q::item(self.open.columns.found, row) });
            }
            if !self.advance() {
                return None;
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let tables = self.tables.clone().filter(|table| Self::matches(table));
        let (least, most) = self.open.size_hint();
        let rows = tables.map(Table::len).sum::<usize>();
        let least = if QueryChunk::<S, Q, F>::BITS { 0 } else { least + rows };
        (least, most.map(|most| most + rows))
    }

    #[inline]
    fn fold<B, G: FnMut(B, Q::Item<'w>) -> B>(mut self, init: B, mut f: G) -> B {
        let empty = QueryChunk::empty(self.open.rows);
        let open = core::mem::replace(&mut self.open, empty);
        let mut result = open.fold(init, &mut f);
        while let Some(chunk) = self.next_table() {
            result = chunk.fold(result, &mut f);
        }
        result
    }
}

impl<S: Schema, Q: QueryData<S>, F: Filter<S>> fmt::Debug for QueryIter<'_, S, Q, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryIter").field("left", &self.size_hint().1).finish_non_exhaustive()
    }
}

/// Entities that a query matches, rows of one table.
///
/// Can be sent to another thread if the schema's components can, and be shared.
pub struct QueryChunk<'w, S: Schema, Q: QueryData<S>, F: Filter<S> = ()> {
    rows: Rows<'w>,
    columns: Columns<Q::Fetch>,
    /// A run of rows that match: `first..end` of them are left. Where all rows of a
    /// table match, there is one run.
    first: usize,
    end: usize,
    /// Where rows differ: the rows of this word that match, after those of the run.
    bits: u64,
    word: usize,
    /// The row after the chunk's last.
    last: usize,
    exact: Exact<S, Q, F>,
}

/// The columns of the table, which are found unless no row was ever there.
///
/// A union in place of `MaybeUninit`, whose functions are code of their own wherever a
/// query is compiled without optimizations.
union Columns<F: Copy> {
    none: (),
    found: F,
}

/// Keeps a query, or a filter, from being taken for another, which might conflict
/// with itself, or match single rows where the other doesn't: a component such as
/// `for<'a> fn(&'a u8)` is a subtype of another.
pub(crate) type Exact<S, Q, F> = PhantomData<(S, fn(Q) -> Q, fn(F) -> F)>;

// SAFETY: a chunk lets the components of its own rows be read or written, and
// reads the ids and the outbox, which nobody changes meanwhile.
unsafe impl<S, Q, F> Send for QueryChunk<'_, S, Q, F>
where
    S: Schema<Types: Send + Sync>,
    Q: QueryData<S>,
    F: Filter<S>,
{
}

impl<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> QueryChunk<'w, S, Q, F> {
    /// Whether some rows of a table match and others don't.
    const BITS: bool = F::ROWS || Q::ACCESS.required & S::SPARSE != 0;

    #[inline(always)]
    fn empty(rows: Rows<'w>) -> Self {
        Self {
            rows,
            columns: Columns { none: () },
            first: 0,
            end: 0,
            bits: 0,
            word: 0,
            last: 0,
            exact: PhantomData,
        }
    }

    /// # Safety
    /// The table matches the query; `first` is at most `last`, which is at most the
    /// table's length; as [`QueryIter::new`], for these rows.
    #[inline(always)]
    unsafe fn new(rows: Rows<'w>, first: usize, last: usize) -> Self {
        debug_assert!(first <= last && last <= rows.table.len());
        // SAFETY: the table matches, so it can have what is required.
        let columns = Columns { found: unsafe { Q::fetch(rows.table, rows.ticks) } };
        let word = first / WORD;
        let mut chunk = Self { columns, first, end: last, word, last, ..Self::empty(rows) };
        if Self::BITS {
            chunk.end = first;
            if first < last {
                // SAFETY: `first` is below the length.
                chunk.bits = unsafe { chunk.matching(word) } & !0 << (first % WORD);
            }
        }
        chunk
    }

    /// Which rows of a word match.
    ///
    /// # Safety
    /// `64 * word` is below `last`.
    #[inline(always)]
    unsafe fn matching(&self, word: usize) -> u64 {
        let left = self.last - word * WORD;
        let there = if left < WORD { !(!0 << left) } else { !0 };
        // SAFETY: there is a row in this word, so the columns were found.
        there & unsafe { Q::present(self.columns.found, word) } & F::rows(self.rows, word)
    }

    /// Goes on to the next run of rows that match. `false` if there is none.
    #[inline(always)]
    fn next_run(&mut self) -> bool {
        if !Self::BITS {
            return false;
        }
        while self.bits == 0 {
            let word = self.word + 1;
            if word * WORD >= self.last {
                return false;
            }
            self.word = word;
            // SAFETY: it is below `last`.
            self.bits = unsafe { self.matching(word) };
        }
        let skipped = self.bits.trailing_zeros();
        let count = (self.bits >> skipped).trailing_ones();
        self.first = self.word * WORD + skipped as usize;
        self.end = self.first + count as usize;
        self.bits &= (!0_u64).checked_shl(skipped + count).unwrap_or(0);
        true
    }

    /// How many rows are left, at most: not all may match.
    #[inline]
    fn rows_left(&self) -> usize {
        let run = self.end - self.first;
        if Self::BITS {
            let rest = self.last.saturating_sub((self.word + 1) * WORD);
            return run + self.bits.count_ones() as usize + rest;
        }
        run
    }
}

impl<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> Iterator for QueryChunk<'w, S, Q, F> {
    type Item = Q::Item<'w>;

    #[inline]
    fn next(&mut self) -> Option<Q::Item<'w>> {
        loop {
            let row = self.first;
            if row != self.end {
                self.first = row + 1;
                debug_assert!(row < self.last);
                // SAFETY: there was a run, so the columns were found; the row is one of it, and
                // given once only.
                return Some(unsafe { Q::item(self.columns.found, row) });
            }
            if !self.next_run() {
                return None;
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let rows = self.rows_left();
        (if Self::BITS { 0 } else { rows }, Some(rows))
    }

    #[inline(always)]
    fn fold<B, G: FnMut(B, Q::Item<'w>) -> B>(mut self, init: B, mut f: G) -> B {
        let mut result = init;
        if self.first == self.end && !self.next_run() {
            return result;
        }
        // SAFETY: there is a run, so the columns were found.
        let fetch = unsafe { self.columns.found };
        loop {
            for row in self.first..self.end {
                debug_assert!(row < self.rows.table.len());
                // SAFETY: the row is one of a run, and given once only.
                result = f(result, unsafe { Q::item(fetch, row) });
            }
            if !self.next_run() {
                return result;
            }
        }
    }
}

impl<S: Schema, Q: QueryData<S>, F: Filter<S>> fmt::Debug for QueryChunk<'_, S, Q, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryChunk").field("left", &self.rows_left()).finish_non_exhaustive()
    }
}

/// What a query matches, in chunks. Made by [`QueryIter::chunks`].
pub struct ChunkIter<'w, S: Schema, Q: QueryData<S>, F: Filter<S> = ()> {
    query: QueryIter<'w, S, Q, F>,
    rows: usize,
    /// Of which rows from `first` on are left.
    table: Option<&'w Table>,
    first: usize,
    given: usize,
}

// SAFETY: as the chunks that it gives.
unsafe impl<S, Q, F> Send for ChunkIter<'_, S, Q, F>
where
    S: Schema<Types: Send + Sync>,
    Q: QueryData<S>,
    F: Filter<S>,
{
}

impl<S: Schema, Q: QueryData<S>, F: Filter<S>> ChunkIter<'_, S, Q, F> {
    /// Changes how many rows the next chunks have.
    ///
    /// # Panics
    /// If `rows` is zero.
    #[inline]
    pub fn set_rows(&mut self, rows: usize) {
        assert!(rows > 0, "a chunk has at least one row");
        // Words of bitmaps are not shared between chunks.
        let words = QueryChunk::<S, Q, F>::BITS;
        let whole = rows.checked_next_multiple_of(WORD).unwrap_or(usize::MAX & !(WORD - 1));
        self.rows = if words { whole } else { rows };
    }

    /// How many rows the chunks had so far, whether they matched or not.
    #[inline]
    pub fn rows_given(&self) -> usize {
        self.given
    }

    /// How many rows are left, at most: some may not match.
    #[inline]
    pub fn rows_left(&self) -> usize {
        let open = self.table.map_or(0, |table| table.len() - self.first);
        open + self.query.size_hint().1.unwrap_or(0)
    }
}

impl<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> Iterator for ChunkIter<'w, S, Q, F> {
    type Item = QueryChunk<'w, S, Q, F>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let table = match self.table {
            Some(table) => table,
            None => {
                self.first = 0;
                let tables = &mut self.query.tables;
                tables.find(|table| QueryIter::<S, Q, F>::matches(table))?
            }
        };
        let (first, end) = (self.first, table.len().min(self.first.saturating_add(self.rows)));
        self.given += end - first;
        self.first = end;
        self.table = (end < table.len()).then_some(table);
        // SAFETY: the table matches, and these rows are given once only; the query
        // keeps others away.
        Some(unsafe { QueryChunk::new(Rows { table, ..self.query.open.rows }, first, end) })
    }
}

impl<S: Schema, Q: QueryData<S>, F: Filter<S>> fmt::Debug for ChunkIter<'_, S, Q, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkIter").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The columns of each table that a query matches.
pub struct SliceIter<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> {
    tables: slice::Iter<'w, Table>,
    ticks: Ticks,
    exact: Exact<S, Q, F>,
}

impl<'w, S: Schema, Q: QueryData<S>, F: Filter<S>> Iterator for SliceIter<'w, S, Q, F> {
    type Item = Q::Slices<'w>;

    #[inline]
    fn next(&mut self) -> Option<Q::Slices<'w>> {
        let table = self.tables.find(|table| QueryIter::<S, Q, F>::matches(table))?;
        // SAFETY: the table matches, its rows are given once only, and the
        // iterator that this one was made from keeps others away.
        Some(unsafe { Q::slices(Q::fetch(table, self.ticks), table.len()) })
    }
}

impl<S: Schema, Q: QueryData<S>, F: Filter<S>> fmt::Debug for SliceIter<'_, S, Q, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SliceIter").finish_non_exhaustive()
    }
}
