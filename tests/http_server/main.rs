//! The web server of `examples/http_server`, as a process, over real sockets.
#![cfg(unix)]

mod attacks;
mod client;
mod ending;
mod pressure;
mod process;
mod serving;
mod slow;

use static_ecs::driver::Backend;

/// Every way to place the worlds that the server's documentation names, with every driver that
/// there is here. As [`process::Server::start`] takes them.
fn ways() -> Vec<String> {
    let mut drivers = vec!["readiness"];
    match Backend::uring_offered() {
        Ok(()) => drivers.push("uring"),
        Err(why) => eprintln!("not tried with io_uring: {why}"),
    }
    let ways = drivers.iter().flat_map(|driver| {
        ["single", "per-world", "0,1,1"]
            .map(|placement| format!("--placement={placement} --driver={driver}"))
    });
    ways.collect()
}
