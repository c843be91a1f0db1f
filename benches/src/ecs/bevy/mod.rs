//! bevy_ecs: columns by archetype or sparse sets, with change ticks for each
//! component, and a schedule of systems.
//!
//! A variant that says `no ticks` passes the change ticks by, as the crate lets
//! one do.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use bevy_ecs::world::World;
use bevy_tasks::{ComputeTaskPool, TaskPoolBuilder};
use bytemuck::{Pod, Zeroable};

use super::parts::lane;
use super::peer::{self, each_letter, each_tag};
use crate::case::{Digest, Entry, Size};

mod changing;
mod iterating;
mod schedule;

pub const NAME: &str = "bevy_ecs";

peer::components! { (Clone, Copy, Pod, Zeroable, Component) }
peer::tags! { (Component) }

pub fn entries() -> Vec<Entry> {
    let mut entries = changing::entries();
    entries.extend(iterating::entries());
    entries.extend(schedule::entries());
    entries
}

/// Of the parallel cases. The thread that calls works as well, but with a pool of
/// one all would be done on that alone.
fn start_threads() {
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(peer::THREADS).build());
}

fn spawn_batch(columns: &Columns) -> World {
    let mut world = World::new();
    world.spawn_batch(columns.rows());
    world
}

fn four(size: Size) -> World {
    spawn_batch(&Columns::new(size))
}

fn digest_four(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    let mut query = world.query::<(&Transform, &Position, &Rotation, &Velocity)>();
    for (t, p, r, v) in query.iter(world) {
        peer::digest_four(&mut digest, &t.0, &p.0, &r.0, &v.0);
    }
    digest
}

fn frag() -> World {
    let mut world = World::new();
    macro_rules! spawn {
        ($($letter:ident $k:literal),*) => {$(
            world.spawn_batch(
                peer::letter($k).map(|n| (Data(lane(n, 0)), $letter(lane(n, 1)))),
            );
        )*};
    }
    each_letter!(spawn);
    world
}

fn digest_frag(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for data in world.query::<&Data>().iter(world) {
        digest.add(&[data.0]);
    }
    digest
}

fn wide(size: Size) -> World {
    let mut world = World::new();
    world.spawn_batch((0..size.entities).map(wide_row));
    world
}

fn digest_wide(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    type Row = (
        &'static C0,
        &'static C1,
        &'static C2,
        &'static C3,
        &'static C4,
        &'static C5,
        &'static C6,
        &'static C7,
    );
    for (c0, c1, c2, c3, c4, c5, c6, c7) in world.query::<Row>().iter(world) {
        digest.add(&[c0.0, c1.0, c2.0, c3.0, c4.0, c5.0, c6.0, c7.0]);
    }
    digest
}

fn moving_world(size: Size) -> (World, Vec<Entity>) {
    let mut world = World::new();
    let ids = world.spawn_batch((0..size.entities).map(moving)).collect();
    (world, ids)
}

fn archetypes(size: Size) -> World {
    let (mut world, ids) = moving_world(size);
    for (n, id) in ids.into_iter().enumerate() {
        let mut entity = world.entity_mut(id);
        // From the lowest bit up, so that no set is passed through that is not
        // among the archetypes itself.
        macro_rules! add_tags {
            ($($tag:ident $bit:literal),*) => {$(
                if (n % size.archetypes) >> $bit & 1 == 1 {
                    entity.insert($tag);
                }
            )*};
        }
        each_tag!(add_tags);
    }
    world
}

fn digest_two(world: &mut World) -> Digest {
    let mut digest = Digest::default();
    for (position, velocity) in world.query::<(&Position, &Velocity)>().iter(world) {
        peer::digest_two(&mut digest, &position.0, &velocity.0);
    }
    digest
}
