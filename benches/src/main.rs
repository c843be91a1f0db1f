//! static-ecs beside its peers and beside plain arrays.

mod case;
mod compile;
mod ecs;
#[cfg(target_os = "linux")]
mod http;
mod machine;
mod measure;
mod memory;
mod order;
mod pair;
mod plot;
mod queues;
mod record;
mod report;
mod stats;
mod suite;
mod table;
mod transfers;
mod verdict;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::suite::Options;

/// Measures static-ecs beside its peers and beside plain arrays: all in one
/// program (but web servers, which are one each), in turn, each by its own best
/// API, after checking that all compute the same.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// How long the compiler takes: clean builds, and builds after an edit, of a small app for each
    /// side, and of apps with many components and worlds
    ///
    /// Needs the sources of all packages, and fetches them first. The first core and the second
    /// should do nothing else. Prints and fails as `ecs` does.
    Compile(Options),
    /// One world: spawning, iterating, changing and finding entities
    ///
    /// Prints a table for each case, then which targets are met. Fails if a side
    /// computed something else than the others.
    Ecs(Options),
    /// Web servers of three worlds and of peers: processor time of a request, requests per
    /// second, times of answers, and memory
    ///
    /// Builds the servers first, from this repository's sources and those in `http-servers`. Each
    /// is a process of its own, kept on the first core; the load comes from the second. Both
    /// should do nothing else. Prints and fails as `ecs` does; that an answer is right is looked
    /// at each time.
    #[cfg(target_os = "linux")]
    Http(Options),
    /// Queues between threads: items per second, round trips, and waking
    ///
    /// Needs two cores that do nothing else. Prints and fails as `ecs` does.
    Queues(Options),
    /// Several worlds: entities that move from one to another, on one thread and on two
    ///
    /// Prints and fails as `ecs` does. Cases on two threads need two cores that do
    /// nothing else.
    Transfers(Options),
    /// Make a document and a picture of records that were written with --json
    Report(report::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
fn run(command: Command) -> Result<bool, Box<dyn Error>> {
    match command {
        Command::Compile(options) => compile::SUITE.run(&options),
        Command::Ecs(options) => ecs::SUITE.run(&options),
        #[cfg(target_os = "linux")]
        Command::Http(options) => http::SUITE.run(&options),
        Command::Queues(options) => queues::SUITE.run(&options),
        Command::Transfers(options) => transfers::SUITE.run(&options),
        Command::Report(options) => {
            let suites = [
                &compile::SUITE,
                &ecs::SUITE,
                #[cfg(target_os = "linux")]
                &http::SUITE,
                &queues::SUITE,
                &transfers::SUITE,
            ];
            report::write(&suites, &options).map(|()| true)
        }
    }
}
