//! The cases of many components of one number each.

use crate::case::Entry;

pub fn entries() -> Vec<Entry> {
    let mut entries = letters::entries();
    entries.extend(wide::entries());
    entries.extend(groups::entries());
    entries
}

// The macro makes a constructor that takes the capacity of each.
#[allow(clippy::too_many_arguments)]
mod letters {
    use gecs::prelude::*;

    use crate::case::{Bench, Digest, Entry};
    use crate::ecs::gecs::{
        Data, LA, LB, LC, LD, LE, LF, LG, LH, LI, LJ, LK, LL, LM, LN, LO, LP, LQ, LR, LS, LT, LU,
        LV, LW, LX, LY, LZ,
    };
    use crate::ecs::parts::lane;
    use crate::ecs::peer::{self, Factor, lasting};

    ecs_world! {
        ecs_name!(Letters);
        ecs_archetype!(HasA, dyn, Data, LA);
        ecs_archetype!(HasB, dyn, Data, LB);
        ecs_archetype!(HasC, dyn, Data, LC);
        ecs_archetype!(HasD, dyn, Data, LD);
        ecs_archetype!(HasE, dyn, Data, LE);
        ecs_archetype!(HasF, dyn, Data, LF);
        ecs_archetype!(HasG, dyn, Data, LG);
        ecs_archetype!(HasH, dyn, Data, LH);
        ecs_archetype!(HasI, dyn, Data, LI);
        ecs_archetype!(HasJ, dyn, Data, LJ);
        ecs_archetype!(HasK, dyn, Data, LK);
        ecs_archetype!(HasL, dyn, Data, LL);
        ecs_archetype!(HasM, dyn, Data, LM);
        ecs_archetype!(HasN, dyn, Data, LN);
        ecs_archetype!(HasO, dyn, Data, LO);
        ecs_archetype!(HasP, dyn, Data, LP);
        ecs_archetype!(HasQ, dyn, Data, LQ);
        ecs_archetype!(HasR, dyn, Data, LR);
        ecs_archetype!(HasS, dyn, Data, LS);
        ecs_archetype!(HasT, dyn, Data, LT);
        ecs_archetype!(HasU, dyn, Data, LU);
        ecs_archetype!(HasV, dyn, Data, LV);
        ecs_archetype!(HasW, dyn, Data, LW);
        ecs_archetype!(HasX, dyn, Data, LX);
        ecs_archetype!(HasY, dyn, Data, LY);
        ecs_archetype!(HasZ, dyn, Data, LZ);
    }

    pub fn entries() -> Vec<Entry> {
        let entry = |variant, make| Entry { case: "frag", variant, make };
        vec![
            entry("ecs_iter", |_| {
                multiplying(|world, by| {
                    ecs_iter!(world, |data: &mut Data| {
                        data.0 *= by;
                    });
                })
            }),
            entry("slices", |_| {
                multiplying(|world, by| {
                    macro_rules! multiply {
                        ($($has:ident),*) => {$(
                            let all = world.$has.get_all_slices_mut();
                            all.data.iter_mut().for_each(|data| data.0 *= by);
                        )*};
                    }
                    multiply! {
                        has_a, has_b, has_c, has_d, has_e, has_f, has_g, has_h, has_i, has_j,
                        has_k, has_l, has_m, has_n, has_o, has_p, has_q, has_r, has_s, has_t,
                        has_u, has_v, has_w, has_x, has_y, has_z
                    }
                })
            }),
        ]
    }

    fn multiplying(multiply: impl Fn(&mut Letters, f32) + 'static) -> Box<dyn Bench> {
        lasting(
            (letters(), Factor::START),
            move |(world, factor)| multiply(world, factor.next()),
            |(world, _)| {
                let mut digest = Digest::default();
                ecs_iter!(world, |data: &Data| {
                    digest.add(&[data.0]);
                });
                digest
            },
        )
    }

    fn letters() -> Letters {
        let mut world = Letters::default();
        macro_rules! create {
            ($($has:ident $letter:ident $k:literal),*) => {$(
                for n in peer::letter($k) {
                    world.create::<$has>((Data(lane(n, 0)), $letter(lane(n, 1))));
                }
            )*};
        }
        create! {
            HasA LA 0, HasB LB 1, HasC LC 2, HasD LD 3, HasE LE 4, HasF LF 5, HasG LG 6, HasH LH 7,
            HasI LI 8, HasJ LJ 9, HasK LK 10, HasL LL 11, HasM LM 12, HasN LN 13, HasO LO 14,
            HasP LP 15, HasQ LQ 16, HasR LR 17, HasS LS 18, HasT LT 19, HasU LU 20, HasV LV 21,
            HasW LW 22, HasX LX 23, HasY LY 24, HasZ LZ 25
        }
        world
    }
}

mod wide {
    use gecs::prelude::*;

    use crate::case::{Digest, Entry, Size};
    use crate::ecs::gecs::{C0, C1, C2, C3, C4, C5, C6, C7, wide_row};
    use crate::ecs::peer::lasting;

    ecs_world! {
        ecs_name!(Wide);
        ecs_archetype!(Eight, dyn, C0, C1, C2, C3, C4, C5, C6, C7);
    }

    pub fn entries() -> Vec<Entry> {
        let entry = |variant, make| Entry { case: "wide", variant, make };
        vec![
            entry("ecs_iter", |size| {
                lasting(
                    wide(size),
                    |world| {
                        ecs_iter!(world, |c0: &mut C0, c1: &C1, c2: &C2, c3: &C3, c4: &C4| {
                            c0.0 = c1.0 + c2.0 * c3.0 - c4.0;
                        });
                    },
                    digest,
                )
            }),
            entry("slices", |size| {
                lasting(
                    wide(size),
                    |world| {
                        let all = world.eight.get_all_slices_mut();
                        let pairs = all.c_1.iter().zip(&*all.c_2);
                        let read = pairs.zip(all.c_3.iter().zip(&*all.c_4));
                        for (c0, ((c1, c2), (c3, c4))) in all.c_0.iter_mut().zip(read) {
                            c0.0 = c1.0 + c2.0 * c3.0 - c4.0;
                        }
                    },
                    digest,
                )
            }),
        ]
    }

    fn wide(size: Size) -> Wide {
        let mut world = Wide::with_capacity(size.entities);
        for n in 0..size.entities {
            world.eight.create(wide_row(n));
        }
        world
    }

    fn digest(world: &mut Wide) -> Digest {
        let mut digest = Digest::default();
        let all = world.eight.get_all_slices_mut();
        for n in 0..all.entity.len() {
            digest.add(&[
                all.c_0[n].0,
                all.c_1[n].0,
                all.c_2[n].0,
                all.c_3[n].0,
                all.c_4[n].0,
                all.c_5[n].0,
                all.c_6[n].0,
                all.c_7[n].0,
            ]);
        }
        digest
    }
}

mod groups {
    use gecs::prelude::*;

    use crate::case::{Digest, Entry};
    use crate::ecs::gecs::{A, B, C, D, E};
    use crate::ecs::parts::lane;
    use crate::ecs::peer::{self, lasting};

    ecs_world! {
        ecs_name!(Groups);
        ecs_archetype!(Two, dyn, A, B);
        ecs_archetype!(Three, dyn, A, B, C);
        ecs_archetype!(WithD, dyn, A, B, C, D);
        ecs_archetype!(WithE, dyn, A, B, C, E);
    }

    pub fn entries() -> Vec<Entry> {
        let entry = |variant, make| Entry { case: "schedule_seq", variant, make };
        vec![
            entry("calls", |_| {
                lasting(
                    groups(),
                    |world| {
                        let swap = std::mem::swap::<f32>;
                        ecs_iter!(world, |a: &mut A, b: &mut B| {
                            swap(&mut a.0, &mut b.0);
                        });
                        ecs_iter!(world, |c: &mut C, d: &mut D| {
                            swap(&mut c.0, &mut d.0);
                        });
                        ecs_iter!(world, |c: &mut C, e: &mut E| {
                            swap(&mut c.0, &mut e.0);
                        });
                    },
                    digest,
                )
            }),
            entry("slices", |_| {
                lasting(
                    groups(),
                    |world| {
                        macro_rules! swap {
                            ($($group:ident $x:ident $y:ident),*) => {$(
                                let all = world.$group.get_all_slices_mut();
                                peer::swap_lanes(all.$x, all.$y);
                            )*};
                        }
                        swap!(two a b, three a b, with_d a b, with_e a b, with_d c d, with_e c e);
                    },
                    digest,
                )
            }),
        ]
    }

    fn groups() -> Groups {
        let mut world = Groups::default();
        let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
        let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
        for n in peer::group(0) {
            world.two.create((a(n), b(n)));
        }
        for n in peer::group(1) {
            world.three.create((a(n), b(n), c(n)));
        }
        for n in peer::group(2) {
            world.with_d.create((a(n), b(n), c(n), d(n)));
        }
        for n in peer::group(3) {
            world.with_e.create((a(n), b(n), c(n), e(n)));
        }
        world
    }

    fn digest(world: &mut Groups) -> Digest {
        let mut digest = Digest::default();
        ecs_iter!(world, |_: &Entity<Two>, a: &A, b: &B| {
            digest.add(&[a.0, b.0, 0.0, 0.0, 0.0]);
        });
        ecs_iter!(world, |_: &Entity<Three>, a: &A, b: &B, c: &C| {
            digest.add(&[a.0, b.0, c.0, 0.0, 0.0]);
        });
        ecs_iter!(world, |_: &Entity<WithD>, a: &A, b: &B, c: &C, d: &D| {
            digest.add(&[a.0, b.0, c.0, d.0, 0.0]);
        });
        ecs_iter!(world, |_: &Entity<WithE>, a: &A, b: &B, c: &C, e: &E| {
            digest.add(&[a.0, b.0, c.0, 0.0, e.0]);
        });
        digest
    }
}
