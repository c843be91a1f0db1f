//! The command line.

use clap::Parser;

/// A hawk among 10,000 boids: drawn in a terminal for a person, who steers the hawk, or run
/// without, to its end.
#[derive(Debug, Parser)]
#[command(name = "boids")]
pub(crate) struct Options {
    /// How many boids.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) boids: u32,
    /// How many ticks of a 60th of a second: a minute, or if nothing is drawn, 300.
    #[arg(long)]
    ticks: Option<u64>,
    /// How many threads; by default one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Another seed makes another flock.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Draws nothing, also where the output is a terminal.
    #[arg(long)]
    pub(crate) headless: bool,
    /// Tells how long each system took.
    #[arg(long)]
    pub(crate) measure: bool,
}

impl Options {
    pub(crate) fn ticks(&self, drawn: bool) -> u64 {
        self.ticks.unwrap_or(if drawn { 60 * 60 } else { 300 })
    }
}
