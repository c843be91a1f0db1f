//! What must not compile, and the message that it gets: a case for each message
//! of the macros, one for each rule of a topology, and one for each check that a
//! call makes when it is compiled.

use std::env;
use std::io::Write;
use std::process::Command;

/// Whose messages the `.stderr` files hold: other versions word and mark them
/// differently.
const COMPARED: &str = "1.95";

const CLASSES: [&str; 14] = [
    "bundle",
    "component",
    "coordinator",
    "event",
    "lanes",
    "query",
    "queue",
    "relation",
    "routing",
    "system",
    "template",
    "topology",
    "transfer",
    "world",
];

/// Classes that need a feature which is not on by default: a test of its own.
const BEHIND_A_FEATURE: [&str; 1] = ["snapshot"];

#[test]
fn ui() {
    run(&CLASSES);
}

#[test]
#[cfg(feature = "snapshot")]
fn snapshot() {
    run(&BEHIND_A_FEATURE);
}

fn run(classes: &[&str]) {
    let cases = trybuild::TestCases::new();
    for class in classes {
        // A passing case also makes trybuild build in place of check, so that the
        // constants of queries, bundles and queues are seen.
        cases.pass(format!("tests/ui/{class}/pass.rs"));
    }
    let version = rustc_version();
    if !version.starts_with(&format!("rustc {COMPARED}.")) {
        let version = version.trim();
        // Past the capture of the test harness: this is to be seen.
        let _ = writeln!(
            std::io::stderr(),
            "ui: messages are compared on Rust {COMPARED} only; this is {version}, where only the passing cases run"
        );
        return;
    }
    for class in classes {
        cases.compile_fail(format!("tests/ui/{class}/[!p]*.rs"));
        cases.compile_fail(format!("tests/ui/{class}/p[!a]*.rs"));
    }
}

/// What the compiler that cargo uses says of itself.
fn rustc_version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-V").output().expect("the compiler runs");
    String::from_utf8(output.stdout).expect("the version is text")
}

/// A class that is not listed would never be compared.
#[test]
fn each_class_is_listed() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui");
    let classes = std::fs::read_dir(dir).expect("the cases are here");
    let mut classes: Vec<String> =
        classes.map(|class| class.unwrap().file_name().into_string().unwrap()).collect();
    classes.sort();
    let mut listed = [CLASSES.as_slice(), BEHIND_A_FEATURE.as_slice()].concat();
    listed.sort();
    assert_eq!(classes, listed);
}
