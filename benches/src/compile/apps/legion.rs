use legion::{IntoQuery, World};

const STEPS: u32 = 1;

struct Position(f32, f32);
struct Velocity(f32, f32);

fn step(world: &mut World) {
    <(&mut Position, &Velocity)>::query().for_each_mut(world, |(position, velocity)| {
        position.0 += velocity.0;
        position.1 += velocity.1;
    });
}

fn main() {
    let mut world = World::default();
    for n in 0..1_000 {
        world.push((Position(n as f32, 0.0), Velocity(1.0, 2.0)));
    }
    for _ in 0..STEPS {
        step(&mut world);
    }
    let (mut count, mut sum) = (0, 0.0);
    <&Position>::query().for_each(&world, |position| {
        count += 1;
        sum += position.0 + position.1;
    });
    println!("{count} {sum}");
}
