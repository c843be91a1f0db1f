//! The yardstick: the same work by plain code on an array for each component,
//! which knows from the start what it is for.

mod changing;

use std::time::Duration;

use changing::{Id, Population, SparseSet, TwoTables};

use super::parts::{self, Mat4, Vec3, lane, shuffled};
use super::peer::{self, Factor, add, add_lanes, lasting, whole_life};
use crate::case::{Bench, Digest, Entry, Size};

pub const NAME: &str = "hand";

pub fn entries() -> Vec<Entry> {
    let entry = |case, variant, make| Entry { case, variant, make };
    vec![
        entry("insert_batch", "memcpy", |size| {
            whole_life(Four::new(size), Four::copy, digest_four)
        }),
        entry("insert_single", "growing", |size| {
            whole_life(Four::new(size), |four| four.pushed(0), digest_four)
        }),
        entry("insert_single", "reserved", |size| {
            whole_life(Four::new(size), |four| four.pushed(four.ids.len()), digest_four)
        }),
        entry("iter_items", "flat lanes", flat_lanes),
        entry("iter_items", "[f32; 3]", |size| {
            let run = |four: &mut Four| {
                for (position, velocity) in four.positions.iter_mut().zip(&four.velocities) {
                    add(position, velocity);
                }
            };
            lasting(Four::new(size), run, digest_four)
        }),
        entry("iter_slices", "flat lanes", flat_lanes),
        entry("frag", "arrays", frag),
        entry("wide", "arrays", wide),
        entry("schedule_seq", "calls", |_| lasting(groups(), schedule, digest_groups)),
        entry("schedule_par", "sequential", |_| lasting(groups(), schedule, digest_groups)),
        entry("heavy_par", "ideal", |size| Box::new(Halved(heavy(size)))),
        entry("heavy_par", "sequential", heavy),
        entry("add_remove", "table", |size| {
            let tables = TwoTables::new((0..size.entities).map(|n| lane(n, 0)));
            peer::add_remove(tables, TwoTables::add_each, TwoTables::remove_each, TwoTables::each)
        }),
        entry("add_remove", "batch", |size| {
            let tables = TwoTables::new((0..size.entities).map(|n| lane(n, 0)));
            peer::add_remove(tables, TwoTables::add_all, TwoTables::remove_all, TwoTables::each)
        }),
        entry("add_remove", "sparse", |size| {
            let set = SparseSet::new((0..size.entities).map(|n| lane(n, 0)));
            peer::add_remove(set, SparseSet::add_each, SparseSet::remove_each, SparseSet::each)
        }),
        entry("random_access", "slots", |size| {
            let (population, ids) = Population::new(size.entities);
            let ids: Vec<_> = shuffled(size.entities).into_iter().map(|n| ids[n]).collect();
            let run = move |population: &mut Population| {
                for &id in &ids {
                    population.position_mut(id).expect("lives")[0] += 1.0;
                }
            };
            lasting(population, run, |population| population.digest())
        }),
        entry("churn", "slots", |size| {
            let (population, ids) = Population::new(size.entities);
            let run = |population: &mut Population, round: &mut peer::Round<'_, Id>| {
                round.despawn(|id| assert!(population.kill(id)));
                round.respawn(|position, velocity| population.spawn(position, velocity));
            };
            peer::churn(population, ids, run, |population| population.digest())
        }),
        entry("growth", "growing", |size| whole_life(size, grow, Grown::digest)),
        entry("archetypes", "all", archetypes),
    ]
}

/// An id that nothing looks up.
fn plain_id(n: usize) -> u64 {
    1 << 32 | n as u64
}

struct Four {
    ids: Vec<u64>,
    transforms: Vec<Mat4>,
    positions: Vec<Vec3>,
    rotations: Vec<Vec3>,
    velocities: Vec<Vec3>,
}

impl Four {
    fn new(size: Size) -> Self {
        let all = 0..size.entities;
        Self {
            ids: all.clone().map(plain_id).collect(),
            transforms: all.clone().map(parts::transform).collect(),
            positions: all.clone().map(parts::position).collect(),
            rotations: all.clone().map(parts::rotation).collect(),
            velocities: all.map(parts::velocity).collect(),
        }
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            ids: Vec::with_capacity(capacity),
            transforms: Vec::with_capacity(capacity),
            positions: Vec::with_capacity(capacity),
            rotations: Vec::with_capacity(capacity),
            velocities: Vec::with_capacity(capacity),
        }
    }

    /// The columns as they are, with ids of its own.
    fn copy(&self) -> Self {
        Self {
            ids: (0..self.ids.len()).map(plain_id).collect(),
            transforms: self.transforms.clone(),
            positions: self.positions.clone(),
            rotations: self.rotations.clone(),
            velocities: self.velocities.clone(),
        }
    }

    /// The same one by one.
    fn pushed(&self, capacity: usize) -> Self {
        let mut new = Self::with_capacity(capacity);
        let first_two = self.transforms.iter().zip(&self.positions);
        let rows = first_two.zip(self.rotations.iter().zip(&self.velocities));
        for ((transform, position), (rotation, velocity)) in rows {
            new.ids.push(plain_id(new.ids.len()));
            new.transforms.push(*transform);
            new.positions.push(*position);
            new.rotations.push(*rotation);
            new.velocities.push(*velocity);
        }
        new
    }
}

fn digest_four(four: &mut Four) -> Digest {
    let mut digest = Digest::default();
    for n in 0..four.ids.len() {
        let Four { transforms, positions, rotations, velocities, .. } = &*four;
        let (position, rotation) = (&positions[n], &rotations[n]);
        peer::digest_four(&mut digest, &transforms[n], position, rotation, &velocities[n]);
    }
    digest
}

fn flat_lanes(size: Size) -> Box<dyn Bench> {
    let run = |four: &mut Four| add_lanes(&mut four.positions, &four.velocities);
    lasting(Four::new(size), run, digest_four)
}

fn frag(_: Size) -> Box<dyn Bench> {
    let columns: Vec<Vec<f32>> =
        (0..26).map(|k| peer::letter(k).map(|n| lane(n, 0)).collect()).collect();
    lasting(
        (columns, Factor::START),
        |(columns, factor)| {
            let by = factor.next();
            for column in columns {
                column.iter_mut().for_each(|data| *data *= by);
            }
        },
        |(columns, _)| {
            let mut digest = Digest::default();
            columns.iter().flatten().for_each(|&data| digest.add(&[data]));
            digest
        },
    )
}

fn wide(size: Size) -> Box<dyn Bench> {
    let columns: [Vec<f32>; 8] =
        core::array::from_fn(|k| (0..size.entities).map(|n| lane(n, k)).collect());
    lasting(
        columns,
        |[c0, c1, c2, c3, c4, ..]| {
            let inputs = c1.iter().zip(&*c2).zip(c3.iter().zip(&*c4));
            for (c0, ((c1, c2), (c3, c4))) in c0.iter_mut().zip(inputs) {
                *c0 = c1 + c2 * c3 - c4;
            }
        },
        |columns| {
            let mut digest = Digest::default();
            for n in 0..columns[0].len() {
                digest.add(&columns.each_ref().map(|column| column[n]));
            }
            digest
        },
    )
}

/// The entities of one kind in `schedule_*`: their components A to E, or nothing.
type Group = [Vec<f32>; 5];

fn groups() -> [Group; 4] {
    let kinds: [&[usize]; 4] = [&[0, 1], &[0, 1, 2], &[0, 1, 2, 3], &[0, 1, 2, 4]];
    core::array::from_fn(|kind| {
        core::array::from_fn(|k| match kinds[kind].contains(&k) {
            true => peer::group(kind).map(|n| lane(n, k)).collect(),
            false => Vec::new(),
        })
    })
}

fn schedule(groups: &mut [Group; 4]) {
    for [a, b, ..] in &mut *groups {
        a.swap_with_slice(b);
    }
    let [_, _, [_, _, c, d, _], _] = &mut *groups;
    c.swap_with_slice(d);
    let [.., [_, _, c, _, e]] = &mut *groups;
    c.swap_with_slice(e);
}

fn digest_groups(groups: &mut [Group; 4]) -> Digest {
    let mut digest = Digest::default();
    for group in groups {
        for n in 0..group[0].len() {
            digest.add(&group.each_ref().map(|column| column.get(n).copied().unwrap_or(0.0)));
        }
    }
    digest
}

fn heavy(size: Size) -> Box<dyn Bench> {
    let run = |four: &mut Four| {
        for (transform, position) in four.transforms.iter_mut().zip(&mut four.positions) {
            peer::heavy(transform, position);
        }
    };
    lasting(Four::new(size), run, digest_four)
}

/// What two threads would take if sharing the work cost nothing.
struct Halved(Box<dyn Bench>);

impl Bench for Halved {
    fn run(&mut self, times: u32) -> Duration {
        self.0.run(times) / peer::THREADS as u32
    }

    fn digest(&mut self) -> Digest {
        self.0.digest()
    }
}

#[derive(Default)]
struct Grown {
    ids: Vec<u64>,
    positions: Vec<Vec3>,
    velocities: Vec<Vec3>,
    spins: Vec<[f32; 2]>,
    scales: Vec<[f32; 2]>,
}

fn grow(size: &Size) -> Grown {
    let mut grown = Grown::default();
    for n in 0..size.entities {
        grown.ids.push(plain_id(n));
        grown.positions.push(parts::position(n));
        grown.velocities.push(parts::velocity(n));
        grown.spins.push(parts::pair(n, 0));
        grown.scales.push(parts::pair(n, 1));
    }
    grown
}

impl Grown {
    fn digest(&mut self) -> Digest {
        let mut digest = Digest::default();
        for n in 0..self.ids.len() {
            let pairs = [&self.spins[n], &self.scales[n]];
            peer::digest_growth(&mut digest, &self.positions[n], &self.velocities[n], pairs);
        }
        digest
    }
}

fn archetypes(size: Size) -> Box<dyn Bench> {
    let table = |k| {
        let members = || (k..size.entities).step_by(size.archetypes);
        let positions: Vec<_> = members().map(parts::position).collect();
        let velocities: Vec<_> = members().map(parts::velocity).collect();
        (positions, velocities)
    };
    lasting(
        (0..size.archetypes).map(table).collect::<Vec<_>>(),
        |tables| {
            for (positions, velocities) in tables {
                add_lanes(positions, velocities);
            }
        },
        |tables| {
            let mut digest = Digest::default();
            for (positions, velocities) in tables {
                for (position, velocity) in positions.iter().zip(velocities) {
                    peer::digest_two(&mut digest, position, velocity);
                }
            }
            digest
        },
    )
}
