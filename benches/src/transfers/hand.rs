//! Plain code: a column for each component, the ids beside them, and for each id a slot
//! that says in which row it is.

use std::hint::spin_loop;
use std::sync::Mutex;

use super::parts::{Row, Vec2, Vec3, digest_row, row};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::lasting;
use crate::pair::{Cross, Duo, Link};

pub const NAME: &str = "hand";

/// The row of an id that is elsewhere.
const AWAY: u64 = u32::MAX as u64;

#[derive(Default)]
pub struct Columns {
    ids: Vec<u64>,
    a: Vec<Vec3>,
    b: Vec<Vec3>,
    c: Vec<Vec2>,
    d: Vec<Vec2>,
    /// Generation and row by id.
    slots: Vec<u64>,
}

fn id(n: usize) -> u64 {
    1 << 32 | n as u64
}

impl Columns {
    /// With slots for `all` ids, of which as many are here.
    fn new(all: usize, here: bool) -> Self {
        let mut new = Self { slots: vec![1 << 32 | AWAY; all], ..Self::default() };
        for n in (0..all).filter(|_| here) {
            new.slots[n] = 1 << 32 | n as u64;
            new.push(id(n), row(n));
        }
        new
    }

    #[inline]
    fn push(&mut self, id: u64, row: Row) {
        self.ids.push(id);
        self.a.push(row.a);
        self.b.push(row.b);
        self.c.push(row.c);
        self.d.push(row.d);
    }

    #[inline]
    fn swap_remove(&mut self, at: usize) -> Row {
        self.ids.swap_remove(at);
        Row {
            a: self.a.swap_remove(at),
            b: self.b.swap_remove(at),
            c: self.c.swap_remove(at),
            d: self.d.swap_remove(at),
        }
    }

    fn clear(&mut self) {
        self.ids.clear();
        self.a.clear();
        self.b.clear();
        self.c.clear();
        self.d.clear();
    }

    fn take_columns(&mut self, from: &Self) {
        self.a.extend_from_slice(&from.a);
        self.b.extend_from_slice(&from.b);
        self.c.extend_from_slice(&from.c);
        self.d.extend_from_slice(&from.d);
    }

    /// Says in the slots that the ids from row `first` on are here.
    #[inline]
    fn have_come(&mut self, first: usize) {
        for (row, &id) in (first as u64..).zip(&self.ids[first..]) {
            self.slots[id as u32 as usize] = id >> 32 << 32 | row;
        }
    }

    fn have_gone(slots: &mut [u64], ids: &[u64]) {
        for &id in ids {
            slots[id as u32 as usize] = id >> 32 << 32 | AWAY;
        }
    }

    fn digest(&self, digest: &mut Digest) {
        for n in 0..self.a.len() {
            let row = Row { a: self.a[n], b: self.b[n], c: self.c[n], d: self.d[n] };
            digest_row(digest, &row);
        }
    }
}

type Pair = [Columns; 2];

fn pair(size: Size) -> Pair {
    [true, false].map(|here| Columns::new(size.entities, here))
}

fn digest(pair: &mut Pair) -> Digest {
    let mut digest = Digest::default();
    pair.iter().for_each(|columns| columns.digest(&mut digest));
    digest
}

/// Who has all, and who gets them.
fn turn(pair: &mut Pair) -> (&mut Columns, &mut Columns) {
    let [one, two] = pair;
    if one.a.is_empty() { (two, one) } else { (one, two) }
}

fn by_columns(pair: &mut Pair) {
    let (from, to) = turn(pair);
    to.take_columns(from);
    from.clear();
}

fn with_ids(pair: &mut Pair) {
    let (from, to) = turn(pair);
    to.take_columns(from);
    to.ids.extend_from_slice(&from.ids);
    to.have_come(0);
    Columns::have_gone(&mut from.slots, &from.ids);
    from.clear();
}

fn by_rows(pair: &mut Pair) {
    let (from, to) = turn(pair);
    for n in 0..from.slots.len() {
        let id = id(n);
        let at = from.slots[n] as u32 as usize;
        let row = from.swap_remove(at);
        if let Some(&moved) = from.ids.get(at) {
            from.slots[moved as u32 as usize] = moved >> 32 << 32 | at as u64;
        }
        from.slots[n] = id >> 32 << 32 | AWAY;
        to.slots[n] = id >> 32 << 32 | to.ids.len() as u64;
        to.push(id, row);
    }
}

fn by_pointers(pair: &mut Pair) {
    let (from, to) = turn(pair);
    std::mem::swap(&mut from.ids, &mut to.ids);
    std::mem::swap(&mut from.a, &mut to.a);
    std::mem::swap(&mut from.b, &mut to.b);
    std::mem::swap(&mut from.c, &mut to.c);
    std::mem::swap(&mut from.d, &mut to.d);
}

fn by_pointers_with_ids(pair: &mut Pair) {
    by_pointers(pair);
    let (now, before) = turn(pair);
    now.have_come(0);
    Columns::have_gone(&mut before.slots, &now.ids);
}

fn cold(size: Size) -> Box<dyn Bench> {
    let run = move |from: &mut Columns| {
        let mut to = Columns { slots: vec![1 << 32 | AWAY; size.entities], ..Columns::default() };
        to.take_columns(from);
        to.ids.extend_from_slice(&from.ids);
        to.have_come(0);
        Columns::have_gone(&mut from.slots, &from.ids);
        *from = to;
    };
    lasting(Columns::new(size.entities, true), run, |columns| {
        let mut digest = Digest::default();
        columns.digest(&mut digest);
        digest
    })
}

/// A batch of columns.
struct Chunk<const N: usize> {
    len: usize,
    ids: [u64; N],
    a: [Vec3; N],
    b: [Vec3; N],
    c: [Vec2; N],
    d: [Vec2; N],
}

impl<const N: usize> Chunk<N> {
    fn new() -> Box<Self> {
        // SAFETY: all of it are plain numbers.
        unsafe { Box::new_zeroed().assume_init() }
    }
}

struct Chunks<const N: usize> {
    entities: usize,
    link: Mutex<Option<Link<Box<Chunk<N>>>>>,
}

fn ends<T, C>(capacity: usize, make: impl Fn(Mutex<Option<Link<T>>>) -> C) -> [C; 2] {
    Link::pair(capacity).map(|link| make(Mutex::new(Some(link))))
}

impl<const N: usize> Chunks<N> {
    fn bench(size: Size) -> Box<dyn Bench> {
        let entities = size.entities;
        Duo::boxed(ends((1 << 17) / N, |link| Self { entities, link }))
    }
}

impl<const N: usize> Cross for Chunks<N> {
    type World = (Columns, Link<Box<Chunk<N>>>);

    fn make(&self, all: bool) -> Self::World {
        let link = self.link.lock().expect("no panic").take().expect("made once");
        (Columns::new(self.entities, all), link)
    }

    fn send(&self, (from, link): &mut Self::World) {
        let mut first = 0;
        while first < from.ids.len() {
            let mut chunk = link.used().unwrap_or_else(Chunk::new);
            let len = N.min(from.ids.len() - first);
            let rows = first..first + len;
            chunk.len = len;
            chunk.ids[..len].copy_from_slice(&from.ids[rows.clone()]);
            chunk.a[..len].copy_from_slice(&from.a[rows.clone()]);
            chunk.b[..len].copy_from_slice(&from.b[rows.clone()]);
            chunk.c[..len].copy_from_slice(&from.c[rows.clone()]);
            chunk.d[..len].copy_from_slice(&from.d[rows]);
            Columns::have_gone(&mut from.slots, &chunk.ids[..len]);
            link.send(chunk);
            first += len;
        }
        from.clear();
    }

    fn receive(&self, (to, link): &mut Self::World) {
        while to.ids.len() < self.entities {
            let chunk = link.receive();
            let (first, len) = (to.ids.len(), chunk.len);
            to.ids.extend_from_slice(&chunk.ids[..len]);
            to.a.extend_from_slice(&chunk.a[..len]);
            to.b.extend_from_slice(&chunk.b[..len]);
            to.c.extend_from_slice(&chunk.c[..len]);
            to.d.extend_from_slice(&chunk.d[..len]);
            to.have_come(first);
            link.give_back(chunk);
        }
    }

    fn digest(&self, (columns, _): &mut Self::World, digest: &mut Digest) {
        columns.digest(digest);
    }
}

/// One by one.
struct Rows {
    entities: usize,
    link: Mutex<Option<Link<(u64, Row)>>>,
}

impl Cross for Rows {
    type World = (Columns, Link<(u64, Row)>);

    fn make(&self, all: bool) -> Self::World {
        let link = self.link.lock().expect("no panic").take().expect("made once");
        (Columns::new(self.entities, all), link)
    }

    fn send(&self, (from, link): &mut Self::World) {
        for n in 0..self.entities {
            let id = id(n);
            let at = from.slots[n] as u32 as usize;
            let row = from.swap_remove(at);
            if let Some(&moved) = from.ids.get(at) {
                from.slots[moved as u32 as usize] = moved >> 32 << 32 | at as u64;
            }
            from.slots[n] = id >> 32 << 32 | AWAY;
            link.send((id, row));
        }
    }

    fn receive(&self, (to, link): &mut Self::World) {
        for _ in 0..self.entities {
            let (id, row) = link.receive();
            to.slots[id as u32 as usize] = id >> 32 << 32 | to.ids.len() as u64;
            to.push(id, row);
        }
        spin_loop();
    }

    fn digest(&self, (columns, _): &mut Self::World, digest: &mut Digest) {
        columns.digest(digest);
    }
}

fn rows(size: Size) -> Box<dyn Bench> {
    let entities = size.entities;
    Duo::boxed(ends(4096, |link| Rows { entities, link }))
}

/// Two components of 16 bytes.
#[derive(Default)]
struct Two {
    ids: Vec<u64>,
    x: Vec<[f32; 4]>,
    y: Vec<[f32; 4]>,
    slots: Vec<u64>,
}

impl Two {
    /// With slots for `all` ids, of which as many are here.
    fn new(all: usize, here: bool) -> Self {
        let mut new = Self { slots: vec![1 << 32 | AWAY; all], ..Self::default() };
        for n in (0..all).filter(|_| here) {
            new.slots[n] = 1 << 32 | n as u64;
            new.ids.push(id(n));
            new.x.push([n as f32; 4]);
            new.y.push([n as f32; 4]);
        }
        new
    }

    #[inline]
    fn take(&mut self, ids: &[u64], x: &[[f32; 4]], y: &[[f32; 4]]) {
        let first = self.ids.len();
        self.ids.extend_from_slice(ids);
        self.x.extend_from_slice(x);
        self.y.extend_from_slice(y);
        for (row, &id) in (first as u64..).zip(ids) {
            self.slots[id as u32 as usize] = id >> 32 << 32 | row;
        }
    }

    fn clear(&mut self) {
        self.ids.clear();
        self.x.clear();
        self.y.clear();
    }

    fn digest(&self, digest: &mut Digest) {
        self.x.iter().zip(&self.y).for_each(|(x, y)| digest.add(&[x[0], y[3]]));
    }
}

fn two(size: Size) -> Box<dyn Bench> {
    let run = |pair: &mut [Two; 2]| {
        let [one, two] = pair;
        let (from, to) = if one.ids.is_empty() { (two, one) } else { (one, two) };
        to.take(&from.ids, &from.x, &from.y);
        Columns::have_gone(&mut from.slots, &from.ids);
        from.clear();
    };
    lasting([true, false].map(|here| Two::new(size.entities, here)), run, |pair| {
        let mut digest = Digest::default();
        pair.iter().for_each(|two| two.digest(&mut digest));
        digest
    })
}

/// A batch of columns of these.
struct TwoChunk {
    len: usize,
    ids: [u64; 1024],
    x: [[f32; 4]; 1024],
    y: [[f32; 4]; 1024],
}

impl TwoChunk {
    fn new() -> Box<Self> {
        // SAFETY: all of it are plain numbers.
        unsafe { Box::new_zeroed().assume_init() }
    }
}

struct TwoChunks {
    entities: usize,
    link: Mutex<Option<Link<Box<TwoChunk>>>>,
}

impl Cross for TwoChunks {
    type World = (Two, Link<Box<TwoChunk>>);

    fn make(&self, all: bool) -> Self::World {
        let link = self.link.lock().expect("no panic").take().expect("made once");
        (Two::new(self.entities, all), link)
    }

    fn send(&self, (from, link): &mut Self::World) {
        let mut first = 0;
        while first < from.ids.len() {
            let mut chunk = link.used().unwrap_or_else(TwoChunk::new);
            let len = chunk.ids.len().min(from.ids.len() - first);
            let rows = first..first + len;
            chunk.len = len;
            chunk.ids[..len].copy_from_slice(&from.ids[rows.clone()]);
            chunk.x[..len].copy_from_slice(&from.x[rows.clone()]);
            chunk.y[..len].copy_from_slice(&from.y[rows]);
            Columns::have_gone(&mut from.slots, &chunk.ids[..len]);
            link.send(chunk);
            first += len;
        }
        from.clear();
    }

    fn receive(&self, (to, link): &mut Self::World) {
        while to.ids.len() < self.entities {
            let chunk = link.receive();
            let len = chunk.len;
            to.take(&chunk.ids[..len], &chunk.x[..len], &chunk.y[..len]);
            link.give_back(chunk);
        }
    }

    fn digest(&self, (two, _): &mut Self::World, digest: &mut Digest) {
        two.digest(digest);
    }
}

fn threads_two(size: Size) -> Box<dyn Bench> {
    let entities = size.entities;
    Duo::boxed(ends((1 << 17) / 1024, |link| TwoChunks { entities, link }))
}

/// A number, and memory that it owns.
fn owned(size: Size) -> Box<dyn Bench> {
    #[derive(Default)]
    struct Owned(Vec<u64>, Vec<f32>, Vec<Vec<u8>>, Vec<u64>);
    let make = |here: usize| {
        let slots = (0..size.entities).map(|n| 1 << 32 | n as u64).collect();
        let bytes = (0..here).map(super::parts::bytes).collect();
        Owned((0..here).map(id).collect(), (0..here).map(|n| n as f32).collect(), bytes, slots)
    };
    let run = |pair: &mut [Owned; 2]| {
        let [one, two] = pair;
        let (from, to) = if one.0.is_empty() { (two, one) } else { (one, two) };
        to.0.extend_from_slice(&from.0);
        to.1.extend_from_slice(&from.1);
        to.2.append(&mut from.2);
        for (row, &id) in (0..).zip(&to.0) {
            to.3[id as u32 as usize] = id >> 32 << 32 | row;
        }
        Columns::have_gone(&mut from.3, &from.0);
        from.0.clear();
        from.1.clear();
    };
    lasting([make(size.entities), make(0)], run, |pair| {
        let mut digest = Digest::default();
        for owned in pair {
            let each = owned.1.iter().zip(&owned.2);
            each.for_each(|(n, bytes)| super::parts::digest_owned(&mut digest, *n, bytes));
        }
        digest
    })
}

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("move_bulk", "columns alone", |size| lasting(pair(size), by_columns, digest)),
        entry("move_bulk", "with ids", |size| lasting(pair(size), with_ids, digest)),
        entry("move_rows", "", |size| lasting(pair(size), by_rows, digest)),
        entry("move_table", "pointers", |size| lasting(pair(size), by_pointers, digest)),
        entry("move_table", "pointers and ids", |size| {
            lasting(pair(size), by_pointers_with_ids, digest)
        }),
        entry("move_cold", "", cold),
        entry("move_owned", "", owned),
        entry("move_2_of_2", "", two),
        entry("move_2_of_8", "", two),
        entry("move_2_of_32", "", two),
        entry("move_threads_2_of_2", "", threads_two),
        entry("move_threads_2_of_8", "", threads_two),
        entry("move_threads_2_of_32", "", threads_two),
        entry("move_threads_8", "", Chunks::<8>::bench),
        entry("move_threads_64", "", Chunks::<64>::bench),
        entry("move_threads_1024", "", Chunks::<1024>::bench),
        entry("move_threads_8192", "", Chunks::<8192>::bench),
        entry("move_threads_rows", "", rows),
    ]
}
