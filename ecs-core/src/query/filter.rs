//! Which entities a query matches, beyond having what it asks for.

use core::fmt;
use core::marker::PhantomData;

use crate::component::Component;
use crate::entities::Entities;
use crate::entity::Entity;
use crate::outbox::{KeptOutbox, Request, TransferMarker};
use crate::query::Fault;
use crate::schema::{Contains, Mask, Schema};
use crate::table::{Table, WORD};
use crate::tick::Ticks;

/// Which entities a query matches, beyond having what it asks for: [`With`],
/// [`Without`], [`Added`](crate::track::Added), [`Changed`](crate::track::Changed),
/// [`Or`], and tuples of these, all of which must match.
///
/// # Safety
/// Only entities match that have all components of `WITH` and none of `WITHOUT`; that holds
/// if `FAULT` is none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a filter over the schema `{S}`",
    label = "not a filter over `{S}`",
    note = "a filter is `With<C>`, `Without<C>`, `Added<C>`, `Changed<C>`, `Or<(...)>` or a tuple of up to 16 filters; every component must be in the schema"
)]
pub unsafe trait Filter<S: Schema> {
    /// Whether rows of one table can differ.
    const ROWS: bool;
    /// What each entity that matches has.
    const WITH: Mask = 0;
    /// What no entity that matches has.
    const WITHOUT: Mask = 0;
    /// The components of which is read when they were added or changed.
    const READ: Mask = 0;
    /// Why the filter can't be used.
    const FAULT: Option<Fault> = None;
    /// Whether rows of the table can match.
    fn table(table: &Table) -> bool;
    /// Which rows match: bit `n` is that of row `64 * word + n`. Bits of rows that
    /// are not there can be anything.
    fn rows(rows: Rows<'_>, word: usize) -> u64;
}

/// The rows of a table, which of them are marked, and which changes of them are news.
#[derive(Clone, Copy)]
pub struct Rows<'w> {
    pub(crate) table: &'w Table,
    pub(crate) entities: &'w Entities,
    pub(crate) outbox: &'w KeptOutbox,
    pub(crate) ticks: Ticks,
}

impl Rows<'_> {
    /// Which rows have a [`TransferMarker`].
    fn marked(self, word: usize) -> u64 {
        let first = word * WORD;
        let marked = |&entity: &Entity| {
            matches!(self.outbox.request(self.entities, entity), Some(Request::Marked(_)))
        };
        let rows = self.table.entities().iter().skip(first).take(WORD).enumerate();
        rows.fold(0, |bits, (n, entity)| bits | u64::from(marked(entity)) << n)
    }

    /// Which rows have the one component of `mask`.
    #[inline(always)]
    fn having<S: Schema>(self, mask: Mask, word: usize) -> u64 {
        if self.table.possible() & mask == 0 {
            0
        } else if mask & S::SPARSE == 0 {
            !0
        } else {
            self.table.present(mask.trailing_zeros() as usize, word)
        }
    }
}

impl fmt::Debug for Rows<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rows").field(self.table).finish()
    }
}

/// Something that an entity can have: a component, or a [`TransferMarker`].
///
/// # Safety
/// `MASK` is the bit of the one component, or none for the marker: filters promise by it which
/// entities they leave out.
#[diagnostic::on_unimplemented(
    message = "component `{Self}` is not in the schema `{S}`",
    label = "not a component of `{S}`",
    note = "list `{Self}` in the `components(...)` of `{S}`'s `#[world_config]`: a type with `#[derive(Component)]`, without `&`"
)]
pub unsafe trait Filterable<S: Schema> {
    /// The component; empty for the marker.
    const MASK: Mask;
    /// Whether it is the marker.
    const MARKER: bool;
}
// Or the compiler would tell of what is no component twice.
#[diagnostic::do_not_recommend]
// SAFETY: it is the component's bit.
unsafe impl<S: Contains<C>, C: Component> Filterable<S> for C {
    const MASK: Mask = S::BIT;
    const MARKER: bool = false;
}
// SAFETY: it is the marker.
unsafe impl<S: Schema> Filterable<S> for TransferMarker {
    const MASK: Mask = 0;
    const MARKER: bool = true;
}

/// Matches entities that have `C`.
#[derive(Debug)]
pub struct With<C>(PhantomData<C>);

/// Matches entities that don't have `C`.
#[derive(Debug)]
pub struct Without<C>(PhantomData<C>);

/// Matches entities that match at least one filter of the tuple `T`.
#[derive(Debug)]
pub struct Or<T>(PhantomData<T>);

// SAFETY: tables and rows without the component don't match.
unsafe impl<S: Schema, C: Filterable<S>> Filter<S> for With<C> {
    const ROWS: bool = C::MARKER || C::MASK & S::SPARSE != 0;
    const WITH: Mask = C::MASK;
    #[inline(always)]
    fn table(table: &Table) -> bool {
        C::MARKER || table.possible() & C::MASK != 0
    }
    #[inline(always)]
    fn rows(rows: Rows<'_>, word: usize) -> u64 {
        if C::MARKER { rows.marked(word) } else { rows.having::<S>(C::MASK, word) }
    }
}

// SAFETY: tables and rows with the component don't match.
unsafe impl<S: Schema, C: Filterable<S>> Filter<S> for Without<C> {
    const ROWS: bool = C::MARKER || C::MASK & S::SPARSE != 0;
    const WITHOUT: Mask = C::MASK;
    #[inline(always)]
    fn table(table: &Table) -> bool {
        <Self as Filter<S>>::ROWS || table.mask() & C::MASK == 0
    }
    #[inline(always)]
    fn rows(rows: Rows<'_>, word: usize) -> u64 {
        !With::<C>::rows(rows, word)
    }
}

// SAFETY: it says nothing of what matches.
unsafe impl<S: Schema> Filter<S> for () {
    const ROWS: bool = false;
    #[inline(always)]
    fn table(_: &Table) -> bool {
        true
    }
    #[inline(always)]
    fn rows(_: Rows<'_>, _: usize) -> u64 {
        !0
    }
}

macro_rules! filter {
    ($($name:ident)+) => {
        // SAFETY: what matches, matches all.
        unsafe impl<S: Schema, $($name: Filter<S>),+> Filter<S> for ($($name,)+) {
            const ROWS: bool = false $(|| $name::ROWS)+;
            const WITH: Mask = 0 $(| $name::WITH)+;
            const WITHOUT: Mask = 0 $(| $name::WITHOUT)+;
            const READ: Mask = 0 $(| $name::READ)+;
            const FAULT: Option<Fault> = {
                let fault = None;
                $(let fault = Fault::either(fault, $name::FAULT);)+
                fault
            };
            #[inline(always)]
            fn table(table: &Table) -> bool {
                true $(&& $name::table(table))+
            }
            #[inline(always)]
            fn rows(rows: Rows<'_>, word: usize) -> u64 {
                !0 $(& $name::rows(rows, word))+
            }
        }
        // SAFETY: what matches, matches one of them, so it has what all of them ask for.
        unsafe impl<S: Schema, $($name: Filter<S>),+> Filter<S> for Or<($($name,)+)> {
            const ROWS: bool = false $(|| $name::ROWS)+;
            const WITH: Mask = Mask::MAX $(& $name::WITH)+;
            const WITHOUT: Mask = Mask::MAX $(& $name::WITHOUT)+;
            const READ: Mask = 0 $(| $name::READ)+;
            const FAULT: Option<Fault> = {
                let fault = None;
                $(let fault = Fault::either(fault, $name::FAULT);)+
                fault
            };
            #[inline(always)]
            fn table(table: &Table) -> bool {
                false $(|| $name::table(table))+
            }
            #[inline(always)]
            fn rows(rows: Rows<'_>, word: usize) -> u64 {
                0 $(| $name::rows(rows, word))+
            }
        }
    };
}
crate::tuples::for_each_tuple!(filter);
