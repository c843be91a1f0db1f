//! A simulation in a grid of 3 × 3 worlds. People and their dogs walk about and
//! cross the borders; each dog's component refers to its owner, and the
//! reference stays valid in whatever zone either of them is.
//!
//! Run it with `cargo run --release --example zones`.

use std::collections::HashMap;
use std::error::Error;

use static_ecs::commands::BufferFull;
use static_ecs::config::neighbours::grid;
use static_ecs::prelude::*;

const SIDE: usize = 3;
const ZONES: usize = SIDE * SIDE;
/// The length of a zone's side.
const SIZE: f32 = 100.0;
const PEOPLE: usize = 500;
const TICKS: usize = 1_000;

#[derive(Component)]
struct Position([f32; 2]);

#[derive(Component)]
struct Velocity([f32; 2]);

/// Owns memory: it moves from world to world and is dropped once.
#[derive(Component)]
struct Name(String);

#[derive(Component)]
struct Owner(Entity);

/// A resource: how often a dog was in the same zone as its owner.
#[derive(Default)]
struct Together(u64);

#[world_config(
    components(Position, Velocity, Name, Owner),
    archetypes(person(Position, Velocity, Name), dog(Position, Velocity, Name, Owner)),
    max_entities = 2_000,
    transfer_queue(capacity = 256),
    // Edges lead to the zones beside this one, not across corners.
    neighbours = grid::<SIDE, SIDE>
)]
struct Zone;

coordinator!(type Map = [Zone; ZONES]);

/// Moves everyone, and sends those who have crossed a border to the zone beside.
fn walk(
    zone: &mut World<Zone>,
    commands: &mut Commands<Zone>,
) -> Result<(), BufferFull<TransferMarker>> {
    let here = zone.id().map_or(0, usize::from);
    let here = [here % SIDE, here / SIDE];
    for (entity, position, velocity) in zone.query::<(Entity, &mut Position, &mut Velocity)>() {
        let mut next = here;
        for axis in 0..2 {
            position.0[axis] += velocity.0[axis];
            // The map ends here: turn round.
            if !(0.0..SIZE * SIDE as f32).contains(&position.0[axis]) {
                velocity.0[axis] = -velocity.0[axis];
                position.0[axis] += 2.0 * velocity.0[axis];
            }
            // One border at a time; who crosses a corner goes on at the next tick.
            if next == here {
                let at = (position.0[axis] / SIZE) as usize;
                next[axis] = at.clamp(here[axis].saturating_sub(1), here[axis] + 1);
            }
        }
        if next != here {
            let target = next[1] * SIDE + next[0];
            commands.insert(entity, TransferMarker::to(target as u16))?;
        }
    }
    Ok(())
}

/// Counts the dogs whose owner is in the same zone.
fn meet(zone: &mut World<Zone>) {
    let met = zone.view::<&Owner>().filter(|owner| zone.contains(owner.0)).count();
    zone.resources_mut().get_or_insert_with(Together::default).0 += met as u64;
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut map = Map::new();
    map.add_system::<Zone, _>(walk).add_system::<Zone, _>(meet);
    let zone = map.world_at_mut::<Zone>(ZONES / 2);
    for n in 0..PEOPLE {
        let angle = n as f32;
        let place = || Position([SIZE * 1.5, SIZE * 1.5]);
        let speed = |v: f32| Velocity([v * angle.cos(), v * angle.sin()]);
        let owner = zone.spawn((place(), speed(1.0), Name(format!("{n}"))))?;
        zone.spawn((place(), speed(3.0), Name(format!("dog of {n}")), Owner(owner)))?;
    }

    map.start()?;
    for _ in 0..TICKS {
        map.tick()?;
    }
    map.stop();

    // Every reference still names the same person, wherever both are now.
    let names: HashMap<Entity, &str> = map
        .worlds::<Zone>()
        .flat_map(|zone| zone.view::<(Entity, &Name)>())
        .map(|(entity, name)| (entity, name.0.as_str()))
        .collect();
    let dogs = map.worlds::<Zone>().flat_map(|zone| zone.view::<(&Name, &Owner)>());
    let mut checked = 0;
    for (name, owner) in dogs {
        // An entity that is on its way is in a queue, in no world.
        let Some(owner) = names.get(&owner.0) else { continue };
        assert_eq!(name.0, format!("dog of {owner}"));
        checked += 1;
    }

    let stats = map.stats();
    let conservation = map.conservation();
    let met = map.worlds::<Zone>().filter_map(|zone| zone.resource::<Together>());
    println!("residents: {:?}", map.worlds::<Zone>().map(World::len).collect::<Vec<_>>());
    println!("{} borders crossed in {TICKS} ticks", stats.sent());
    println!("{} meetings of dog and owner", met.map(|met| met.0).sum::<u64>());
    println!("{checked} references checked, {} entities on their way", conservation.in_flight());
    assert!(conservation.holds(), "{conservation}");
    assert_eq!(conservation.live() + conservation.in_flight(), 2 * PEOPLE as u64);
    assert!(stats.sent() > 0 && checked > PEOPLE / 2, "{checked}");
    Ok(())
}
