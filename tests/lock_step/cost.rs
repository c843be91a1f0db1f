//! What a tick costs when worlds do nothing; run by hand:
//! `cargo test --release --test lock_step cost -- --ignored --nocapture`.

use std::time::Instant;

use crate::*;

#[world_config(base = Base, source)]
struct Still;
coordinator!(type Four = [Still; 4]);

#[test]
#[ignore = "measures"]
fn cost_of_an_idle_tick() {
    const TICKS: u64 = 20_000;
    let mut four = Four::new();
    four.start().unwrap();
    let begun = Instant::now();
    (0..TICKS).for_each(|_| _ = four.tick().unwrap());
    println!("4 worlds, tick by hand: {:?}", begun.elapsed() / TICKS as u32);
    let begun = Instant::now();
    (0..TICKS).for_each(|_| _ = four.step().unwrap());
    println!("4 worlds, step by hand: {:?}", begun.elapsed() / TICKS as u32);
    for placement in ["single", "0,0,1,1"] {
        let begun = Instant::now();
        let stopped = four.run_ticks(placement.parse().unwrap(), TICKS).unwrap();
        println!("4 worlds, lock-step, {placement}: {:?}", begun.elapsed() / TICKS as u32);
        four = stopped.coordinator;
    }
}
