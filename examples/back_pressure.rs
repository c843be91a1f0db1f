//! What each overload policy does when a source makes more than its target can
//! take: the same load against `retain`, `block`, `shed` and `spill`, and once
//! more against `retain` with a source that asks `try_admit` first.
//!
//! Run it with `cargo run --release --example back_pressure`.

use std::error::Error;

use static_ecs::commands::BufferFull;
use static_ecs::prelude::*;

#[derive(Component)]
struct Job;

#[world_config(components(Job), max_entities = 10_000)]
struct Base;

/// Jobs made in each tick, and done in each tick of the sink.
const MADE: u64 = 40;
const DONE: usize = 20;
const TICKS: u64 = 50;

/// What became of one load.
#[derive(Debug, Default)]
struct Outcome {
    made: u64,
    /// Done within the ticks, and at the end.
    done: [u64; 2],
    shed: u64,
    /// Entities that waited in the source, and in its spill, at most.
    waiting: u64,
    spilled: u64,
    full: u64,
}

/// A source and a sink whose queue has room for 64 jobs and this policy.
macro_rules! try_policy {
    ($($policy:tt)+) => {{
        #[world_config(base = Base, role = accept, routing(default_target = Sink))]
        struct Source;
        #[world_config(
            base = Base,
            max_entities = 64,
            transfer_queue(capacity = 64, batch_size = 16, on_full = $($policy)+)
        )]
        struct Sink;
        coordinator!(type Pair = (Source, Sink));

        fn work(jobs: Query<Base, Entity>, commands: &mut Commands<Sink>) -> Result<(), BufferFull<Entity>> {
            for job in jobs.iter().take(DONE) {
                commands.despawn(job)?;
            }
            Ok(())
        }

        |asks: bool| -> Result<Outcome, Box<dyn Error>> {
            let mut pair = Pair::new();
            pair.add_system::<Sink, _>(work);
            pair.start()?;
            let mut outcome = Outcome::default();
            for _ in 0..TICKS {
                let source = pair.world_mut::<Source>();
                for _ in 0..MADE {
                    if asks && source.try_admit(1).is_err() {
                        break;
                    }
                    let job = source.spawn(Job)?;
                    source.complete(job)?;
                    outcome.made += 1;
                }
                pair.tick()?;
                let stats = pair.stats();
                outcome.waiting = outcome.waiting.max(stats.worlds[0].counts.entities);
                outcome.spilled = outcome.spilled.max(stats.edges[0].counts.spilled);
            }
            outcome.done[0] = pair.world::<Sink>().counts().despawned;
            // No more is made: what waits is done.
            while pair.conservation().live() + pair.conservation().in_flight() > 0 {
                pair.tick()?;
            }
            let (conservation, edge) = (pair.conservation(), pair.stats().edges[0].counts);
            assert!(conservation.holds(), "{conservation}");
            (outcome.shed, outcome.full) = (edge.shed, edge.full);
            outcome.done[1] = pair.world::<Sink>().counts().despawned;
            assert_eq!(outcome.made, outcome.done[1] + outcome.shed);
            Ok(outcome)
        }
    }};
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{TICKS} ticks, {MADE} jobs made and {DONE} done in each");
    println!("policy                 made  in time  later  shed  waiting  spilled  full");
    let mut rows = Vec::new();
    for (name, outcome) in [
        ("retain", (try_policy!(retain))(false)?),
        ("block(10ms)", (try_policy!(block(10ms)))(false)?),
        ("shed", (try_policy!(shed))(false)?),
        ("spill(500)", (try_policy!(spill(500)))(false)?),
        ("retain, try_admit", (try_policy!(retain))(true)?),
    ] {
        let Outcome { made, done: [in_time, all], shed, waiting, spilled, full } = outcome;
        let later = all - in_time;
        println!(
            "{name:20} {made:6} {in_time:8} {later:6} {shed:5} {waiting:8} {spilled:8} {full:5}"
        );
        rows.push(outcome);
    }
    let [retain, block, shed, spill, admit] = &rows[..] else { unreachable!("five rows") };
    // Kept at the source: nothing is lost, and what waits grows.
    assert!(retain.shed == 0 && retain.waiting > 500);
    // The source's thread does the sink's work meanwhile: nothing waits.
    assert!(block.shed == 0 && block.waiting == 0 && block.done[0] > retain.done[0]);
    // What there is no room for is dropped, the oldest first.
    assert!(shed.shed > 0 && shed.waiting == 0);
    // Up to 500 leave the source's world; the rest waits there.
    assert!(spill.shed == 0 && spill.spilled == 500 && spill.waiting < retain.waiting);
    // Less is made in the first place.
    assert!(admit.made < retain.made && admit.waiting <= MADE);
    Ok(())
}
