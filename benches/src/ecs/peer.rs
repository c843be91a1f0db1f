//! What the peers' sides have in common: how a bench is put together, and the
//! components that each of them declares under its own derives.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytemuck::Pod;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::parts::{self, Mat4, Vec3, apply, invert};
use crate::case::{Bench, Digest};

/// The threads of the parallel cases.
pub const THREADS: usize = 2;

/// Where the peers that are built on rayon run: its global pool has as many
/// threads as the machine.
static POOL: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(THREADS).build().expect("threads"));

/// State that lasts from run to run, and what a run does to it.
struct Lasting<S, R, D> {
    state: S,
    run: R,
    digest: D,
}

impl<S, R: FnMut(&mut S), D: FnMut(&mut S) -> Digest> Bench for Lasting<S, R, D> {
    fn run(&mut self, times: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..times {
            (self.run)(black_box(&mut self.state));
        }
        start.elapsed()
    }

    fn digest(&mut self) -> Digest {
        (self.digest)(&mut self.state)
    }
}

pub fn lasting<S: 'static>(
    state: S,
    run: impl FnMut(&mut S) + 'static,
    digest: impl FnMut(&mut S) -> Digest + 'static,
) -> Box<dyn Bench> {
    Box::new(Lasting { state, run, digest })
}

pub fn pool() -> &'static ThreadPool {
    &POOL
}

/// Runs it on a thread of the pool.
pub fn install<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    POOL.install(run)
}

/// As [`Lasting`], with the runs on a thread of the pool: who starts from there
/// does not pay for getting there.
struct Pooled<B>(B);

impl<B: Bench + Send> Bench for Pooled<B> {
    fn run(&mut self, times: u32) -> Duration {
        install(|| self.0.run(times))
    }

    fn digest(&mut self) -> Digest {
        self.0.digest()
    }
}

pub fn pooled<S: Send + 'static>(
    state: S,
    run: impl FnMut(&mut S) + Send + 'static,
    digest: impl FnMut(&mut S) -> Digest + Send + 'static,
) -> Box<dyn Bench> {
    Box::new(Pooled(Lasting { state, run, digest }))
}

/// `insert_*` and `growth`: a run is a world's whole life.
pub fn whole_life<S: 'static, W>(
    source: S,
    build: impl Fn(&S) -> W + 'static,
    digest: impl Fn(&mut W) -> Digest + 'static,
) -> Box<dyn Bench> {
    let build = std::rc::Rc::new(build);
    let again = build.clone();
    lasting(
        source,
        move |source| drop(black_box(build(source))),
        move |source| digest(&mut again(source)),
    )
}

/// `add_remove`: `each` visits the two numbers of every entity. The digest takes
/// them with the component added and once more with it removed, since a run that
/// added something wrong would leave nothing behind that shows it.
pub fn add_remove<S: 'static>(
    state: S,
    add: impl Fn(&mut S) + Copy + 'static,
    remove: impl Fn(&mut S) + Copy + 'static,
    each: impl Fn(&mut S, &mut dyn FnMut(f32, Option<f32>)) + 'static,
) -> Box<dyn Bench> {
    lasting(
        state,
        move |state| {
            add(state);
            remove(state);
        },
        move |state| {
            let mut digest = Digest::default();
            for change in [&add as &dyn Fn(&mut S), &remove] {
                change(state);
                each(state, &mut |a, b| digest.add(&[a, b.unwrap_or(-1.0)]));
            }
            digest
        },
    )
}

/// `churn`: entities in a list, of which a run replaces a random half.
struct Churn<W, E, R, D> {
    world: W,
    list: Vec<E>,
    rounds: u32,
    run: R,
    digest: D,
}

/// What one run of `churn` replaces, and by what.
pub struct Round<'a, E> {
    list: &'a mut [E],
    half: &'a [usize],
    source: &'a [(Vec3, Vec3)],
}

impl<'a, E: Copy> Round<'a, E> {
    /// What the new ones are made of.
    pub fn source(&self) -> &'a [(Vec3, Vec3)] {
        self.source
    }

    #[inline]
    pub fn despawn(&self, mut each: impl FnMut(E)) {
        for &place in self.half {
            each(self.list[place]);
        }
    }

    #[inline]
    pub fn respawn(&mut self, mut each: impl FnMut(Vec3, Vec3) -> E) {
        for (&place, &(position, velocity)) in self.half.iter().zip(self.source) {
            self.list[place] = each(position, velocity);
        }
    }
}

impl<W, E, R, D> Bench for Churn<W, E, R, D>
where
    R: FnMut(&mut W, &mut Round<E>),
    D: FnMut(&mut W) -> Digest,
{
    fn run(&mut self, times: u32) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..times {
            let half = parts::half(self.list.len(), self.rounds);
            let source: Vec<_> =
                (0..half.len()).map(|j| (parts::position(j), parts::velocity(j))).collect();
            self.rounds += 1;
            let mut round = Round { list: &mut self.list, half: &half, source: &source };
            let start = Instant::now();
            (self.run)(&mut self.world, &mut round);
            spent += start.elapsed();
        }
        spent
    }

    fn digest(&mut self) -> Digest {
        (self.digest)(&mut self.world)
    }
}

pub fn churn<W: 'static, E: 'static>(
    world: W,
    list: Vec<E>,
    run: impl FnMut(&mut W, &mut Round<E>) + 'static,
    digest: impl FnMut(&mut W) -> Digest + 'static,
) -> Box<dyn Bench> {
    Box::new(Churn { world, list, rounds: 0, run, digest })
}

/// Alternately 2 and a half: what a run of `frag` multiplies by, for the numbers
/// to stay finite.
#[derive(Clone, Copy)]
pub struct Factor(bool);

impl Factor {
    pub const START: Self = Self(false);

    #[inline]
    pub fn next(&mut self) -> f32 {
        self.0 = !self.0;
        if self.0 { 2.0 } else { 0.5 }
    }
}

/// What `heavy_par` does to each entity.
#[inline]
pub fn heavy(transform: &mut Mat4, position: &mut Vec3) {
    for _ in 0..100 {
        *transform = invert(transform);
    }
    *position = apply(transform, *position);
}

#[inline]
pub fn add(position: &mut Vec3, velocity: &Vec3) {
    for (to, by) in position.iter_mut().zip(velocity) {
        *to += by;
    }
}

/// `iter_slices`, by whole columns as the numbers they are made of.
#[inline]
pub fn add_lanes<P: Pod, V: Pod>(positions: &mut [P], velocities: &[V]) {
    let (positions, velocities): (&mut [f32], &[f32]) =
        (bytemuck::cast_slice_mut(positions), bytemuck::cast_slice(velocities));
    for (to, by) in positions.iter_mut().zip(velocities) {
        *to += by;
    }
}

/// Swaps two columns of numbers.
#[inline]
pub fn swap_lanes<P: Pod, Q: Pod>(these: &mut [P], those: &mut [Q]) {
    let these: &mut [f32] = bytemuck::cast_slice_mut(these);
    these.swap_with_slice(bytemuck::cast_slice_mut(those));
}

/// Adds an entity of the four components.
pub fn digest_four(
    digest: &mut Digest,
    transform: &Mat4,
    position: &Vec3,
    rotation: &Vec3,
    velocity: &Vec3,
) {
    let mut lanes = transform.concat();
    lanes.extend(position.iter().chain(rotation).chain(velocity));
    digest.add(&lanes);
}

/// Adds an entity of a position and a velocity.
pub fn digest_two(digest: &mut Digest, position: &Vec3, velocity: &Vec3) {
    let mut lanes = [0.0; 6];
    lanes[..3].copy_from_slice(position);
    lanes[3..].copy_from_slice(velocity);
    digest.add(&lanes);
}

/// Adds an entity of `growth`.
pub fn digest_growth(digest: &mut Digest, position: &Vec3, velocity: &Vec3, pairs: [&[f32; 2]; 2]) {
    let mut lanes = [*position, *velocity].concat();
    lanes.extend(pairs.into_iter().flatten());
    digest.add(&lanes);
}

/// The components of all cases but `archetypes`, of the given derives, and the
/// prepared columns that `insert_*` read.
macro_rules! components {
    ($derives:tt) => {
        $crate::ecs::peer::components! { $derives
            Transform($crate::ecs::parts::Mat4), Position($crate::ecs::parts::Vec3),
            Rotation($crate::ecs::parts::Vec3), Velocity($crate::ecs::parts::Vec3),
            Spin([f32; 2]), Scale([f32; 2]), Data(f32),
            C0(f32), C1(f32), C2(f32), C3(f32), C4(f32), C5(f32), C6(f32), C7(f32),
            A(f32), B(f32), C(f32), D(f32), E(f32), LA(f32), LB(f32), LC(f32), LD(f32),
            LE(f32), LF(f32), LG(f32), LH(f32), LI(f32), LJ(f32), LK(f32), LL(f32), LM(f32),
            LN(f32), LO(f32), LP(f32), LQ(f32), LR(f32), LS(f32), LT(f32), LU(f32), LV(f32),
            LW(f32), LX(f32), LY(f32), LZ(f32),
        }

        pub struct Columns {
            pub transforms: Vec<Transform>,
            pub positions: Vec<Position>,
            pub rotations: Vec<Rotation>,
            pub velocities: Vec<Velocity>,
        }

        impl Columns {
            pub fn new(size: $crate::case::Size) -> Self {
                use $crate::ecs::parts;
                let all = 0..size.entities;
                Self {
                    transforms: all.clone().map(|n| Transform(parts::transform(n))).collect(),
                    positions: all.clone().map(|n| Position(parts::position(n))).collect(),
                    rotations: all.clone().map(|n| Rotation(parts::rotation(n))).collect(),
                    velocities: all.map(|n| Velocity(parts::velocity(n))).collect(),
                }
            }

            pub fn len(&self) -> usize {
                self.transforms.len()
            }

            /// For a loop that adds one entity at a time: what `rows` yields goes by
            /// way of the stack first, which costs as much as the adding itself.
            #[inline(always)]
            pub fn row(&self, n: usize) -> (Transform, Position, Rotation, Velocity) {
                (self.transforms[n], self.positions[n], self.rotations[n], self.velocities[n])
            }

            // Not every side adds many entities by rows.
            #[allow(dead_code)]
            pub fn rows(
                &self,
            ) -> impl ExactSizeIterator<Item = (Transform, Position, Rotation, Velocity)> + '_ {
                (0..self.len()).map(|n| self.row(n))
            }
        }

        /// Entity `n` of `growth`.
        pub fn grown(n: usize) -> (Position, Velocity, Spin, Scale) {
            use $crate::ecs::parts;
            (
                Position(parts::position(n)),
                Velocity(parts::velocity(n)),
                Spin(parts::pair(n, 0)),
                Scale(parts::pair(n, 1)),
            )
        }

        /// Entity `n` of `random_access`, `churn` and `archetypes`.
        pub fn moving(n: usize) -> (Position, Velocity) {
            use $crate::ecs::parts;
            (Position(parts::position(n)), Velocity(parts::velocity(n)))
        }

        /// Entity `n` of `wide`.
        pub fn wide_row(n: usize) -> (C0, C1, C2, C3, C4, C5, C6, C7) {
            let lane = |k| $crate::ecs::parts::lane(n, k);
            (
                C0(lane(0)),
                C1(lane(1)),
                C2(lane(2)),
                C3(lane(3)),
                C4(lane(4)),
                C5(lane(5)),
                C6(lane(6)),
                C7(lane(7)),
            )
        }
    };
    ($derives:tt $($name:ident($inner:ty),)+) => {$(
        #[derive $derives]
        #[repr(transparent)]
        pub struct $name(pub $inner);
    )+};
}

/// The tags of `archetypes`, of the given derives.
macro_rules! tags {
    ($derives:tt) => {
        $crate::ecs::peer::tags! { $derives T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 }
    };
    ($derives:tt $($name:ident)+) => {$(
        #[derive $derives]
        pub struct $name;
    )+};
}

/// `$act!` of each letter and its number.
macro_rules! each_letter {
    ($act:ident) => {
        $act! {
            LA 0, LB 1, LC 2, LD 3, LE 4, LF 5, LG 6, LH 7, LI 8, LJ 9, LK 10, LL 11, LM 12,
            LN 13, LO 14, LP 15, LQ 16, LR 17, LS 18, LT 19, LU 20, LV 21, LW 22, LX 23, LY 24,
            LZ 25
        }
    };
}

/// `$act!` of each tag and its bit.
macro_rules! each_tag {
    ($act:ident) => {
        $act! { T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10 }
    };
}

pub(crate) use {components, each_letter, each_tag, tags};

/// The entities of the letter `k` in `frag`.
pub fn letter(k: usize) -> std::ops::Range<usize> {
    20 * k..20 * (k + 1)
}

/// The entities of the group `k` in `schedule_*`.
pub fn group(k: usize) -> std::ops::Range<usize> {
    10_000 * k..10_000 * (k + 1)
}
