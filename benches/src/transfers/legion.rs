//! legion.

use legion::{Entity, IntoQuery, World, any};

use super::parts::{Row, components};
use super::peer::{Bulk, Peer};

pub const NAME: &str = "legion";

components! {}

pub struct Legion;

impl Peer for Legion {
    type World = World;
    type Id = Entity;

    fn empty() -> World {
        World::default()
    }

    fn extend(world: &mut World, rows: &[Row]) {
        world.extend(rows.iter().map(bundle));
    }

    fn push(world: &mut World, row: Row) -> Entity {
        world.push(bundle(&row))
    }

    fn each(world: &mut World, mut each: impl FnMut(Row)) {
        for (a, b, c, d) in <(&A, &B, &C, &D)>::query().iter(world) {
            each(unbundle((*a, *b, *c, *d)));
        }
    }

    fn clear(world: &mut World) {
        world.clear();
    }

    const BULK: Option<Bulk<Self>> = Some(|from, to| to.move_from(from, &any()));
}
