//! The web server of `examples/http_server`, as a process, over real sockets.
#![cfg(unix)]

mod attacks;
mod client;
mod ending;
mod pressure;
mod process;
mod serving;
mod slow;

/// Every way to place the worlds that the server's documentation names.
const PLACEMENTS: [&str; 3] = ["single", "per-world", "0,1,1"];
