//! Levels of detail: agents near the camera live in a world that ticks every
//! 5 ms and keeps a trail of each; those far away in one that ticks every 40 ms
//! and only moves them. As the camera goes round, agents are promoted and demoted.
//!
//! Run it with `cargo run --release --example lod`.

use std::error::Error;
use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use static_ecs::commands::BufferFull;
use static_ecs::prelude::*;

const AGENTS: usize = 5_000;
const NEAR: Duration = Duration::from_millis(5);
const FAR: Duration = Duration::from_millis(40);

/// Where an agent is on its ring, in turns.
#[derive(Component)]
struct Place(f32);

/// In turns a second.
#[derive(Component)]
struct Speed(f32);

/// What only an agent near the camera has: where it was at each tick.
#[derive(Component)]
struct Trail(Vec<f32>);

#[world_config(components(Place, Speed, Trail), max_entities = 10_000)]
struct Agents;

#[world_config(base = Agents, routing(default_target = Far), archetypes(near(Place, Speed, Trail)))]
struct Near;

#[world_config(base = Agents, routing(default_target = Near), archetypes(far(Place, Speed)))]
struct Far;

coordinator!(type Levels = (Near, Far));

/// A resource of both worlds. The camera goes round once in a second.
#[derive(Clone, Copy, Resource)]
struct Camera(Instant);

impl Camera {
    /// Near is a fifth of the ring.
    fn sees(self, place: &Place) -> bool {
        let camera = self.0.elapsed().as_secs_f32().fract();
        let distance = (camera - place.0).abs();
        distance.min(1.0 - distance) < 0.1
    }
}

/// Moves everyone on by one tick of this length.
fn advance(place: &mut Place, speed: &Speed, tick: Duration) {
    place.0 = (place.0 + speed.0 * tick.as_secs_f32()).rem_euclid(1.0);
}

/// Moves everyone, keeps the trails, and demotes who is out of sight.
fn near(
    mut agents: Query<Agents, (Entity, &mut Place, &Speed, &mut Trail)>,
    camera: Res<Camera>,
    commands: &mut Commands<Near>,
) -> Result<(), BufferFull<Entity>> {
    for (entity, place, speed, trail) in &mut agents {
        advance(place, speed, NEAR);
        trail.0.push((place.0 * TAU).sin());
        if !camera.sees(place) {
            // In order: the trail goes, then the agent.
            commands.remove::<Trail>(entity)?;
            commands.complete(entity)?;
        }
    }
    Ok(())
}

/// Moves everyone, and promotes who is in sight.
fn far(
    mut agents: Query<Agents, (Entity, &mut Place, &Speed)>,
    camera: Res<Camera>,
    commands: &mut Commands<Far>,
) -> Result<(), BufferFull<Entity>> {
    for (entity, place, speed) in &mut agents {
        advance(place, speed, FAR);
        if camera.sees(place) {
            commands.complete(entity)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut levels = Levels::new();
    levels.set_pace::<Near>(Pace::Every(NEAR)).set_pace::<Far>(Pace::Every(FAR));
    levels.add_system::<Near, _>(near).add_system::<Far, _>(far);
    let camera = Camera(Instant::now());
    levels.world_mut::<Far>().insert_resource(camera);
    let world = levels.world_mut::<Near>();
    world.insert_resource(camera);
    // Who arrives here gets its detail; who left has given it up.
    world.on_arrive(|world, agent| {
        let _ = world.insert(agent, Trail(Vec::new()));
    });
    let agents = (0..AGENTS).map(|n| {
        let turn = n as f32 / AGENTS as f32;
        (Place(turn), Speed((turn - 0.5) / 10.0))
    });
    levels.world_mut::<Far>().spawn_batch(agents)?;

    let running = levels.run(Placement::PerWorld)?;
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(300));
        let stats = running.stats();
        let [near, far] = [0, 1].map(|id| stats.worlds[id].counts);
        let (promoted, demoted) = (stats.transfers_sent[1], stats.transfers_sent[0]);
        println!(
            "near: {:3} ticks, {:4} agents; far: {:3} ticks, {:4} agents; {promoted} promoted, {demoted} demoted",
            near.ticks, near.entities, far.ticks, far.entities
        );
    }
    let stopped = running.stop();
    let conservation = stopped.conservation.clone();
    let levels = stopped.into_result()?;
    let stats = levels.stats();
    assert!(conservation.holds(), "{conservation}");
    assert_eq!(conservation.live() + conservation.in_flight(), AGENTS as u64);
    assert!(stats.worlds[0].counts.ticks > 2 * stats.worlds[1].counts.ticks, "{stats:?}");
    assert!(stats.transfers_sent.iter().all(|&sent| sent > 0), "{stats:?}");
    // Whoever is near has a trail, and nobody else.
    let near = levels.world::<Near>();
    assert_eq!(near.view::<&Trail>().count(), near.len());
    assert_eq!(levels.world::<Far>().view::<&Trail>().count(), 0);
    let longest = near.view::<&Trail>().map(|trail| trail.0.len()).max();
    println!("the longest trail has {} steps", longest.unwrap_or(0));
    Ok(())
}
