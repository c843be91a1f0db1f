//! A little game: a hawk hunts among 10,000 boids, which flock, and flee from it. Shown are
//! systems as plain functions, a spatial grid as a resource, a query on all cores, systems
//! side by side, and steps at a fixed rate.
//!
//! Run it with `cargo run --release --example boids`. In a terminal it is drawn, and you steer
//! the hawk. Elsewhere, or with `--headless`, it runs 300 ticks and prints a checksum, which
//! is the same in each run and on any number of threads. `-- --help` lists the options.

mod canvas;
mod flock;
mod game;
mod grid;
mod hawk;
mod options;
mod screen;
mod sky;
mod vector;

use std::error::Error;
use std::io::{IsTerminal, stdout};
use std::time::Instant;

use clap::Parser;
use static_ecs::prelude::*;

use hawk::Score;
use options::Options;
use sky::Sky;

/// What happens in a tick.
fn ticking() -> Schedule<Sky> {
    let mut ticking = Schedule::new();
    ticking.add(hawk::follow_path).run_if(hawk::by_itself).in_phase(Phase::PRE_UPDATE);
    ticking.add(hawk::fly_hawk).in_phase(Phase::PRE_UPDATE);
    ticking.add(grid::sort).in_phase(Phase::PRE_UPDATE);
    // These two are not in each other's way, so they can run side by side.
    ticking.add(flock::steer);
    ticking.add(hawk::hunt);
    ticking.add(hawk::hatch).in_phase(Phase::POST_UPDATE).deferred();
    ticking.add(flock::fly).in_phase(Phase::POST_UPDATE);
    ticking.set_executor(ParallelExecutor::new());
    ticking
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if let Some(threads) = options.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global()?;
    }
    let drawn = stdout().is_terminal() && !options.headless;
    let sky = sky::sky(options.boids as usize, options.seed)?;
    let (ticking, steps) = (ticking(), FixedSteps::per_second(60).with_most(4));
    let ticks = options.ticks(drawn);
    if drawn {
        game::play(sky, ticking, steps, ticks)
    } else {
        run(sky, ticking, steps, ticks, options.measure)
    }
}

/// Runs as fast as it goes, and tells what came of it.
fn run(
    mut sky: World<Sky>,
    mut ticking: Schedule<Sky>,
    steps: FixedSteps,
    ticks: u64,
    measure: bool,
) -> Result<(), Box<dyn Error>> {
    if measure {
        ticking.measure();
    }
    let start = Instant::now();
    for _ in 0..ticks {
        ticking.tick(&mut sky, steps.step())?;
    }
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0 / ticks.max(1) as f64;
    let Score(caught) = sky.resource().copied().unwrap_or_default();
    println!("{ticks} ticks, {milliseconds:.2} ms each; a 60th of a second has 16.67 ms");
    println!("{} boids and a hawk, which caught {caught}", sky.len() - 1);
    println!("checksum {:016x}", sky.state_hash()?);
    if measure {
        println!("{}", ticking.plan()?);
        for system in ticking.systems() {
            if let Some(times) = system.histogram() {
                println!("{:?} {}", times.mean(), system.name());
            }
        }
    }
    Ok(())
}
