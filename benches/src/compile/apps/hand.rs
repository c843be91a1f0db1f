//! Plain vectors.

const STEPS: u32 = 1;

struct Position(f32, f32);
struct Velocity(f32, f32);

#[derive(Default)]
struct Movers {
    positions: Vec<Position>,
    velocities: Vec<Velocity>,
}

fn step(movers: &mut Movers) {
    for (position, velocity) in movers.positions.iter_mut().zip(&movers.velocities) {
        position.0 += velocity.0;
        position.1 += velocity.1;
    }
}

fn main() {
    let mut movers = Movers::default();
    for n in 0..1_000 {
        movers.positions.push(Position(n as f32, 0.0));
        movers.velocities.push(Velocity(1.0, 2.0));
    }
    for _ in 0..STEPS {
        step(&mut movers);
    }
    let sum: f32 = movers.positions.iter().map(|position| position.0 + position.1).sum();
    println!("{} {sum}", movers.positions.len());
}
