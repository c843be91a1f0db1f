//! The worlds of the cases, filled, and what they hold.

use bytemuck::{Pod, Zeroable};
use static_ecs::prelude::*;

use crate::case::{Digest, Size};
use crate::ecs::parts::lane;
use crate::ecs::peer::{self, each_letter, each_tag};

peer::components! { (Component, Clone, Copy, Pod, Zeroable) }
peer::tags! { (Component, Clone, Copy) }

/// Of `insert_*`, `iter_*` and `heavy_par`.
#[world_config(components(Transform, Position, Rotation, Velocity))]
pub struct Four;

/// Of `frag`.
#[rustfmt::skip]
#[world_config(components(
    Data, LA, LB, LC, LD, LE, LF, LG, LH, LI, LJ, LK, LL, LM,
    LN, LO, LP, LQ, LR, LS, LT, LU, LV, LW, LX, LY, LZ,
))]
pub struct Letters;

#[world_config(components(C0, C1, C2, C3, C4, C5, C6, C7))]
pub struct Wide;

/// Of `schedule_*`.
#[world_config(components(A, B, C, D, E))]
pub struct Groups;

/// Of `add_remove`.
#[world_config(components(A, B))]
pub struct Changing;

#[derive(Component, Clone, Copy)]
#[component(storage = "sparse")]
pub struct SparseB(pub f32);

/// Of `add_remove` beside the tables.
#[world_config(components(A, SparseB))]
pub struct Sparse;

/// Of `random_access` and `churn`.
#[world_config(components(Position, Velocity))]
pub struct Moving;

/// Of `growth`.
#[world_config(components(Position, Velocity, Spin, Scale), max_entities = 16_777_216)]
pub struct Growing;

/// Of `archetypes`.
#[world_config(components(Position, Velocity, T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10))]
pub struct Tagged;

pub fn digest_four(world: &mut World<Four>) -> Digest {
    let mut digest = Digest::default();
    for (t, p, r, v) in world.query::<(&Transform, &Position, &Rotation, &Velocity)>() {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    }
    digest
}

pub fn letters() -> World<Letters> {
    let mut world = World::new();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            let entities = peer::letter($k).map(|n| (Data(lane(n, 0)), $letter(lane(n, 1))));
            world.spawn_batch(entities).expect("room");
        )*};
    }
    each_letter!(spawn);
    world
}

pub fn digest_letters(world: &mut World<Letters>) -> Digest {
    let mut digest = Digest::default();
    world.view::<&Data>().for_each(|data| digest.add(&[data.0]));
    digest
}

pub fn wide(size: Size) -> World<Wide> {
    let mut world = World::new();
    world.spawn_batch((0..size.entities).map(wide_row)).expect("room");
    world
}

pub fn digest_wide(world: &mut World<Wide>) -> Digest {
    let mut digest = Digest::default();
    type Row<'a> = (&'a C0, &'a C1, &'a C2, &'a C3, &'a C4, &'a C5, &'a C6, &'a C7);
    for (c0, c1, c2, c3, c4, c5, c6, c7) in world.query::<Row>() {
        digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
    }
    digest
}

pub fn groups() -> World<Groups> {
    let (a, b) = (|n| A(lane(n, 0)), |n| B(lane(n, 1)));
    let (c, d, e) = (|n| C(lane(n, 2)), |n| D(lane(n, 3)), |n| E(lane(n, 4)));
    let mut world = World::new();
    world.spawn_batch(peer::group(0).map(|n| (a(n), b(n)))).expect("room");
    world.spawn_batch(peer::group(1).map(|n| (a(n), b(n), c(n)))).expect("room");
    world.spawn_batch(peer::group(2).map(|n| (a(n), b(n), c(n), d(n)))).expect("room");
    world.spawn_batch(peer::group(3).map(|n| (a(n), b(n), c(n), e(n)))).expect("room");
    world
}

pub fn digest_groups(world: &mut World<Groups>) -> Digest {
    let mut digest = Digest::default();
    for (a, b, c, d, e) in world.query::<(&A, &B, Option<&C>, Option<&D>, Option<&E>)>() {
        let (c, d, e) = (c.map_or(0.0, |c| c.0), d.map_or(0.0, |d| d.0), e.map_or(0.0, |e| e.0));
        digest.add(&[a.0, b.0, c, d, e]);
    }
    digest
}

pub fn each_changing(world: &mut World<Changing>, each: &mut dyn FnMut(f32, Option<f32>)) {
    for (a, b) in world.query::<(&A, Option<&B>)>() {
        each(a.0, b.map(|b| b.0));
    }
}

pub fn moving_world(size: Size) -> (World<Moving>, Vec<Entity>) {
    let mut world = World::new();
    let ids = world.spawn_batch((0..size.entities).map(moving)).expect("room").to_vec();
    (world, ids)
}

/// As [`moving_world`], of entities that were born in another world and keep the
/// ids they have from there.
pub fn guests(size: Size) -> (World<Moving>, Vec<Entity>) {
    let (mut home, mut world) = (World::<Moving>::with_origin(1), World::with_origin(2));
    let ids = home.spawn_batch((0..size.entities).map(moving)).expect("room").to_vec();
    for &id in &ids {
        let transfer = home.take(id).expect("lives");
        let arrived = world.insert_transfer(transfer).ok();
        assert_eq!(arrived, Some(id));
    }
    (world, ids)
}

pub fn digest_moving(world: &mut World<Moving>) -> Digest {
    let mut digest = Digest::default();
    for (position, velocity) in world.query::<(&Position, &Velocity)>() {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    }
    digest
}

pub fn digest_growing(world: &mut World<Growing>) -> Digest {
    let mut digest = Digest::default();
    for (p, v, spin, scale) in world.query::<(&Position, &Velocity, &Spin, &Scale)>() {
        peer::digest_growth(&mut digest, &p.0, &v.0, [&spin.0, &scale.0]);
    }
    digest
}

/// Tags are added from the lowest up, so that every set on the way is another
/// entity's, and no table stays empty.
pub fn tagged(size: Size) -> World<Tagged> {
    let mut world = World::new();
    for n in 0..size.entities {
        let id = world.spawn(moving(n)).expect("room");
        macro_rules! add_tags {
            ($($tag:ident $bit:literal),*) => {$(
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    world.insert(id, $tag).expect("lives");
                }
            )*};
        }
        each_tag!(add_tags);
    }
    world.shrink();
    world
}

pub fn digest_tagged(world: &mut World<Tagged>) -> Digest {
    let mut digest = Digest::default();
    for (position, velocity) in world.query::<(&Position, &Velocity)>() {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    }
    digest
}
