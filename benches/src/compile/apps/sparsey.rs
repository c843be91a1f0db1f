use sparsey::World;

const STEPS: u32 = 1;

struct Position(f32, f32);
struct Velocity(f32, f32);

fn step(world: &World) {
    world.for_each::<(&mut Position, &Velocity)>(|(position, velocity)| {
        position.0 += velocity.0;
        position.1 += velocity.1;
    });
}

fn main() {
    let mut world = World::default();
    world.register::<Position>();
    world.register::<Velocity>();
    for n in 0..1_000 {
        world.create((Position(n as f32, 0.0), Velocity(1.0, 2.0)));
    }
    for _ in 0..STEPS {
        step(&world);
    }
    let (mut count, mut sum) = (0, 0.0);
    world.for_each::<&Position>(|position| {
        count += 1;
        sum += position.0 + position.1;
    });
    println!("{count} {sum}");
}
