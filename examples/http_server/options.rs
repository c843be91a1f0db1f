//! The command line.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use static_ecs::Placement;
use static_ecs::driver::Backend;

use super::http::Limits;

/// A web server on three worlds: accept, io and compute.
#[derive(Debug, Parser)]
#[command(name = "http_server")]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,
    /// Which worlds share a thread: `single`, `per-world`, or a thread for each world.
    #[arg(long, default_value = "per-world", value_parser = placement)]
    pub(crate) placement: Placement,
    /// The cores that the threads stay on, in turn, such as `0,1`; without any, they go where
    /// the operating system puts them.
    #[arg(long, value_delimiter = ',')]
    pub(crate) cores: Vec<usize>,
    /// How to wait for sockets: `uring`, `readiness`, or `auto`: io_uring where the kernel offers
    /// it.
    #[arg(long, default_value_t)]
    pub(crate) driver: Backend,
    /// The most connections at a time; those beyond get a 503.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max_connections: u32,
    /// The most bytes of a request's body.
    #[arg(long, default_value_t = Limits::default().max_body)]
    pub(crate) max_body: usize,
    /// How many seconds a peer may be silent or slow.
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

impl Options {
    /// The options of this process, or how it ends without: after `--help`, or with one line
    /// that says what is wrong.
    pub(crate) fn from_command_line() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                print!("{error}");
                return ExitCode::SUCCESS;
            }
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let line = line.strip_prefix("error: ").unwrap_or(line);
            eprintln!("http_server: {line} (see --help)");
            ExitCode::from(2)
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { max_body: self.max_body, ..Limits::default() }
    }
}

fn placement(text: &str) -> Result<Placement, String> {
    const WORLDS: usize = 3;
    let placement: Placement = text.parse().map_err(|error| format!("{error}"))?;
    placement.threads(WORLDS).map_err(|error| error.to_string())?;
    Ok(placement)
}

fn seconds(text: &str) -> Result<Duration, String> {
    const LONGEST: f64 = 86_400.0;
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("write seconds above 0 and up to {LONGEST}")),
    }
}
