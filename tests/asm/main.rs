//! The hottest loops, each a function of its own, for `.ci/asm` to compare what the
//! compiler makes of them with what is checked in beside this file. As a test, it
//! shows that they compute what they should.
#![allow(missing_docs)]

use bytemuck::{Pod, Zeroable};
use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Position([f32; 3]);

#[derive(Component, Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Velocity([f32; 3]);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Mass(f32);

#[world_config(components(Position, Velocity, Mass))]
#[derive(Debug)]
pub struct Loops;

/// Items of two columns by `for_each`.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn asm_items(world: &mut World<Loops>) {
    world.query::<(&mut Position, &Velocity)>().for_each(|(position, velocity)| {
        for (position, velocity) in position.0.iter_mut().zip(velocity.0) {
            *position += velocity;
        }
    });
}

/// Two columns as flat numbers.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn asm_lanes(world: &mut World<Loops>) {
    for (positions, velocities) in world.query::<(&mut Position, &Velocity)>().slices() {
        let positions = positions.lanes_mut::<f32>();
        for (position, velocity) in positions.iter_mut().zip(velocities.lanes::<f32>()) {
            *position += velocity;
        }
    }
}

/// One column, in as many tables as there are.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn asm_column(world: &mut World<Loops>, by: f32) {
    world.query::<&mut Mass>().for_each(|mass| mass.0 *= by);
}

#[test]
fn the_loops_compute_what_they_should() {
    let mut world = World::<Loops>::new();
    let row = |n: u16| {
        let x = f32::from(n);
        (Position([x, 0.0, 1.0]), Velocity([1.0, 2.0, x]), Mass(x))
    };
    let ids = world.spawn_batch((0..100).map(row)).unwrap().to_vec();
    world.spawn(Mass(1.0)).unwrap();
    asm_items(&mut world);
    asm_lanes(&mut world);
    asm_column(&mut world, 0.5);
    for (n, id) in (0..).zip(ids) {
        let (Position([x, _, _]), velocity, Mass(mass)) = row(n);
        assert_eq!(world.get::<Position>(id), Ok(&Position([x + 2.0, 4.0, 1.0 + 2.0 * x])));
        assert_eq!(world.get::<Velocity>(id), Ok(&velocity));
        assert_eq!(world.get::<Mass>(id), Ok(&Mass(mass / 2.0)));
    }
    assert_eq!(world.view::<&Mass>().filter(|mass| mass.0 == 0.5).count(), 2);
}
