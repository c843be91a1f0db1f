//! One world: components, queries, filters, commands, a schedule, a resource,
//! and what happens when the world is full.
//!
//! Run it with `cargo run --release --example quick_start`.

use std::error::Error;

use static_ecs::commands::BufferFull;
use static_ecs::error::Refusal;
use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Position {
    x: f32,
    y: f32,
}

#[derive(Component, Clone, Copy)]
struct Velocity {
    dx: f32,
    dy: f32,
}

#[derive(Component)]
struct Name(String);

/// A tag: no bytes.
#[derive(Component)]
struct Outside;

/// A resource: one value of its type in the world.
#[derive(Resource)]
struct Border(f32);

#[world_config(
    components(Position, Velocity, Name, Outside),
    archetypes(mover(Position, Velocity)),
    max_entities = 1_000
)]
struct Field;

/// Moves everything that has a velocity. A system says by its parameters what it uses.
fn walk(mut movers: Query<Field, (&mut Position, &Velocity)>) {
    for (position, velocity) in &mut movers {
        position.x += velocity.dx;
        position.y += velocity.dy;
    }
}

/// Tags what has left the field. The query borrows entities, so the change is
/// written down and made when the system has returned.
fn tag(
    inside: Query<Field, (Entity, &Position), Without<Outside>>,
    border: Res<Border>,
    commands: &mut Commands<Field>,
) -> Result<(), BufferFull<Outside>> {
    for (entity, position) in &inside {
        if position.x > border.0 {
            commands.insert(entity, Outside)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut field = World::<Field>::new();
    field.insert_resource(Border(50.0));

    // One entity with a name, and a hundred without.
    let ada = field.spawn((
        Position { x: 0.0, y: 0.0 },
        Velocity { dx: 1.0, dy: 0.5 },
        Name("Ada".to_owned()),
    ))?;
    let others = (0..100).map(|n| {
        let speed = (n + 1) as f32 / 10.0;
        (Position { x: 0.0, y: n as f32 }, Velocity { dx: speed, dy: 0.0 })
    });
    field.spawn_batch(others)?;
    println!("{} entities in {} tables", field.len(), field.tables().len());

    let mut schedule = Schedule::new();
    schedule.add(walk).add(tag);
    for _ in 0..10 {
        schedule.run(&mut field)?;
    }

    // After 10 ticks those faster than 5 a tick are outside: 51 to 100.
    let outside = field.view_filtered::<Entity, With<Outside>>().count();
    println!("{outside} entities are outside");
    assert_eq!(outside, 50);
    assert_eq!(*field.get::<Position>(ada)?, Position { x: 10.0, y: 5.0 });
    println!("{} is at {:?}", field.get::<Name>(ada)?.0, field.get::<Position>(ada)?);

    // What is removed comes back by value; what is despawned is dropped.
    let Name(name) = field.remove::<Name>(ada)?;
    field.despawn(ada)?;
    println!("{name} is gone: {}", field.get::<Position>(ada).unwrap_err());

    // A full world hands back what it can't take, and is as it was.
    let room = field.room();
    let crowd = std::iter::repeat_n(Position { x: 0.0, y: 0.0 }, room + 1);
    let refused = field.spawn_batch(crowd).map(<[Entity]>::len).unwrap_err();
    println!("{} more: {refused}", room + 1);
    assert_eq!(refused.why(), Refusal::WorldFull { limit: 1_000 });
    assert_eq!(refused.into_inner().len(), room + 1);
    assert_eq!(field.len(), 100);
    Ok(())
}
