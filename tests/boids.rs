//! The example `boids` does the same in each run and on any number of threads.

use std::path::PathBuf;
use std::process::Command;

fn binary() -> PathBuf {
    // target/<profile>/deps/boids-<hash>
    let test = std::env::current_exe().expect("a process knows its executable");
    let profile = test.ancestors().nth(2).expect("test executables are in target/<profile>/deps");
    let binary = profile.join("examples").join("boids");
    let binary = binary.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        binary.exists(),
        "{} is missing: `cargo test` builds it, but not with `--test`; then run `cargo build --example boids` first",
        binary.display()
    );
    binary
}

/// How many boids there are and were caught, and the checksum of the state.
fn run(threads: &str, seed: &str) -> Vec<String> {
    let options = ["--headless", "--boids", "700", "--ticks", "120"];
    let output = Command::new(binary())
        .args(options)
        .args(["--threads", threads, "--seed", seed])
        .output()
        .expect("the example can be run");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).expect("the output is text");
    // The first line tells times.
    lines.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_flock_is_the_same_on_any_number_of_threads() {
    let [counts, checksum] = &run("1", "7")[..] else { panic!("two lines are expected") };
    assert!(counts.starts_with("700 boids and a hawk, which caught "), "{counts}");
    assert!(!counts.ends_with(" 0"), "something should be caught, and hatch: {counts}");
    for threads in ["1", "2", "4"] {
        assert_eq!(run(threads, "7"), [&counts[..], checksum], "on {threads} threads");
    }
    assert_ne!(&run("1", "8")[1], checksum);
}
