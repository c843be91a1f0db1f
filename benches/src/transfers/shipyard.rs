//! shipyard.

use shipyard::{Component, EntityId, IntoIter, View, World};

use super::parts::{Row, components};
use super::peer::{Move, Peer};

pub const NAME: &str = "shipyard";

components! { Component }

pub struct Shipyard;

impl Peer for Shipyard {
    type World = World;
    type Row = Row;
    type Id = EntityId;

    fn empty() -> World {
        World::new()
    }

    fn extend(world: &mut World, rows: &[Row]) {
        world.bulk_add_entity(rows.iter().map(bundle));
    }

    fn push(world: &mut World, row: Row) -> EntityId {
        world.add_entity(bundle(&row))
    }

    fn each(world: &mut World, mut each: impl FnMut(Row)) {
        world.run(|a: View<A>, b: View<B>, c: View<C>, d: View<D>| {
            for (a, b, c, d) in (&a, &b, &c, &d).iter() {
                each(unbundle((*a, *b, *c, *d)));
            }
        });
    }

    fn clear(world: &mut World) {
        world.clear();
    }

    const MOVE: Option<Move<Self>> = Some(|from, to, entity| {
        from.move_entity(to, entity);
        entity
    });
}
