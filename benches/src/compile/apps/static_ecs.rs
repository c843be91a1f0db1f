use static_ecs::prelude::*;

const STEPS: u32 = 1;

#[derive(Component)]
struct Position(f32, f32);
#[derive(Component)]
struct Velocity(f32, f32);

#[world_config(components(Position, Velocity))]
struct Game;

fn step(movers: Query<Game, (&mut Position, &Velocity)>) {
    for (position, velocity) in movers {
        position.0 += velocity.0;
        position.1 += velocity.1;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = World::<Game>::new();
    for n in 0..1_000 {
        world.spawn((Position(n as f32, 0.0), Velocity(1.0, 2.0)))?;
    }
    let mut schedule = Schedule::<Game>::new();
    schedule.add(step);
    for _ in 0..STEPS {
        schedule.run(&mut world)?;
    }
    let (mut count, mut sum) = (0, 0.0);
    for position in world.query::<&Position>() {
        count += 1;
        sum += position.0 + position.1;
    }
    println!("{count} {sum}");
    Ok(())
}
