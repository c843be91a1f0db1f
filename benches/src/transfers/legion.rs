//! legion.

use legion::{Entity, IntoQuery, World, any};

use super::parts::{self, Row, Two, components};
use super::peer::{Bulk, Peer, two};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::lasting;

pub const NAME: &str = "legion";

components! {}

#[derive(Clone, Copy)]
pub struct X([f32; 4]);
#[derive(Clone, Copy)]
pub struct Y([f32; 4]);

pub struct Legion;
pub struct OfTwo;

macro_rules! peer {
    ($peer:ident, $row:ty, $bundle:expr, $unbundle:expr; $($component:ident)*) => {
        impl Peer for $peer {
            type World = World;
            type Row = $row;
            type Id = Entity;

            fn empty() -> World {
                World::default()
            }

            fn extend(world: &mut World, rows: &[$row]) {
                world.extend(rows.iter().map($bundle));
            }

            fn push(world: &mut World, row: $row) -> Entity {
                world.push($bundle(&row))
            }

            fn each(world: &mut World, mut each: impl FnMut($row)) {
                for row in <($(&$component),*)>::query().iter(world) {
                    each($unbundle(row));
                }
            }

            fn clear(world: &mut World) {
                world.clear();
            }

            const BULK: Option<Bulk<Self>> = Some(|from, to| to.move_from(from, &any()));
        }
    };
}

peer!(Legion, Row, bundle, |(a, b, c, d): (&A, &B, &C, &D)| unbundle((*a, *b, *c, *d)); A B C D);
peer!(OfTwo, Two, |row: &Two| (X(row.x), Y(row.y)), |(x, y): (&X, &Y)| Two { x: x.0, y: y.0 }; X Y);

struct Number(f32);
struct Bytes(Vec<u8>);

fn owned(size: Size) -> Box<dyn Bench> {
    let mut worlds = [World::default(), World::default()];
    worlds[0].extend((0..size.entities).map(|n| (Number(n as f32), Bytes(parts::bytes(n)))));
    lasting(
        worlds,
        |worlds| {
            let [one, two] = worlds;
            let (from, to) = if one.is_empty() { (two, one) } else { (one, two) };
            to.move_from(from, &any());
        },
        |worlds| {
            let mut digest = Digest::default();
            for world in worlds {
                for (number, bytes) in <(&Number, &Bytes)>::query().iter(world) {
                    parts::digest_owned(&mut digest, number.0, &bytes.0);
                }
            }
            digest
        },
    )
}

pub fn entries() -> Vec<Entry> {
    let mut entries = super::peer::entries::<Legion>();
    entries.extend(two::<OfTwo>());
    entries.push(Entry { case: "move_owned", variant: "its own", make: owned });
    entries
}
