//! static-ecs: rows, batches of columns, whole tables; worlds side by side, through the
//! coordinator on one thread, and on a thread each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use static_ecs::Endpoint;
use static_ecs::block::{Block, block_bytes};
use static_ecs::prelude::*;
use static_ecs::schema::Schema;
use static_ecs::transfer::TransferFlags;

use super::parts::{self, components, digest_row, row};
use crate::case::{Bench, Digest, Entry, Size};
use crate::ecs::lasting;
use crate::pair::pin_once;

pub const NAME: &str = "static-ecs";

components! { Component }

#[world_config(components(A, B, C, D), max_entities = 200_000)]
pub struct Base;

type Worlds<W> = [World<W>; 2];

const FLAGS: TransferFlags =
    TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };

fn fill<W: WorldConfig<Schema = Base>>(world: &mut World<W>, count: usize) {
    world.spawn_batch((0..count).map(|n| bundle(&row(n)))).expect("there is room");
}

fn worlds(size: Size) -> Worlds<Base> {
    let mut worlds = [World::with_origin(1), World::with_origin(2)];
    fill(&mut worlds[0], size.entities);
    worlds
}

fn add_digest<W: WorldConfig<Schema = Base>>(world: &World<W>, digest: &mut Digest) {
    for (a, b, c, d) in world.view::<(&A, &B, &C, &D)>() {
        digest_row(digest, &unbundle((*a, *b, *c, *d)));
    }
}

fn digest(worlds: &mut Worlds<Base>) -> Digest {
    let mut digest = Digest::default();
    worlds.iter().for_each(|world| add_digest(world, &mut digest));
    digest
}

fn turn<W: WorldConfig>(worlds: &mut Worlds<W>) -> (&mut World<W>, &mut World<W>) {
    let [one, two] = worlds;
    if one.is_empty() { (two, one) } else { (one, two) }
}

fn table_of<W: WorldConfig>(world: &World<W>) -> (u32, static_ecs::schema::Mask) {
    let table = world.tables().iter().position(|table| !table.is_empty()).expect("it has some");
    (table as u32, world.tables()[table].mask())
}

/// All of a table, batch by batch through one block.
fn by_blocks<W: WorldConfig>(from: &mut World<W>, to: &mut World<W>, block: &mut Block<W::Schema>) {
    let (table, mask) = table_of(from);
    from.leave(|leaving| {
        loop {
            block.begin(mask, 0, FLAGS);
            if leaving.fill_from(table, usize::MAX, block) == 0 {
                break;
            }
            to.arrive(block, usize::MAX).expect("it takes them");
        }
    });
}

fn blocks<const N: u32>(size: Size) -> Box<dyn Bench> {
    let block = Block::new(block_bytes::<Base>(N));
    lasting(
        (worlds(size), block),
        |(worlds, block)| {
            let (from, to) = turn(worlds);
            by_blocks(from, to, block);
        },
        |(worlds, _)| digest(worlds),
    )
}

/// All that match a query, by pointer: nobody is in the other world.
fn query<W: WorldConfig>(from: &mut World<W>, to: &mut World<W>) {
    from.move_query_to::<(), _>(to).expect("there is room");
}

/// As [`query`], copied: some are there. As many as keep columns aligned, for `hand`'s are.
fn query_behind<W: WorldConfig>(
    from: &mut World<W>,
    to: &mut World<W>,
    mut spawn: impl FnMut(&mut World<W>) -> Entity,
) {
    let others: [Entity; 16] = std::array::from_fn(|_| spawn(to));
    query(from, to);
    for other in others {
        to.despawn(other).expect("it was there");
    }
}

fn queried(size: Size, copied: bool) -> Box<dyn Bench> {
    lasting(
        worlds(size),
        move |worlds| {
            let (from, to) = turn(worlds);
            if copied {
                query_behind(from, to, |to| to.spawn(bundle(&row(0))).expect("there is room"));
            } else {
                query(from, to);
            }
        },
        digest,
    )
}

fn cold_queried(size: Size) -> Box<dyn Bench> {
    let mut world = World::<Base>::with_origin(1);
    fill(&mut world, size.entities);
    lasting(
        world,
        |world| {
            let mut to = World::<Base>::with_origin(3 - world.origin());
            query(world, &mut to);
            *world = to;
        },
        |world| {
            let mut digest = Digest::default();
            add_digest(world, &mut digest);
            digest
        },
    )
}

fn list<const N: u32>(size: Size) -> Box<dyn Bench> {
    let block = Block::<Base>::new(block_bytes::<Base>(N));
    let ids: Vec<Entity> = Vec::new();
    lasting(
        (worlds(size), block, ids),
        |(worlds, block, ids)| {
            let (from, to) = turn(worlds);
            ids.clear();
            ids.extend(from.entities());
            let (_, mask) = table_of(from);
            from.leave(|leaving| {
                let mut gone = 0;
                while gone < ids.len() {
                    block.begin(mask, 0, FLAGS);
                    gone += leaving.fill(&ids[gone..], block, 1);
                    to.arrive(block, usize::MAX).expect("it takes them");
                }
            });
        },
        |(worlds, ..)| digest(worlds),
    )
}

fn cold(size: Size) -> Box<dyn Bench> {
    let mut world = World::<Base>::with_origin(1);
    fill(&mut world, size.entities);
    let block = Block::new(block_bytes::<Base>(1024));
    lasting(
        (world, block),
        |(world, block)| {
            // Its own, so that the ids are natives there and guests here, in turn.
            let origin = 3 - world.origin();
            let mut to = World::<Base>::with_origin(origin);
            by_blocks(world, &mut to, block);
            *world = to;
        },
        |(world, _)| {
            let mut digest = Digest::default();
            add_digest(world, &mut digest);
            digest
        },
    )
}

fn rows(
    size: Size,
    one: impl Fn(&mut World<Base>, &mut World<Base>, Entity) + 'static,
) -> Box<dyn Bench> {
    let worlds = worlds(size);
    let ids: Vec<Entity> = worlds[0].entities().collect();
    lasting(
        (worlds, ids),
        move |(worlds, ids)| {
            let (from, to) = turn(worlds);
            ids.iter().for_each(|&entity| one(from, to, entity));
        },
        |(worlds, _)| digest(worlds),
    )
}

/// Two worlds of a coordinator with queues of one kind.
macro_rules! coordinated {
    ($module:ident, $base:ident, $batch:literal, $capacity:literal) => {
        mod $module {
            use super::*;

            #[world_config(
                base = $base, source, world_id = 0, routing(default_target = Right),
                transfer_queue(batch_size = $batch, capacity = $capacity, spsc = true)
            )]
            pub struct Left;
            #[world_config(
                base = $base, world_id = 1, routing(default_target = Left),
                transfer_queue(batch_size = $batch, capacity = $capacity, spsc = true)
            )]
            pub struct Right;
            coordinator!(pub type Pair = (Left, Right));

            /// By hand, on one thread.
            #[allow(dead_code)]
            pub fn stepped(
                size: Size,
                completed: bool,
                fill: impl Fn(&mut World<Left>, usize),
                digest: impl Fn(&World<Left>, &World<Right>) -> Digest + 'static,
            ) -> Box<dyn Bench> {
                let mut pair = Pair::new();
                pair.start().expect("it starts");
                fill(pair.world_mut::<Left>(), size.entities);
                let ids: Vec<Entity> = pair.world::<Left>().entities().collect();
                lasting(
                    (pair, ids),
                    move |(pair, ids)| {
                        macro_rules! go {
                            ($from:ident, $to:ident, $id:literal) => {{
                                let from = pair.world_mut::<$from>();
                                if completed {
                                    ids.iter().for_each(|&id| from.complete(id).expect("here"));
                                } else {
                                    from.transfer_query::<()>($id);
                                }
                                while pair.world::<$to>().len() < ids.len() {
                                    pair.tick_world::<$from>().expect("it goes well");
                                    pair.tick_world::<$to>().expect("it goes well");
                                }
                            }};
                        }
                        match pair.world::<Left>().is_empty() {
                            false => go!(Left, Right, 1),
                            true => go!(Right, Left, 0),
                        }
                    },
                    move |(pair, _)| digest(pair.world::<Left>(), pair.world::<Right>()),
                )
            }
        }
    };
}

coordinated!(by_1, Base, 1, 4096);
coordinated!(by_8, Base, 8, 16384);
coordinated!(by_64, Base, 64, 16384);
coordinated!(by_1024, Base, 1024, 16384);
coordinated!(by_8192, Base, 8192, 65536);
coordinated!(whole, Base, 1024, 131072);

/// On a thread each.
macro_rules! threaded {
    ($name:ident, $module:ident) => {
        fn $name(size: Size, how: How) -> Box<dyn Bench> {
            use $module::{Left, Pair, Right};
            let mut pair = Pair::new();
            fill(pair.world_mut::<Left>(), size.entities);
            let (course, done) = Course::new(size.entities);
            macro_rules! world {
                ($world:ident, $core:literal, $other:literal) => {{
                    let mut runner = course.clone();
                    pair.add_system::<$world, _>(move |world: &mut World<$world>| {
                        runner.settle($core);
                        if !matches!(how, How::Taken { .. }) && runner.begin(world.len()) {
                            how.start(world, $other);
                        }
                    });
                    if let How::Taken { batches } = how {
                        let (mut runner, mut leaving) = (course.clone(), Leaving::new());
                        pair.set_intake::<$world>(move |world, endpoint| {
                            if batches {
                                endpoint.receive(world);
                            }
                            while let Some(transfer) = endpoint.pop_transfer() {
                                world.insert_transfer(transfer).expect("there is room");
                            }
                            if runner.begin(world.len()) {
                                leaving.ids.extend(world.entities());
                            }
                            leaving.send(world, endpoint, $other);
                        });
                    }
                    if let How::Rows = how {
                        pair.set_intake::<$world>(|world, endpoint| {
                            while let Some(transfer) = endpoint.pop_transfer() {
                                world.insert_transfer(transfer).expect("there is room");
                            }
                            let leaving: Vec<Entity> = world
                                .outbox()
                                .map(|parcel| parcel.entity)
                                .take(if world.outbox_len() > 0 { 4096 } else { 0 })
                                .collect();
                            for entity in leaving {
                                let transfer = world.take(entity).expect("it is here");
                                if let Err(back) = endpoint.queue_transfer($other, transfer) {
                                    let back = back.into_inner();
                                    let back = world.insert_transfer(back).expect("its place");
                                    world.complete(back).expect("it is here");
                                    break;
                                }
                            }
                        });
                    }
                    pair.set_idle::<$world>(Idle::Spin);
                    pair.set_pace::<$world>(Pace::Continuous);
                }};
            }
            world!(Left, 0, 1);
            world!(Right, 1, 0);
            Box::new(Threaded {
                pair: Some(pair),
                course,
                done,
                run: |pair: Pair, done: &Receiver<Duration>| {
                    let running = pair.run(Placement::PerWorld).expect("threads");
                    let spent = spent(done, || running.is_running());
                    let stopped = running.stop_within(Duration::ZERO);
                    if let Some(failure) = stopped.failures.first() {
                        panic!("{failure}");
                    }
                    (stopped.coordinator, spent.expect("no world has failed"))
                },
                digest: |pair: &Pair| {
                    let mut digest = Digest::default();
                    add_digest(pair.world::<Left>(), &mut digest);
                    add_digest(pair.world::<Right>(), &mut digest);
                    digest
                },
            })
        }
    };
}

threaded!(threads_1, by_1);
threaded!(threads_8, by_8);
threaded!(threads_64, by_64);
threaded!(threads_1024, by_1024);
threaded!(threads_8192, by_8192);
threaded!(threads_whole, whole);

/// How entities are told to go.
#[derive(Clone, Copy)]
pub enum How {
    Query,
    Completed,
    /// Completed, and sent by hand in the next tick, one by one; what there is no time or room
    /// for goes in batches at the end of a tick.
    Rows,
    /// Taken and sent by hand, one by one; they arrive so too, or in batches.
    Taken {
        batches: bool,
    },
}

/// Entities that are to be taken and sent one by one.
struct Leaving<S: Schema> {
    ids: Vec<Entity>,
    gone: usize,
    /// For which there was no room.
    held: Option<EntityTransfer<S>>,
}

impl<S: Schema> Leaving<S> {
    fn new() -> Self {
        Self { ids: Vec::new(), gone: 0, held: None }
    }

    /// Sends as many as there is room for.
    fn send<W>(&mut self, world: &mut World<W>, endpoint: &mut Endpoint<S>, other: u16)
    where
        W: WorldConfig<Schema = S>,
    {
        if let Some(held) = self.held.take()
            && let Err(back) = endpoint.queue_transfer(other, held)
        {
            self.held = Some(back.into_inner());
            return;
        }
        while let Some(&entity) = self.ids.get(self.gone) {
            let transfer = world.take(entity).expect("it is here");
            self.gone += 1;
            if let Err(back) = endpoint.queue_transfer(other, transfer) {
                self.held = Some(back.into_inner());
                return;
            }
        }
        self.ids.clear();
        self.gone = 0;
    }
}

impl How {
    fn start<W: WorldConfig>(self, world: &mut World<W>, other: u16) {
        match self {
            Self::Query => _ = world.transfer_query::<()>(other),
            Self::Completed | Self::Rows => {
                for table in 0..world.tables().len() {
                    for row in 0..world.tables()[table].len() {
                        let entity = world.tables()[table].entities()[row];
                        world.complete(entity).expect("it is here");
                    }
                }
            }
            Self::Taken { .. } => unreachable!("the intake starts those"),
        }
    }
}

/// How often all entities still go across, and since when.
#[derive(Clone)]
pub struct Course {
    entities: usize,
    shared: Arc<Shared>,
    told: Sender<Duration>,
}

struct Shared {
    /// Crossings left, and 1 more for the last arrival.
    left: AtomicU64,
    epoch: Instant,
    /// When the first began, in nanoseconds since `epoch`.
    begun: AtomicU64,
    /// Threads that are on their cores.
    settled: AtomicU64,
}

/// What the worlds tell, unless they end without it.
pub fn spent<T>(done: &Receiver<T>, runs: impl Fn() -> bool) -> Option<T> {
    loop {
        // Not too often: this thread takes time from one of the two.
        match done.recv_timeout(Duration::from_millis(200)) {
            Ok(spent) => return Some(spent),
            Err(RecvTimeoutError::Timeout) if runs() => {}
            Err(_) => return None,
        }
    }
}

impl Course {
    fn new(entities: usize) -> (Self, Receiver<Duration>) {
        let (told, done) = channel();
        let [left, begun, settled] = [0; 3].map(AtomicU64::new);
        let shared = Arc::new(Shared { left, epoch: Instant::now(), begun, settled });
        (Self { entities, shared, told }, done)
    }

    fn set(&self, times: u32) {
        self.shared.begun.store(0, Ordering::Release);
        self.shared.settled.store(0, Ordering::Release);
        self.shared.left.store(u64::from(times) + 1, Ordering::Release);
    }

    /// Keeps this thread, which is new in each sample, on a core.
    fn settle(&self, core: usize) {
        if pin_once(core) {
            self.shared.settled.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether a world with so many entities is to send all of them now.
    fn begin(&mut self, here: usize) -> bool {
        // Nothing is timed before both threads are where they stay.
        if here < self.entities || self.shared.settled.load(Ordering::Acquire) < 2 {
            return false;
        }
        let left = self.shared.left.load(Ordering::Acquire);
        let now = self.shared.epoch.elapsed().as_nanos() as u64;
        match left {
            0 => return false,
            1 => {
                let begun = self.shared.begun.load(Ordering::Acquire);
                let _ = self.told.send(Duration::from_nanos(now - begun));
            }
            _ if self.shared.begun.load(Ordering::Acquire) == 0 => {
                self.shared.begun.store(now, Ordering::Release);
            }
            _ => {}
        }
        // Only who has all entities is here.
        self.shared.left.store(left - 1, Ordering::Release);
        left > 1
    }
}

/// A coordinator that runs for the time of a sample.
struct Threaded<P, R, D> {
    pair: Option<P>,
    course: Course,
    done: Receiver<Duration>,
    /// Runs until it is told how long that took.
    run: R,
    digest: D,
}

impl<P, R, D> Bench for Threaded<P, R, D>
where
    R: Fn(P, &Receiver<Duration>) -> (P, Duration),
    D: Fn(&P) -> Digest,
{
    fn run(&mut self, times: u32) -> Duration {
        self.course.set(times);
        let (pair, spent) = (self.run)(self.pair.take().expect("it has ended"), &self.done);
        self.pair = Some(pair);
        spent
    }

    fn digest(&mut self) -> Digest {
        (self.digest)(self.pair.as_ref().expect("it has ended"))
    }
}

/// Two of so many declared components of 16 bytes.
macro_rules! declared {
    ($module:ident, $($other:ident)*) => {
        mod $module {
            use super::*;

            #[derive(Component, Clone, Copy)]
            pub struct X([f32; 4]);
            #[derive(Component, Clone, Copy)]
            pub struct Y([f32; 4]);
            $(
                #[derive(Component, Clone, Copy)]
                pub struct $other(#[allow(dead_code)] [f32; 4]);
            )*
            #[world_config(components(X, Y, $($other),*), max_entities = 200_000)]
            pub struct Many;
            coordinated!(pairs, Many, 1024, 16384);
            threaded!(threads, pairs);

            fn fill<W: WorldConfig<Schema = Many>>(world: &mut World<W>, count: usize) {
                let x = |n| [n as f32; 4];
                let both = (0..count).map(|n| (X(x(n)), Y(x(n))));
                world.spawn_batch(both).expect("there is room");
            }

            fn add_digest<W: WorldConfig<Schema = Many>>(world: &World<W>, digest: &mut Digest) {
                world.view::<(&X, &Y)>().for_each(|(x, y)| digest.add(&[x.0[0], y.0[3]]));
            }

            pub fn by_query(size: Size) -> Box<dyn Bench> {
                let mut worlds = [World::<Many>::with_origin(1), World::with_origin(2)];
                fill(&mut worlds[0], size.entities);
                lasting(
                    worlds,
                    |worlds| {
                        let (from, to) = turn(worlds);
                        query_behind(from, to, |to| {
                            to.spawn((X([0.0; 4]), Y([0.0; 4]))).expect("there is room")
                        });
                    },
                    |worlds| {
                        let mut digest = Digest::default();
                        worlds.iter().for_each(|world| add_digest(world, &mut digest));
                        digest
                    },
                )
            }

            pub fn bench(size: Size) -> Box<dyn Bench> {
                pairs::stepped(size, false, fill, |left, right| {
                    let mut digest = Digest::default();
                    add_digest(left, &mut digest);
                    add_digest(right, &mut digest);
                    digest
                })
            }

            pub fn bench_threads(size: Size) -> Box<dyn Bench> {
                threads(size, How::Query)
            }
        }
    };
}

mod owned {
    use super::*;

    #[derive(Component)]
    pub struct Number(f32);
    #[derive(Component)]
    pub struct Bytes(Vec<u8>);
    #[world_config(components(Number, Bytes), max_entities = 200_000)]
    pub struct Owners;

    pub fn bench(
        size: Size,
        how: fn(&mut World<Owners>, &mut World<Owners>, &mut Block<Owners>),
    ) -> Box<dyn Bench> {
        let mut worlds = [World::<Owners>::with_origin(1), World::with_origin(2)];
        let all = (0..size.entities).map(|n| (Number(n as f32), Bytes(parts::bytes(n))));
        worlds[0].spawn_batch(all).expect("there is room");
        let block = Block::new(block_bytes::<Owners>(1024));
        lasting(
            (worlds, block),
            move |(worlds, block)| {
                let (from, to) = turn(worlds);
                how(from, to, block);
            },
            |(worlds, _)| {
                let mut digest = Digest::default();
                for world in worlds {
                    for (number, bytes) in world.view::<(&Number, &Bytes)>() {
                        parts::digest_owned(&mut digest, number.0, &bytes.0);
                    }
                }
                digest
            },
        )
    }
}

fn pair_digest<L, R>(left: &World<L>, right: &World<R>) -> Digest
where
    L: WorldConfig<Schema = Base>,
    R: WorldConfig<Schema = Base>,
{
    let mut digest = Digest::default();
    add_digest(left, &mut digest);
    add_digest(right, &mut digest);
    digest
}

declared!(of_2,);
declared!(of_8, C2 C3 C4 C5 C6 C7);
declared!(of_32, C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22
    C23 C24 C25 C26 C27 C28 C29 C30 C31);

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("move_bulk", "batches of 8", blocks::<8>),
        entry("move_bulk", "batches of 64", blocks::<64>),
        entry("move_bulk", "batches of 1,024", blocks::<1024>),
        entry("move_bulk", "batches of 8,192", blocks::<8192>),
        entry("move_bulk", "a list, by 64", list::<64>),
        entry("move_bulk", "a list, by 1,024", list::<1024>),
        entry("move_bulk", "ticks, by 64", |size| by_64::stepped(size, false, fill, pair_digest)),
        entry("move_bulk", "ticks, by 1,024", |size| {
            by_1024::stepped(size, false, fill, pair_digest)
        }),
        entry("move_bulk", "ticks, completed", |size| {
            by_1024::stepped(size, true, fill, pair_digest)
        }),
        entry("move_bulk", "move_query_to, copied", |size| queried(size, true)),
        entry("move_rows", "take, insert_transfer", |size| {
            rows(size, |from, to, entity| {
                let transfer = from.take(entity).expect("it is here");
                to.insert_transfer(transfer).expect("there is room");
            })
        }),
        entry("move_rows", "move_to", |size| {
            rows(size, |from, to, entity| {
                from.move_to(entity, to).expect("it is here, and there is room");
            })
        }),
        entry("move_table", "ticks", |size| whole::stepped(size, false, fill, pair_digest)),
        entry("move_table", "move_query_to", |size| queried(size, false)),
        entry("move_cold", "batches of 1,024", cold),
        entry("move_cold", "move_query_to, by pointer", cold_queried),
        entry("move_owned", "batches of 1,024", |size| owned::bench(size, by_blocks)),
        entry("move_owned", "move_query_to, by pointer", |size| {
            owned::bench(size, |from, to, _| query(from, to))
        }),
        entry("move_2_of_2", "ticks, by 1,024", of_2::bench),
        entry("move_2_of_2", "move_query_to, copied", of_2::by_query),
        entry("move_2_of_8", "ticks, by 1,024", of_8::bench),
        entry("move_2_of_8", "move_query_to, copied", of_8::by_query),
        entry("move_2_of_32", "ticks, by 1,024", of_32::bench),
        entry("move_2_of_32", "move_query_to, copied", of_32::by_query),
        entry("move_threads_2_of_2", "query", of_2::bench_threads),
        entry("move_threads_2_of_8", "query", of_8::bench_threads),
        entry("move_threads_2_of_32", "query", of_32::bench_threads),
        entry("move_threads_8", "query", |size| threads_8(size, How::Query)),
        entry("move_threads_64", "query", |size| threads_64(size, How::Query)),
        entry("move_threads_64", "completed", |size| threads_64(size, How::Completed)),
        entry("move_threads_1024", "query", |size| threads_1024(size, How::Query)),
        entry("move_threads_1024", "completed", |size| threads_1024(size, How::Completed)),
        entry("move_threads_1024", "whole table", |size| threads_whole(size, How::Query)),
        entry("move_threads_8192", "query", |size| threads_8192(size, How::Query)),
        entry("move_threads_rows", "completed", |size| threads_64(size, How::Rows)),
        entry("move_threads_rows", "queue_transfer", |size| {
            threads_64(size, How::Taken { batches: false })
        }),
        entry("move_threads_rows", "queue_transfer, batches of 1", |size| {
            threads_1(size, How::Taken { batches: false })
        }),
        entry("move_threads_rows", "queue_transfer, receive", |size| {
            threads_64(size, How::Taken { batches: true })
        }),
    ]
}
