use shipyard::{Component, IntoIter, View, ViewMut, World};

const STEPS: u32 = 1;

#[derive(Component)]
struct Position(f32, f32);
#[derive(Component)]
struct Velocity(f32, f32);

fn step(mut positions: ViewMut<Position>, velocities: View<Velocity>) {
    for (position, velocity) in (&mut positions, &velocities).iter() {
        position.0 += velocity.0;
        position.1 += velocity.1;
    }
}

fn main() {
    let mut world = World::new();
    for n in 0..1_000 {
        world.add_entity((Position(n as f32, 0.0), Velocity(1.0, 2.0)));
    }
    for _ in 0..STEPS {
        world.run(step);
    }
    let (mut count, mut sum) = (0, 0.0);
    world.run(|positions: View<Position>| {
        for position in positions.iter() {
            count += 1;
            sum += position.0 + position.1;
        }
    });
    println!("{count} {sum}");
}
