//! The servers, and how each is run.

use std::env;
use std::io;

use io_uring::IoUring;

pub const OURS: &str = "static-ecs";
pub const HAND: &str = "hand";
/// Not a package: there if it is installed. It hashes nothing.
pub const NGINX: &str = "nginx";

/// One way to run a server.
pub struct Way {
    pub side: &'static str,
    pub variant: &'static str,
    /// The name of its program.
    pub program: &'static str,
    /// `{}` stands for the address.
    arguments: &'static [&'static str],
    /// What sets a variant apart.
    options: &'static [&'static str],
    /// Whether it says which port it has taken, if it may take any.
    pub tells_port: bool,
    /// Why it can't run here, if so.
    pub missing: fn() -> Option<String>,
}

impl Way {
    pub fn arguments(&self) -> impl Iterator<Item = &'static str> {
        self.arguments.iter().chain(self.options).copied()
    }

    /// With the variant if it has one.
    pub fn title(&self) -> String {
        [self.side, self.variant].join(" ").trim_end().to_owned()
    }
}

pub const WAYS: [Way; 12] = [
    Way { variant: "epoll", ..other(HAND, "raw_epoll") },
    Way { variant: "uring", missing: no_uring, ..other(HAND, "raw_uring") },
    ours("single", &["--placement=single"]),
    ours("per-world", &["--placement=per-world"]),
    ours("single, readiness", &["--placement=single", "--driver=readiness"]),
    ours("per-world, readiness", &["--placement=per-world", "--driver=readiness"]),
    Way { tells_port: false, ..other("may_minihttp", "may_minihttp") },
    other("hyper", "hyper"),
    other("axum", "axum"),
    other("actix-web", "actix_web"),
    other("ntex", "ntex"),
    Way { tells_port: false, missing: no_nginx, ..other(NGINX, NGINX) },
];

const fn ours(variant: &'static str, options: &'static [&'static str]) -> Way {
    /// Nobody is closed for being silent, also while a server is paused.
    const ALWAYS: &[&str] = &["--addr={}", "--max-connections=20000", "--timeout=86400"];
    Way { variant, arguments: ALWAYS, options, ..other(OURS, "http_server") }
}

const fn other(side: &'static str, program: &'static str) -> Way {
    Way {
        side,
        variant: "",
        program,
        arguments: &["{}"],
        options: &[],
        tells_port: true,
        missing: || None,
    }
}

fn no_nginx() -> Option<String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&path).any(|directory| directory.join(NGINX).is_file());
    (!installed).then(|| "it is not installed".into())
}

fn no_uring() -> Option<String> {
    uring().err().map(|error| format!("io_uring is not offered here, as Linux 6.1 has it: {error}"))
}

/// A ring as the servers make theirs. Kernels that know this much know the rest.
fn uring() -> io::Result<IoUring> {
    IoUring::builder().setup_single_issuer().setup_coop_taskrun().setup_defer_taskrun().build(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_its_own_and_takes_the_address() {
        for (place, way) in WAYS.iter().enumerate() {
            let same = |other: &&Way| (other.side, other.variant) == (way.side, way.variant);
            assert_eq!(WAYS.iter().position(|other| same(&other)), Some(place), "{}", way.title());
            let addresses = way.arguments().filter(|argument| argument.contains("{}")).count();
            assert_eq!(addresses, 1, "{}", way.title());
        }
    }
}
