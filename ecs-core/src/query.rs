//! What a query reads and writes of each entity, and which it matches.

mod filter;
mod misplaced;

use core::fmt;
use core::ptr::{self, NonNull};
use core::slice;

use crate::component::{Component, Storage};
use crate::entity::Entity;
use crate::schema::{ComponentInfo, Contains, Mask, Schema};
use crate::table::{Table, WORD};
use crate::text::Text;
use crate::tick::Ticks;

pub use filter::{Filter, Filterable, Or, Rows, With, Without};
pub use misplaced::Nothing;

/// The components that a query touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What an entity must have.
    pub required: Mask,
    /// What is read.
    pub read: Mask,
    /// What is written.
    pub write: Mask,
    /// Whether there are items of single rows only, and no slices.
    pub by_row: bool,
    /// Why it can't be asked.
    pub fault: Option<Fault>,
}

/// Why a query can't be asked. Whoever lets one be asked asserts that it has no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The component with this index is borrowed twice, at least once to write.
    Twice(usize),
    /// Changes of the component with this index are looked at, and it is not tracked.
    Untracked(usize),
    /// A side of a relation is written, which the world keeps.
    Kept,
}

impl Fault {
    /// The one of two, if there is one.
    pub(crate) const fn either(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        if a.is_some() { a } else { b }
    }

    /// Fails to compile where there is one.
    pub(crate) const fn assert_none(fault: Option<Self>, components: &[ComponentInfo]) {
        let text = match fault {
            None => return,
            Some(Self::Kept) => crate::relation::refuse_kept(),
            Some(Self::Twice(index)) => Text::new()
                .str("this query borrows component `")
                .str(components[index].name)
                .str("` twice, at least once with `&mut`: ask for it once"),
            Some(Self::Untracked(index)) => Text::new()
                .str("changes of component `")
                .str(components[index].name)
                .str("` are not tracked: write `#[component(track)]` on it"),
        };
        panic!("{}", text.as_str())
    }
}

impl Access {
    /// Nothing.
    pub const NONE: Self = Self { required: 0, read: 0, write: 0, by_row: false, fault: None };

    /// With these components read as well, of the same rows: that is no conflict with what
    /// is written already.
    pub const fn with_read(self, mask: Mask) -> Self {
        Self { read: self.read | mask & !self.write, ..self }
    }

    /// Both at once.
    pub const fn and(self, other: Self) -> Self {
        let twice = self.write & (other.read | other.write) | other.write & self.read;
        let twice =
            if twice != 0 { Some(Fault::Twice(twice.trailing_zeros() as usize)) } else { None };
        Self {
            required: self.required | other.required,
            read: self.read | other.read,
            write: self.write | other.write,
            by_row: self.by_row || other.by_row,
            fault: Fault::either(Fault::either(self.fault, other.fault), twice),
        }
    }
}

/// What is asked of each entity: `&C`, `&mut C`, `Option<_>` of these,
/// [`Entity`], tuples, and structs with `#[derive(Query)]`.
///
/// # Safety
/// `fetch`, `present`, `item` and `slices` touch only the components of `ACCESS`,
/// and write only those of `ACCESS.write`. `present` has the bit of a row only if
/// the row has every sparse component of `ACCESS.required`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be queried in the schema `{S}`",
    label = "not a query over `{S}`",
    note = "a component is asked for with `&`: write `&{Self}` or `&mut {Self}`",
    note = "else ask for `Ref<C>`, `Mut<C>`, an `Option` of these, `Entity`, a tuple of up to 16 of these or a struct with `#[derive(Query)]`; every component must be in the schema"
)]
pub unsafe trait QueryData<S: Schema> {
    /// What one entity gives.
    type Item<'w>;
    /// What one table gives.
    type Slices<'w>;
    /// Where a table's columns are.
    type Fetch: Copy;
    /// The components touched.
    const ACCESS: Access;

    /// Finds the columns. What is given from them to be changed counts as changed at
    /// the present one of the ticks.
    ///
    /// # Safety
    /// Every component of `ACCESS.required` is among the table's possible ones.
    unsafe fn fetch(table: &Table, ticks: Ticks) -> Self::Fetch;

    /// Which rows have the sparse components that are required: bit `n` is that of
    /// row `64 * word + n`.
    ///
    /// # Safety
    /// `fetch` is what [`fetch`](Self::fetch) answered for the table, whose columns
    /// have not moved since; `64 * word` is below the table's length.
    unsafe fn present(fetch: Self::Fetch, word: usize) -> u64;

    /// The entity at `row`.
    ///
    /// # Safety
    /// `fetch` as for [`present`](Self::present); `row` is below the table's length, and
    /// `present` has its bit; for `'w` nobody
    /// else uses the row's components in conflict with `ACCESS`; `ACCESS.fault`
    /// is none.
    unsafe fn item<'w>(fetch: Self::Fetch, row: usize) -> Self::Item<'w>;

    /// All `len` rows.
    ///
    /// # Safety
    /// As for `item`, for all rows; `len` is the table's length; no component of
    /// `ACCESS` is sparse, and `ACCESS.by_row` is false.
    unsafe fn slices<'w>(fetch: Self::Fetch, len: usize) -> Self::Slices<'w>;
}

/// A query that writes nothing.
///
/// # Safety
/// `ACCESS.write` is empty.
#[diagnostic::on_unimplemented(
    message = "`{Self}` writes components, so it needs `&mut` access to the world",
    label = "writes components",
    note = "use `query` on a `&mut World` or `iter_mut` on a `Query`, or ask for `&C` in place of `&mut C`"
)]
pub unsafe trait ReadOnlyQueryData<S: Schema>: QueryData<S> {}

pub(crate) const fn reads(mask: Mask) -> Access {
    Access { required: mask, read: mask, ..Access::NONE }
}

pub(crate) const fn writes<S: Schema>(mask: Mask) -> Access {
    let fault = if mask & S::LINKED != 0 { Some(Fault::Kept) } else { None };
    Access { required: mask, write: mask, fault, ..Access::NONE }
}

/// Where the column of one component is.
pub struct Values<C> {
    /// Known not to be null, or a loop over `next` would look at each reference,
    /// since `None` is a null, and could not be vectorised.
    pub(crate) column: NonNull<C>,
    /// Of a sparse component, else null and never read.
    bitmap: *const u64,
}

impl<C> Clone for Values<C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for Values<C> {}

impl<C> fmt::Debug for Values<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Values").field(&self.column).finish()
    }
}

impl<C: 'static> Values<C> {
    #[inline(always)]
    pub(crate) fn of<S: Contains<C>>(table: &Table) -> Self {
        let bitmap = match S::Component::STORAGE {
            Storage::Table => ptr::null(),
            Storage::Sparse => table.bitmap(S::INDEX),
        };
        // SAFETY: the schema promises that the index is the component's.
        Self { column: unsafe { table.values(S::INDEX) }, bitmap }
    }

    /// # Safety
    /// As [`QueryData::present`].
    #[inline(always)]
    pub(crate) unsafe fn present<S: Contains<C>>(self, word: usize) -> u64 {
        match S::Component::STORAGE {
            Storage::Table => !0,
            // SAFETY: the table holds the component, and so has a bit for each row.
            Storage::Sparse => unsafe { self.bitmap.add(word).read() },
        }
    }
}

/// Where the column of one component is that is written, and where its changes are
/// stamped if it is tracked.
pub struct Written<C> {
    values: Values<C>,
    /// Of a tracked component, else null and never written.
    changed: *mut u32,
    now: u32,
}

impl<C> Clone for Written<C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for Written<C> {}

impl<C> fmt::Debug for Written<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Written").field(&self.values.column).finish()
    }
}

impl<C: 'static> Written<C> {
    #[inline(always)]
    fn of<S: Contains<C>>(table: &Table, ticks: Ticks) -> Self {
        let values = Values::of::<S>(table);
        if !S::Component::TRACK {
            return Self { values, changed: ptr::null_mut(), now: 0 };
        }
        let [_, changed] = table.stamps(S::INDEX);
        Self { values, changed: changed.as_ptr(), now: ticks.now() }
    }

    /// Rows are given to be changed.
    ///
    /// # Safety
    /// The component is tracked; they are in the table, which has it, and nobody else uses
    /// their stamps.
    #[inline(always)]
    unsafe fn stamp(self, first: usize, count: usize) {
        for row in first..first + count {
            // SAFETY: there are stamps for each row.
            unsafe { self.changed.add(row).write(self.now) }
        }
    }
}

// SAFETY: reads the one component of the access.
unsafe impl<S: Contains<C>, C: 'static> QueryData<S> for &C {
    type Item<'w> = &'w C;
    type Slices<'w> = &'w [C];
    type Fetch = Values<C>;
    const ACCESS: Access = reads(S::BIT);

    #[inline(always)]
    unsafe fn fetch(table: &Table, _: Ticks) -> Values<C> {
        Values::of::<S>(table)
    }

    #[inline(always)]
    unsafe fn present(fetch: Values<C>, word: usize) -> u64 {
        // SAFETY: the caller promises the same.
        unsafe { fetch.present::<S>(word) }
    }

    #[inline(always)]
    unsafe fn item<'w>(fetch: Values<C>, row: usize) -> &'w C {
        // SAFETY: the row is in the column, and no one writes it for `'w`.
        unsafe { fetch.column.add(row).as_ref() }
    }

    #[inline(always)]
    unsafe fn slices<'w>(fetch: Values<C>, len: usize) -> &'w [C] {
        // SAFETY: the column holds `len` values, and no one writes them for `'w`.
        unsafe { slice::from_raw_parts(fetch.column.as_ptr(), len) }
    }
}
// SAFETY: writes nothing.
unsafe impl<S: Contains<C>, C: 'static> ReadOnlyQueryData<S> for &C {}

// SAFETY: writes the one component of the access.
unsafe impl<S: Contains<C>, C: 'static> QueryData<S> for &mut C {
    type Item<'w> = &'w mut C;
    type Slices<'w> = &'w mut [C];
    type Fetch = Written<C>;
    const ACCESS: Access = writes::<S>(S::BIT);

    #[inline(always)]
    unsafe fn fetch(table: &Table, ticks: Ticks) -> Written<C> {
        Written::of::<S>(table, ticks)
    }

    #[inline(always)]
    unsafe fn present(fetch: Written<C>, word: usize) -> u64 {
        // SAFETY: the caller promises the same.
        unsafe { fetch.values.present::<S>(word) }
    }

    #[inline(always)]
    unsafe fn item<'w>(fetch: Written<C>, row: usize) -> &'w mut C {
        // SAFETY: the row is in the column and its stamps, and no one else uses it for
        // `'w`.
        unsafe {
            if const { S::Component::TRACK } {
                fetch.stamp(row, 1);
            }
            fetch.values.column.add(row).as_mut()
        }
    }

    #[inline(always)]
    unsafe fn slices<'w>(fetch: Written<C>, len: usize) -> &'w mut [C] {
        // SAFETY: the column holds `len` values, and its stamps as many, and no one else
        // uses them for `'w`.
        unsafe {
            if const { S::Component::TRACK } {
                fetch.stamp(0, len);
            }
            slice::from_raw_parts_mut(fetch.values.column.as_ptr(), len)
        }
    }
}

// SAFETY: as the inner query's, where its components are there.
unsafe impl<S: Schema, Q: QueryData<S>> QueryData<S> for Option<Q> {
    type Item<'w> = Option<Q::Item<'w>>;
    type Slices<'w> = Option<Q::Slices<'w>>;
    type Fetch = Option<Q::Fetch>;
    const ACCESS: Access = Access { required: 0, ..Q::ACCESS };

    #[inline(always)]
    unsafe fn fetch(table: &Table, ticks: Ticks) -> Self::Fetch {
        if table.can_have(Q::ACCESS.required) {
            // SAFETY: the table can have what is required.
            Some(unsafe { Q::fetch(table, ticks) })
        } else {
            None
        }
    }

    #[inline(always)]
    unsafe fn present(_: Self::Fetch, _: usize) -> u64 {
        !0
    }

    #[inline(always)]
    unsafe fn item<'w>(fetch: Self::Fetch, row: usize) -> Self::Item<'w> {
        // SAFETY: the caller's promises are those of the inner query, of which the
        // row's bit is looked at first.
        unsafe {
            match fetch {
                Some(fetch) if has_bit::<S, Q>(fetch, row) => Some(Q::item(fetch, row)),
                _ => None,
            }
        }
    }

    #[inline(always)]
    unsafe fn slices<'w>(fetch: Self::Fetch, len: usize) -> Self::Slices<'w> {
        // SAFETY: the caller's promises are those of the inner query.
        fetch.map(|fetch| unsafe { Q::slices(fetch, len) })
    }
}
// SAFETY: the inner query writes nothing.
unsafe impl<S: Schema, Q: ReadOnlyQueryData<S>> ReadOnlyQueryData<S> for Option<Q> {}

/// Whether the row has the sparse components that are required.
///
/// # Safety
/// `fetch` as for [`QueryData::present`]; `row` is below the table's length.
#[inline(always)]
pub(crate) unsafe fn has_bit<S: Schema, Q: QueryData<S>>(fetch: Q::Fetch, row: usize) -> bool {
    // SAFETY: the caller promises that the row is in the table.
    unsafe { Q::present(fetch, row / WORD) >> (row % WORD) & 1 == 1 }
}

// SAFETY: reads ids, which are no component.
unsafe impl<S: Schema> QueryData<S> for Entity {
    type Item<'w> = Entity;
    type Slices<'w> = &'w [Entity];
    type Fetch = *const Entity;
    const ACCESS: Access = Access::NONE;

    #[inline(always)]
    unsafe fn fetch(table: &Table, _: Ticks) -> *const Entity {
        table.entities_ptr()
    }

    #[inline(always)]
    unsafe fn present(_: *const Entity, _: usize) -> u64 {
        !0
    }

    #[inline(always)]
    unsafe fn item<'w>(fetch: *const Entity, row: usize) -> Self::Item<'w> {
        // SAFETY: the row is in the table, and ids are not written while borrowed.
        unsafe { *fetch.add(row) }
    }

    #[inline(always)]
    unsafe fn slices<'w>(fetch: *const Entity, len: usize) -> &'w [Entity] {
        // SAFETY: the table holds `len` ids, which are not written while borrowed.
        unsafe { slice::from_raw_parts(fetch, len) }
    }
}
// SAFETY: writes nothing.
unsafe impl<S: Schema> ReadOnlyQueryData<S> for Entity {}

// SAFETY: touches nothing.
unsafe impl<S: Schema> QueryData<S> for () {
    type Item<'w> = ();
    type Slices<'w> = ();
    type Fetch = ();
    const ACCESS: Access = Access::NONE;

    #[inline(always)]
    unsafe fn fetch(_: &Table, _: Ticks) {}
    #[inline(always)]
    unsafe fn present((): (), _: usize) -> u64 {
        !0
    }
    #[inline(always)]
    unsafe fn item<'w>((): (), _: usize) -> Self::Item<'w> {}
    #[inline(always)]
    unsafe fn slices<'w>((): (), _: usize) -> Self::Slices<'w> {}
}
// SAFETY: writes nothing.
unsafe impl<S: Schema> ReadOnlyQueryData<S> for () {}

macro_rules! query {
    ($($name:ident)+) => {
        // SAFETY: the parts touch their own components; `ACCESS` has them all,
        // and says where they conflict.
        unsafe impl<S: Schema, $($name: QueryData<S>),+> QueryData<S> for ($($name,)+) {
            type Item<'w> = ($($name::Item<'w>,)+);
            type Slices<'w> = ($($name::Slices<'w>,)+);
            type Fetch = ($($name::Fetch,)+);
            const ACCESS: Access = Access::NONE$(.and($name::ACCESS))+;

            #[inline(always)]
            unsafe fn fetch(table: &Table, ticks: Ticks) -> Self::Fetch {
                // SAFETY: the table has what the whole requires, so what the parts do.
                unsafe { ($($name::fetch(table, ticks),)+) }
            }

            #[inline(always)]
            #[allow(non_snake_case)]
            unsafe fn present(fetch: Self::Fetch, word: usize) -> u64 {
                let ($($name,)+) = fetch;
                // SAFETY: the caller's promises are those of the parts.
                unsafe { !0 $(& $name::present($name, word))+ }
            }

            #[inline(always)]
            #[allow(non_snake_case)]
            unsafe fn item<'w>(fetch: Self::Fetch, row: usize) -> Self::Item<'w> {
                let ($($name,)+) = fetch;
                // SAFETY: the caller's promises are those of the parts.
                unsafe { ($($name::item($name, row),)+) }
            }

            #[inline(always)]
            #[allow(non_snake_case)]
            unsafe fn slices<'w>(fetch: Self::Fetch, len: usize) -> Self::Slices<'w> {
                let ($($name,)+) = fetch;
                // SAFETY: the caller's promises are those of the parts.
                unsafe { ($($name::slices($name, len),)+) }
            }
        }
        // SAFETY: no part writes.
        unsafe impl<S: Schema, $($name: ReadOnlyQueryData<S>),+> ReadOnlyQueryData<S> for ($($name,)+) {}
    };
}
crate::tuples::for_each_tuple!(query);
