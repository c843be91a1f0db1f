//! hecs.

use hecs::{ColumnBatchType, Entity, World};

use super::parts::{Row, components};
use super::peer::{Bulk, Move, Peer};

pub const NAME: &str = "hecs";

components! {}

pub struct Hecs;

impl Peer for Hecs {
    type World = World;
    type Id = Entity;

    fn empty() -> World {
        World::new()
    }

    fn extend(world: &mut World, rows: &[Row]) {
        world.spawn_batch(rows.iter().map(bundle));
    }

    fn push(world: &mut World, row: Row) -> Entity {
        world.spawn(bundle(&row))
    }

    fn each(world: &mut World, mut each: impl FnMut(Row)) {
        for (a, b, c, d) in world.query_mut::<(&A, &B, &C, &D)>() {
            each(unbundle((*a, *b, *c, *d)));
        }
    }

    fn clear(world: &mut World) {
        world.clear();
    }

    /// Column by column.
    const BULK: Option<Bulk<Self>> = Some(|from, to| {
        let mut kinds = ColumnBatchType::new();
        kinds.add::<A>().add::<B>().add::<C>().add::<D>();
        let batch = kinds.into_batch(from.len());
        for archetype in from.archetypes() {
            macro_rules! column {
                ($component:ty) => {
                    if let Some(column) = archetype.get::<&$component>() {
                        let mut writer = batch.writer::<$component>().expect("of the batch");
                        for value in column.iter() {
                            let _ = writer.push(*value);
                        }
                    }
                };
            }
            column!(A);
            column!(B);
            column!(C);
            column!(D);
        }
        to.spawn_column_batch(batch.build().expect("all are there")).for_each(drop);
        from.clear();
    });

    const MOVE: Option<Move<Self>> = Some(|from, to, entity| {
        let taken = from.take(entity).expect("it is here");
        to.spawn(taken)
    });
}
