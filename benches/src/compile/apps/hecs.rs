use hecs::World;

const STEPS: u32 = 1;

struct Position(f32, f32);
struct Velocity(f32, f32);

fn step(world: &mut World) {
    for (position, velocity) in world.query_mut::<(&mut Position, &Velocity)>() {
        position.0 += velocity.0;
        position.1 += velocity.1;
    }
}

fn main() {
    let mut world = World::new();
    for n in 0..1_000 {
        world.spawn((Position(n as f32, 0.0), Velocity(1.0, 2.0)));
    }
    for _ in 0..STEPS {
        step(&mut world);
    }
    let (mut count, mut sum) = (0, 0.0);
    for position in world.query_mut::<&Position>() {
        count += 1;
        sum += position.0 + position.1;
    }
    println!("{count} {sum}");
}
