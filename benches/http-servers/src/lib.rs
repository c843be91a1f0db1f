//! What the servers have in common: where they listen, and what they answer. Each is a program
//! with the address as its only argument, and prints `listening on ADDRESS` once it does.

pub mod http;

use std::error::Error;
use std::net::{SocketAddr, TcpListener};

use sha2::{Digest, Sha256};
use socket2::SockRef;

pub const TEXT: &str = "text/plain; charset=utf-8";
/// The answer to `GET /`.
pub const HELLO: &str = "Hello from three worlds!\n";
/// The answer to a path that is not there.
pub const NOT_FOUND: &str = "404 Not Found\n";

/// The address on the command line.
pub fn address() -> Result<SocketAddr, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(address), None) => Ok(address.parse()?),
        _ => Err("write the address to listen on, and nothing else".into()),
    }
}

/// A socket there, with room for peers that wait while the server is busy.
pub fn listen() -> Result<TcpListener, Box<dyn Error>> {
    const BACKLOG: i32 = 4096;
    let listener = TcpListener::bind(address()?)?;
    SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

pub fn announce(address: SocketAddr) {
    println!("listening on {address}");
}

/// The answer to `POST /hash?rounds=N`: SHA-256 of the body, N times over, in hexadecimal digits,
/// and a line end.
pub fn hash(query: Option<&str>, body: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let rounds = query.and_then(|query| query.strip_prefix("rounds=")?.parse().ok()).unwrap_or(1);
    let mut hasher = Sha256::new();
    for _ in 0..rounds {
        hasher.update(body);
    }
    let digits = hasher.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).chain(['\n']).collect()
}

/// The path and the query of a target.
pub fn split(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}
