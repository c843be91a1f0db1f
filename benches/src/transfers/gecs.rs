//! gecs: archetypes declared in a macro.

use ::gecs::prelude::*;

use super::parts::{Row, components};
use super::peer::{Move, Peer};

pub const NAME: &str = "gecs";

components! {}

ecs_world! {
    ecs_name!(Store);
    ecs_archetype!(Item, dyn, A, B, C, D);
}

pub struct Gecs;

impl Peer for Gecs {
    type World = Store;
    type Id = Entity<Item>;

    fn empty() -> Store {
        Store::default()
    }

    fn extend(world: &mut Store, rows: &[Row]) {
        rows.iter().for_each(|row| _ = world.item.create(bundle(row)));
    }

    fn push(world: &mut Store, row: Row) -> Entity<Item> {
        world.item.create(bundle(&row))
    }

    fn each(world: &mut Store, mut each: impl FnMut(Row)) {
        ecs_iter!(world, |a: &A, b: &B, c: &C, d: &D| {
            each(unbundle((*a, *b, *c, *d)));
        });
    }

    fn clear(world: &mut Store) {
        *world = Store::with_capacity(world.item.len());
    }

    const MOVE: Option<Move<Self>> = Some(|from, to, entity| {
        let (a, b, c, d) = from.item.destroy(entity).expect("it is here");
        to.item.create((a, b, c, d))
    });
}
