//! What a tick costs when worlds do nothing; run by hand:
//! `cargo test --release --test lock_step cost -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use crate::*;

#[world_config(base = Base, source)]
struct Still;
coordinator!(type Four = [Still; 4]);

const TICKS: u32 = 2_000;
const ROUNDS: u32 = 20;

/// The best of several rounds, for a tick.
fn best(mut ticks: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        ticks();
        begun.elapsed() / TICKS
    });
    rounds.min().unwrap()
}

#[test]
#[ignore = "measures"]
fn cost_of_an_idle_tick() {
    let mut four = Four::new();
    four.start().unwrap();
    let by_hand = best(|| (0..TICKS).for_each(|_| _ = four.tick().unwrap()));
    println!("4 worlds, tick by hand: {by_hand:?}");
    let by_hand = best(|| (0..TICKS).for_each(|_| _ = four.step().unwrap()));
    println!("4 worlds, step by hand: {by_hand:?}");
    for placement in ["single", "0,0,1,1"] {
        let placement: Placement = placement.parse().unwrap();
        let mut resting = Some(four);
        let on_threads = best(|| {
            let stopped = resting.take().unwrap().run_ticks(placement.clone(), TICKS.into());
            resting = Some(stopped.unwrap().coordinator);
        });
        println!("4 worlds, lock-step, {placement}: {on_threads:?}");
        four = resting.unwrap();
    }
}
