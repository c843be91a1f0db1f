use bevy_ecs::prelude::*;

const STEPS: u32 = 1;

#[derive(Component)]
struct Position(f32, f32);
#[derive(Component)]
struct Velocity(f32, f32);

fn step(mut movers: Query<(&mut Position, &Velocity)>) {
    for (mut position, velocity) in &mut movers {
        position.0 += velocity.0;
        position.1 += velocity.1;
    }
}

fn main() {
    let mut world = World::new();
    for n in 0..1_000 {
        world.spawn((Position(n as f32, 0.0), Velocity(1.0, 2.0)));
    }
    let mut schedule = Schedule::default();
    schedule.add_systems(step);
    for _ in 0..STEPS {
        schedule.run(&mut world);
    }
    let (mut count, mut sum) = (0, 0.0);
    for position in world.query::<&Position>().iter(&world) {
        count += 1;
        sum += position.0 + position.1;
    }
    println!("{count} {sum}");
}
