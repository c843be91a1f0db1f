//! hecs.

use hecs::{ColumnBatchType, Entity, World};

use super::parts::{self, Row, Two, components};
use super::peer::{Bulk, Move, Peer, two};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::lasting;

pub const NAME: &str = "hecs";

components! {}

#[derive(Clone, Copy)]
pub struct X([f32; 4]);
#[derive(Clone, Copy)]
pub struct Y([f32; 4]);

pub struct Hecs;
pub struct OfTwo;

macro_rules! peer {
    ($peer:ident, $row:ty, $bundle:expr, $unbundle:expr; $($component:ident)*) => {
        impl Peer for $peer {
            type World = World;
            type Row = $row;
            type Id = Entity;

            fn empty() -> World {
                World::new()
            }

            fn extend(world: &mut World, rows: &[$row]) {
                world.spawn_batch(rows.iter().map($bundle));
            }

            fn push(world: &mut World, row: $row) -> Entity {
                world.spawn($bundle(&row))
            }

            fn each(world: &mut World, mut each: impl FnMut($row)) {
                for row in world.query_mut::<($(&$component),*)>() {
                    each($unbundle(row));
                }
            }

            fn clear(world: &mut World) {
                world.clear();
            }

            /// Column by column.
            const BULK: Option<Bulk<Self>> = Some(|from, to| {
                let mut kinds = ColumnBatchType::new();
                $(kinds.add::<$component>();)*
                let batch = kinds.into_batch(from.len());
                for archetype in from.archetypes() {
                    $(
                        if let Some(column) = archetype.get::<&$component>() {
                            let mut writer = batch.writer::<$component>().expect("of the batch");
                            for value in column.iter() {
                                let _ = writer.push(*value);
                            }
                        }
                    )*
                }
                to.spawn_column_batch(batch.build().expect("all are there")).for_each(drop);
                from.clear();
            });

            const MOVE: Option<Move<Self>> = Some(|from, to, entity| {
                let taken = from.take(entity).expect("it is here");
                to.spawn(taken)
            });
        }
    };
}

peer!(Hecs, Row, bundle, |(a, b, c, d): (&A, &B, &C, &D)| unbundle((*a, *b, *c, *d)); A B C D);
peer!(OfTwo, Two, |row: &Two| (X(row.x), Y(row.y)), |(x, y): (&X, &Y)| Two { x: x.0, y: y.0 }; X Y);

struct Number(f32);
#[derive(Default)]
struct Bytes(Vec<u8>);

/// As in bulk; memory that is owned is taken out of the column.
fn owned(size: Size) -> Box<dyn Bench> {
    let mut worlds = [World::new(), World::new()];
    worlds[0].spawn_batch((0..size.entities).map(|n| (Number(n as f32), Bytes(parts::bytes(n)))));
    lasting(
        worlds,
        |worlds| {
            let [one, two] = worlds;
            let (from, to) = if one.is_empty() { (two, one) } else { (one, two) };
            let mut kinds = ColumnBatchType::new();
            kinds.add::<Number>().add::<Bytes>();
            let batch = kinds.into_batch(from.len());
            for archetype in from.archetypes() {
                if let Some(column) = archetype.get::<&Number>() {
                    let mut writer = batch.writer::<Number>().expect("of the batch");
                    column.iter().for_each(|number| _ = writer.push(Number(number.0)));
                }
                if let Some(mut column) = archetype.get::<&mut Bytes>() {
                    let mut writer = batch.writer::<Bytes>().expect("of the batch");
                    let taken = column.iter_mut().map(std::mem::take);
                    taken.for_each(|bytes| _ = writer.push(bytes));
                }
            }
            to.spawn_column_batch(batch.build().expect("all are there")).for_each(drop);
            from.clear();
        },
        |worlds| {
            let mut digest = Digest::default();
            for world in worlds {
                for (number, bytes) in world.query_mut::<(&Number, &Bytes)>() {
                    parts::digest_owned(&mut digest, number.0, &bytes.0);
                }
            }
            digest
        },
    )
}

pub fn entries() -> Vec<Entry> {
    let mut entries = super::peer::entries::<Hecs>();
    entries.extend(two::<OfTwo>());
    entries.push(Entry { case: "move_owned", variant: "its own", make: owned });
    entries
}
