//! What is asked for by mistake, so that the compiler tells what to write: no schema lets it be
//! asked for.

use core::convert::Infallible;
use core::marker::PhantomData;

use super::{Access, Or, QueryData, ReadOnlyQueryData, With, Without};
use crate::schema::Schema;
use crate::table::Table;
use crate::tick::Ticks;
use crate::track::{Added, Changed};

/// Stands where a query does not say what it asks for.
#[derive(Debug)]
pub struct Nothing(PhantomData<Infallible>);

/// What no schema is. It leaves open what a query gives, so that the compiler is silent about that
/// where it does not know the schema either.
pub trait Lax {
    type Given;
    fn never() -> Infallible;
}

#[diagnostic::on_unimplemented(
    message = "`{T}` is a filter: write it behind what is asked for",
    label = "a filter among what is asked for",
    note = "write `Query<World, (&A, &mut B), With<C>>`, or `query_filtered::<(&A, &mut B), With<C>>()`"
)]
pub trait TakesFilters<T>: Lax {}

#[diagnostic::on_unimplemented(
    message = "this query asks for nothing: write `Query<{Self}, (&A, &mut B)>`",
    label = "nothing is asked for",
    note = "a query of a system names a world or its schema, then what is asked for, then a filter"
)]
pub trait TakesNothing: Lax {}

macro_rules! misplaced {
    ($($bound:path, $ty:ty $(, $param:ident)?;)+) => { $(
        // SAFETY: there is no such schema.
        unsafe impl<S: Schema + $bound $(, $param)?> QueryData<S> for $ty {
            type Item<'w> = S::Given;
            type Slices<'w> = S::Given;
            type Fetch = Infallible;
            const ACCESS: Access = Access::NONE;

            unsafe fn fetch(_: &Table, _: Ticks) -> Infallible {
                S::never()
            }
            unsafe fn present(fetch: Infallible, _: usize) -> u64 {
                match fetch {}
            }
            unsafe fn item<'w>(fetch: Infallible, _: usize) -> Self::Item<'w> {
                match fetch {}
            }
            unsafe fn slices<'w>(fetch: Infallible, _: usize) -> Self::Slices<'w> {
                match fetch {}
            }
        }
        // SAFETY: there is no such schema.
        unsafe impl<S: Schema + $bound $(, $param)?> ReadOnlyQueryData<S> for $ty {}
    )+ };
}

misplaced! {
    TakesNothing, Nothing;
    TakesFilters<With<C>>, With<C>, C;
    TakesFilters<Without<C>>, Without<C>, C;
    TakesFilters<Added<C>>, Added<C>, C;
    TakesFilters<Changed<C>>, Changed<C>, C;
    TakesFilters<Or<T>>, Or<T>, T;
}
