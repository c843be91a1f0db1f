//! `Wide` is a subtype of `Narrow`, but a component of its own: a query of one
//! is none of the other, with which it might conflict.
#![allow(coherence_leak_check)]

use static_ecs::iter::{QueryIter, SliceIter};
use static_ecs::prelude::*;

#[derive(Component)]
struct Call<F>(F);
type Wide = Call<for<'a> fn(&'a u8)>;
type Narrow = Call<fn(&'static u8)>;

#[world_config(components(Wide, Narrow))]
struct Base;

type Fine<'w> = (&'w mut Narrow, &'w Wide);
type Conflict<'w> = (&'w mut Narrow, &'w Narrow);

fn columns<'w>(iter: SliceIter<'w, Base, Fine<'w>, ()>) -> SliceIter<'w, Base, Conflict<'w>, ()> {
    iter
}

fn rows<'w>(iter: QueryIter<'w, Base, Fine<'w>, ()>) -> QueryIter<'w, Base, Conflict<'w>, ()> {
    iter
}

fn main() {}
