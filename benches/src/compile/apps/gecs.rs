use gecs::prelude::*;

const STEPS: u32 = 1;

pub struct Position(f32, f32);
pub struct Velocity(f32, f32);

ecs_world! {
    ecs_archetype!(Mover, dyn, Position, Velocity);
}

fn step(world: &mut EcsWorld) {
    ecs_iter!(world, |position: &mut Position, velocity: &Velocity| {
        position.0 += velocity.0;
        position.1 += velocity.1;
    });
}

fn main() {
    let mut world = EcsWorld::default();
    for n in 0..1_000 {
        world.create::<Mover>((Position(n as f32, 0.0), Velocity(1.0, 2.0)));
    }
    for _ in 0..STEPS {
        step(&mut world);
    }
    let (mut count, mut sum) = (0, 0.0);
    ecs_iter!(world, |position: &Position| {
        count += 1;
        sum += position.0 + position.1;
    });
    println!("{count} {sum}");
}
