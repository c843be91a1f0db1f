//! The three worlds, and what flows between them.
//!
//! A connection is an entity that is born in `Accept` and moves to `Io`, where it stays. A request
//! is an entity that is born in `Io`, moves to `Compute`, and comes back with its answer.

use std::mem;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use static_ecs::prelude::*;

use super::http::Request;
use super::response::Response;
use super::session::Session;

/// A connection's socket.
#[derive(Component)]
pub(crate) struct Connection {
    /// Until the io world's port has it.
    pub(crate) stream: Option<TcpStream>,
    /// Given up when the connection is dropped, wherever that is.
    pub(crate) _seat: Seat,
}

/// Which connection a request came from, and its place among that connection's requests.
#[derive(Component, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) connection: Entity,
    pub(crate) sequence: u64,
}

/// A request, and then what is answered.
#[derive(Component)]
pub(crate) enum Exchange {
    Asked(Request),
    Answered(Response),
    /// The answer is with its connection.
    Over,
}

impl Exchange {
    /// Takes the request out, if it is not answered.
    pub(crate) fn take_request(&mut self) -> Option<Request> {
        if let Self::Asked(_) = self
            && let Self::Asked(request) = mem::replace(self, Self::Over)
        {
            return Some(request);
        }
        None
    }

    /// Takes the answer out, if there is one.
    pub(crate) fn take_response(&mut self) -> Option<Response> {
        if let Self::Answered(_) = self
            && let Self::Answered(response) = mem::replace(self, Self::Over)
        {
            return Some(response);
        }
        None
    }
}

#[world_config(
    components(Connection, Session, Origin, Exchange),
    max_entities = 1_048_576,
    transfer_queue(capacity = 4096, batch_size = 64, spsc = true, on_full = retain)
)]
pub(crate) struct Base;

/// Takes connections in.
#[world_config(base = Base, role = accept, world_id = 0, routing(default_target = Io))]
pub(crate) struct Accept;

/// Reads requests and writes answers.
#[world_config(base = Base, role = io, world_id = 1, routing(default_target = Compute))]
pub(crate) struct Io;

/// Makes every answer to a request.
#[world_config(base = Base, role = compute, world_id = 2, routing(default_target = Io))]
pub(crate) struct Compute;

coordinator!(pub(crate) type Server = (Accept, Io, Compute));

/// How many connections there may be, and are.
#[derive(Clone)]
pub(crate) struct Seats {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// One connection's place among those that there may be.
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Seats {
    pub(crate) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// Only one thread takes seats; others give them up meanwhile, so it never takes too many.
    pub(crate) fn take(&mut self) -> Option<Seat> {
        // ORDERING: relaxed: a count, which nothing else hangs on.
        if self.taken.load(Ordering::Relaxed) >= self.most {
            return None;
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(Seat(self.taken.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // ORDERING: relaxed, as in `take`.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
