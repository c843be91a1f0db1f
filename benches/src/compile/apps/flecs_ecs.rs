use flecs_ecs::prelude::*;

const STEPS: u32 = 1;

#[derive(Component)]
struct Position(f32, f32);
#[derive(Component)]
struct Velocity(f32, f32);

fn main() {
    let world = World::new();
    for n in 0..1_000 {
        world.entity().set(Position(n as f32, 0.0)).set(Velocity(1.0, 2.0));
    }
    let step = world.system::<(&mut Position, &Velocity)>().each(|(position, velocity)| {
        position.0 += velocity.0;
        position.1 += velocity.1;
    });
    for _ in 0..STEPS {
        step.run();
    }
    let (mut count, mut sum) = (0, 0.0);
    world.each::<&Position>(|position| {
        count += 1;
        sum += position.0 + position.1;
    });
    println!("{count} {sum}");
}
