//! gecs: archetypes declared in a macro.

use ::gecs::prelude::*;

use super::parts::{Row, components};
use super::peer::{Move, Peer, two};
use crate::case::Entry;

pub const NAME: &str = "gecs";

components! {}

ecs_world! {
    ecs_name!(Store);
    ecs_archetype!(Item, dyn, A, B, C, D);
}

pub struct Gecs;

impl Peer for Gecs {
    type World = Store;
    type Row = Row;
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

mod of_two {
    use ::gecs::prelude::*;

    use crate::transfers::parts::Two;
    use crate::transfers::peer::Peer;

    pub struct X([f32; 4]);
    pub struct Y([f32; 4]);

    ecs_world! {
        ecs_name!(Pairs);
        ecs_archetype!(Both, dyn, X, Y);
    }

    pub struct OfTwo;

    impl Peer for OfTwo {
        type World = Pairs;
        type Row = Two;
        type Id = Entity<Both>;

        fn empty() -> Pairs {
            Pairs::default()
        }

        fn extend(world: &mut Pairs, rows: &[Two]) {
            rows.iter().for_each(|row| _ = world.both.create((X(row.x), Y(row.y))));
        }

        fn push(world: &mut Pairs, row: Two) -> Entity<Both> {
            world.both.create((X(row.x), Y(row.y)))
        }

        fn each(world: &mut Pairs, mut each: impl FnMut(Two)) {
            ecs_iter!(world, |x: &X, y: &Y| each(Two { x: x.0, y: y.0 }));
        }

        fn clear(world: &mut Pairs) {
            *world = Pairs::with_capacity(world.both.len());
        }
    }
}

mod owned {
    use ::gecs::prelude::*;

    use crate::case::{Bench, Digest, Size};
    use crate::ecs::lasting;
    use crate::transfers::parts;

    pub struct Number(f32);
    #[derive(Default)]
    pub struct Bytes(Vec<u8>);

    ecs_world! {
        ecs_name!(Owners);
        ecs_archetype!(Owner, dyn, Number, Bytes);
    }

    /// Rows in a `Vec`; memory that is owned is taken out of the column.
    pub fn bench(size: Size) -> Box<dyn Bench> {
        let mut worlds = [Owners::default(), Owners::default()];
        for n in 0..size.entities {
            worlds[0].owner.create((Number(n as f32), Bytes(parts::bytes(n))));
        }
        lasting(
            (worlds, Vec::new()),
            |(worlds, rows)| {
                let [one, two] = worlds;
                let (from, to) = if one.owner.is_empty() { (two, one) } else { (one, two) };
                ecs_iter!(from, |number: &Number, bytes: &mut Bytes| {
                    rows.push((Number(number.0), std::mem::take(bytes)));
                });
                *from = Owners::with_capacity(from.owner.len());
                rows.drain(..).for_each(|row| _ = to.owner.create(row));
            },
            |(worlds, _)| {
                let mut digest = Digest::default();
                for world in worlds {
                    ecs_iter!(world, |number: &Number, bytes: &Bytes| {
                        parts::digest_owned(&mut digest, number.0, &bytes.0);
                    });
                }
                digest
            },
        )
    }
}

pub fn entries() -> Vec<Entry> {
    let mut entries = super::peer::entries::<Gecs>();
    entries.extend(two::<of_two::OfTwo>());
    entries.push(Entry { case: "move_owned", variant: "rows in a Vec", make: owned::bench });
    entries
}
