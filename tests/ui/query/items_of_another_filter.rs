//! `Wide` is a subtype of `Narrow`, but a filter of its own, which may match other
//! rows: an iterator by one is none by the other, which might give rows again.
#![allow(coherence_leak_check)]

use std::marker::PhantomData;

use static_ecs::iter::QueryIter;
use static_ecs::prelude::*;
use static_ecs::query::{Filter, Rows};
use static_ecs::table::Table;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

struct Any<T>(PhantomData<T>);

unsafe impl<T> Filter<Base> for Any<T> {
    const ROWS: bool = false;
    fn table(_: &Table) -> bool {
        true
    }
    fn rows(_: Rows<'_>, _: usize) -> u64 {
        !0
    }
}

type Wide = Any<for<'a> fn(&'a u8)>;
type Narrow = Any<fn(&'static u8)>;

fn items<'w>(iter: QueryIter<'w, Base, &'w mut A, Wide>) -> QueryIter<'w, Base, &'w mut A, Narrow> {
    iter
}

fn main() {}
