//! What the peers' sides have in common: worlds that give their entities out as rows and
//! take rows in.

use std::marker::PhantomData;
use std::sync::Mutex;

use super::parts::{Part, Two};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::lasting;
use crate::pair::{Cross, Duo, Link};

/// A library.
pub trait Peer: Send + Sync + 'static {
    type World: 'static;
    type Row: Part;
    /// How one entity is named; in the order of spawning.
    type Id: Copy + Send + 'static;

    fn empty() -> Self::World;
    /// Spawns all of these by the best call for many.
    fn extend(world: &mut Self::World, rows: &[Self::Row]);
    /// Spawns one.
    fn push(world: &mut Self::World, row: Self::Row) -> Self::Id;
    /// Calls `each` with each entity.
    fn each(world: &mut Self::World, each: impl FnMut(Self::Row));
    /// Ends all entities.
    fn clear(world: &mut Self::World);
    /// All entities from one world to another by the best way there is, if it is another
    /// than by rows in a `Vec`.
    const BULK: Option<Bulk<Self>> = None;
    /// Moves one entity from world to world.
    const MOVE: Option<Move<Self>> = None;
}

/// From one world to another.
pub type Bulk<P> = fn(&mut <P as Peer>::World, &mut <P as Peer>::World);
/// One of them; answers its name there.
pub type Move<P> =
    fn(&mut <P as Peer>::World, &mut <P as Peer>::World, <P as Peer>::Id) -> <P as Peer>::Id;

pub fn entries<P: Peer>() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    let mut entries = vec![
        entry("move_bulk", "rows in a Vec", bulk::<P>),
        entry("move_table", "rows in a Vec", bulk::<P>),
        entry("move_cold", "rows in a Vec", cold::<P>),
        entry("move_threads_8", "rows in a Vec", threads::<P, 8>),
        entry("move_threads_64", "rows in a Vec", threads::<P, 64>),
        entry("move_threads_1024", "rows in a Vec", threads::<P, 1024>),
        entry("move_threads_8192", "rows in a Vec", threads::<P, 8192>),
        entry("move_threads_rows", "", threads_rows::<P>),
    ];
    if P::BULK.is_some() {
        entries.push(entry("move_bulk", "its own", own_bulk::<P>));
        entries.push(entry("move_table", "its own", own_bulk::<P>));
        entries.push(entry("move_cold", "its own", own_cold::<P>));
    }
    if P::MOVE.is_some() {
        entries.push(entry("move_rows", "", rows::<P>));
    }
    entries
}

/// The same for each number of declared components, which no peer has.
pub fn two<P: Peer<Row = Two>>() -> Vec<Entry> {
    let of = |case| {
        let entry = |variant, make| Entry { case, variant, make };
        let own = P::BULK.map(|_| entry("its own", own_bulk::<P>));
        [Some(entry("rows in a Vec", bulk::<P>)), own].into_iter().flatten()
    };
    let threads = ["move_threads_2_of_2", "move_threads_2_of_8", "move_threads_2_of_32"]
        .map(|case| Entry { case, variant: "rows in a Vec", make: threads::<P, 1024> });
    let cases = ["move_2_of_2", "move_2_of_8", "move_2_of_32"];
    cases.into_iter().flat_map(of).chain(threads).collect()
}

fn full<P: Peer>(size: Size) -> P::World {
    let mut world = P::empty();
    let rows: Vec<P::Row> = (0..size.entities).map(P::Row::nth).collect();
    if !rows.is_empty() {
        P::extend(&mut world, &rows);
    }
    world
}

fn digest<P: Peer>(worlds: &mut [P::World; 2]) -> Digest {
    let mut digest = Digest::default();
    for world in worlds {
        P::each(world, |row| row.digest(&mut digest));
    }
    digest
}

struct Worlds<P: Peer> {
    worlds: [P::World; 2],
    /// Which of them has all.
    at: usize,
}

impl<P: Peer> Worlds<P> {
    fn new(size: Size) -> Self {
        Self { worlds: [full::<P>(size), P::empty()], at: 0 }
    }

    fn turn(&mut self) -> (&mut P::World, &mut P::World) {
        let [one, two] = &mut self.worlds;
        self.at = 1 - self.at;
        if self.at == 1 { (one, two) } else { (two, one) }
    }
}

fn bulk<P: Peer>(size: Size) -> Box<dyn Bench> {
    lasting(
        (Worlds::<P>::new(size), Vec::new()),
        |(worlds, rows)| {
            let (from, to) = worlds.turn();
            rows.clear();
            P::each(from, |row| rows.push(row));
            P::clear(from);
            P::extend(to, rows);
        },
        |(worlds, _)| digest::<P>(&mut worlds.worlds),
    )
}

fn own_bulk<P: Peer>(size: Size) -> Box<dyn Bench> {
    lasting(
        Worlds::<P>::new(size),
        |worlds| {
            let (from, to) = worlds.turn();
            P::BULK.expect("it has a way")(from, to);
        },
        |worlds| digest::<P>(&mut worlds.worlds),
    )
}

/// Into a world that is made for it.
fn cold_by<P: Peer>(
    size: Size,
    go: impl Fn(&mut P::World, &mut P::World) + 'static,
) -> Box<dyn Bench> {
    lasting(
        full::<P>(size),
        move |from| {
            let mut to = P::empty();
            go(from, &mut to);
            *from = to;
        },
        |world| {
            let mut digest = Digest::default();
            P::each(world, |row| row.digest(&mut digest));
            digest
        },
    )
}

fn cold<P: Peer>(size: Size) -> Box<dyn Bench> {
    cold_by::<P>(size, |from, to| {
        let mut rows = Vec::new();
        P::each(from, |row| rows.push(row));
        P::extend(to, &rows);
    })
}

fn own_cold<P: Peer>(size: Size) -> Box<dyn Bench> {
    cold_by::<P>(size, P::BULK.expect("it has a way"))
}

fn rows<P: Peer>(size: Size) -> Box<dyn Bench> {
    let mut worlds = Worlds::<P> { worlds: [P::empty(), P::empty()], at: 0 };
    let ids: Vec<P::Id> =
        (0..size.entities).map(|n| P::push(&mut worlds.worlds[0], P::Row::nth(n))).collect();
    lasting(
        (worlds, ids),
        |(worlds, ids)| {
            let one = P::MOVE.expect("it has a way");
            let (from, to) = worlds.turn();
            ids.iter_mut().for_each(|id| *id = one(from, to, *id));
        },
        |(worlds, _)| digest::<P>(&mut worlds.worlds),
    )
}

/// Rows in a `Vec`, so many at a time.
struct ByVec<P: Peer, const N: usize> {
    entities: usize,
    link: Mutex<Option<Link<Vec<P::Row>>>>,
    peer: PhantomData<P>,
}

impl<P: Peer, const N: usize> Cross for ByVec<P, N> {
    type World = (P::World, Link<Vec<P::Row>>);

    fn make(&self, all: bool) -> Self::World {
        let link = self.link.lock().expect("no panic").take().expect("made once");
        let size = Size { entities: if all { self.entities } else { 0 }, archetypes: 1 };
        (full::<P>(size), link)
    }

    fn send(&self, (from, link): &mut Self::World) {
        let mut rows = Vec::with_capacity(N);
        P::each(from, |row| {
            rows.push(row);
            if rows.len() == N {
                let next = link.used().unwrap_or_else(|| Vec::with_capacity(N));
                link.send(std::mem::replace(&mut rows, next));
            }
        });
        if !rows.is_empty() {
            link.send(rows);
        }
        P::clear(from);
    }

    fn receive(&self, (to, link): &mut Self::World) {
        let mut came = 0;
        while came < self.entities {
            let mut rows = link.receive();
            came += rows.len();
            P::extend(to, &rows);
            rows.clear();
            link.give_back(rows);
        }
    }

    fn digest(&self, (world, _): &mut Self::World, digest: &mut Digest) {
        P::each(world, |row| row.digest(digest));
    }
}

fn threads<P: Peer, const N: usize>(size: Size) -> Box<dyn Bench> {
    let entities = size.entities;
    Duo::boxed(Link::pair((1 << 17) / N).map(|link| {
        let link = Mutex::new(Some(link));
        ByVec::<P, N> { entities, link, peer: PhantomData }
    }))
}

/// One row at a time.
struct ByRow<P: Peer> {
    entities: usize,
    link: Mutex<Option<Link<P::Row>>>,
    peer: PhantomData<P>,
}

impl<P: Peer> Cross for ByRow<P> {
    type World = (P::World, Link<P::Row>);

    fn make(&self, all: bool) -> Self::World {
        let link = self.link.lock().expect("no panic").take().expect("made once");
        let size = Size { entities: if all { self.entities } else { 0 }, archetypes: 1 };
        (full::<P>(size), link)
    }

    fn send(&self, (from, link): &mut Self::World) {
        P::each(from, |row| link.send(row));
        P::clear(from);
    }

    fn receive(&self, (to, link): &mut Self::World) {
        for _ in 0..self.entities {
            let row = link.receive();
            P::push(to, row);
        }
    }

    fn digest(&self, (world, _): &mut Self::World, digest: &mut Digest) {
        P::each(world, |row| row.digest(digest));
    }
}

fn threads_rows<P: Peer>(size: Size) -> Box<dyn Bench> {
    let entities = size.entities;
    Duo::boxed(Link::pair(4096).map(|link| {
        let link = Mutex::new(Some(link));
        ByRow::<P> { entities, link, peer: PhantomData }
    }))
}
