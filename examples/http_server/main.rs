//! A web server on three worlds. Connections and requests are entities:
//!
//! - `Accept` takes connections in; each goes to `Io` as an entity and stays there.
//! - `Io` reads and writes sockets; each request goes to `Compute` as an entity.
//! - `Compute` makes the answer; the same entity goes back to `Io`, which writes it.
//!
//! Run: `cargo run --release --example http_server`, then `curl localhost:8080/stats`.
//! Options: `--help`. Ctrl-C stops it; it then tells what became of every entity.

mod accept;
mod compute;
mod deadlines;
mod http;
mod io;
mod options;
mod response;
mod session;
mod stats_json;
mod worlds;

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use static_ecs::driver::{Backend, Listen};
use static_ecs::{StopHandle, Stopped};

use accept::{Door, Refused};
use io::{Sockets, Totals};
use options::Options;
use worlds::{Accept, Compute, Io, Seats, Server};

fn main() -> ExitCode {
    let options = match Options::from_command_line() {
        Ok(options) => options,
        Err(code) => return code,
    };
    serve(&options).unwrap_or_else(|error| {
        eprintln!("http_server: {error}");
        ExitCode::FAILURE
    })
}

fn serve(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let listener = Listen::new(options.addr)
        .bind()
        .map_err(|error| format!("can't listen on {}: {error}", options.addr))?;
    let addr = listener.local_addr()?;

    let mut server = Server::new();
    let stats = server.stats_reader();
    let seats = Seats::new(options.max_connections as usize);
    server.set_driver::<Accept>(Door::new(listener, seats));
    server.set_driver::<Io>(Sockets::new(options.limits(), options.timeout));
    server.add_system::<Compute, _>(compute::answering(stats));

    server.set_backend(options.driver).pin(options.cores.iter().copied());
    let running = server.run(options.placement.clone())?;
    stop_on_signal(running.stop_handle())?;
    let driver = driver(options.driver);
    println!("listening on {addr}, placement {}, driver {driver}", options.placement);
    Ok(report(&running.join()))
}

/// Which driver it is, and why not the other.
fn driver(asked: Backend) -> String {
    match (asked, Backend::uring_offered()) {
        (Backend::Readiness, _) => Backend::Readiness.to_string(),
        (_, Ok(())) => Backend::Uring.to_string(),
        (_, Err(why)) => format!("{} ({why})", Backend::Readiness),
    }
}

/// The first signal lets what has begun finish, a second one does not.
fn stop_on_signal(stop: StopHandle) -> Result<(), ctrlc::Error> {
    let asked = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        // ORDERING: relaxed: signals are handled one after the other, on one thread.
        if asked.swap(true, Ordering::Relaxed) {
            stop.stop_within(Duration::ZERO);
        } else {
            stop.stop();
        }
    })
}

/// One line of totals; more only where something went wrong.
fn report(stopped: &Stopped<(Accept, Io, Compute)>) -> ExitCode {
    let totals = stopped.coordinator.world::<Io>().resource::<Totals>();
    let Totals { connections, answered, late } = totals.copied().unwrap_or_default();
    let refused = stopped.coordinator.world::<Accept>().resource::<Refused>();
    let refused = refused.map_or(0, |refused| refused.0);

    let conservation = &stopped.conservation;
    let sum = |count: fn(&static_ecs::EdgeCounts) -> u64| -> u64 {
        conservation.edges.iter().map(|edge| count(&edge.stats.counts)).sum()
    };
    println!(
        "served {answered} requests on {connections} connections ({refused} refused, {late} answers \
         too late); taken {} = received {} + in flight {} + returned {} + shed {} + dropped {}; \
         conservation {}",
        sum(|counts| counts.taken),
        sum(|counts| counts.received),
        conservation.in_flight(),
        sum(|counts| counts.returned),
        sum(|counts| counts.shed),
        sum(|counts| counts.dropped),
        if conservation.holds() { "holds" } else { "does not hold" },
    );
    if !stopped.drained {
        eprintln!("http_server: stopped before everything was finished");
    }
    if !conservation.holds() {
        eprint!("{conservation}");
    }
    for failure in &stopped.failures {
        eprintln!("http_server: {failure}");
    }
    if conservation.holds() && stopped.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
