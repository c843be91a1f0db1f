//! Where and with what a run was made.

use std::collections::BTreeMap;
use std::process::Command;
use std::{fs, thread};

use serde::{Deserialize, Serialize};

const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// Of this package, and of the servers'.
const LOCKS: [&str; 2] =
    [include_str!("../Cargo.lock"), include_str!("../http-servers/Cargo.lock")];

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub cpu: String,
    pub cores: usize,
    pub kernel: String,
    pub rustc: String,
    /// Of this repository.
    pub commit: String,
    /// Of the sides that are packages.
    pub versions: BTreeMap<String, String>,
}

impl Run {
    /// This machine, these sources, and the packages among `sides`.
    pub fn here<'a>(sides: impl IntoIterator<Item = &'a str>) -> Self {
        let versions = sides
            .into_iter()
            .filter_map(|side| Some((side.to_owned(), locked(side)?.to_owned())))
            .collect();
        Self {
            cpu: cpu().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: said("uname", &["-sr"]).unwrap_or_else(|| std::env::consts::OS.to_owned()),
            rustc: said("rustc", &["--version"]).unwrap_or_default(),
            commit: commit().unwrap_or_default(),
            versions,
        }
    }
}

/// How many other programs wanted to run in the last minute, on average.
pub fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn cpu() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn commit() -> Option<String> {
    let short = said("git", &["rev-parse", "--short", "HEAD"])?;
    let clean = said("git", &["status", "--porcelain"])?.is_empty();
    Some(if clean { short } else { short + "-dirty" })
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(HERE).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The version of a package in the lock files.
pub fn locked(name: &str) -> Option<&'static str> {
    LOCKS.iter().find_map(|lock| version_in(lock, name))
}

fn version_in(lock: &'static str, name: &str) -> Option<&'static str> {
    let mut lines = lock.lines();
    lines.find(|line| {
        line.strip_prefix("name = ").is_some_and(|rest| rest.trim_matches('"') == name)
    })?;
    lines.next()?.strip_prefix("version = ").map(|version| version.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_the_packages() {
        assert_eq!(locked("static-ecs-benches"), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(locked("no such package"), None);
    }
}
