//! The driver of the accept world: takes connections in and sends them on, as entities.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant, SystemTime};

use mio::Interest;
use mio::net::{TcpListener, TcpStream};
use static_ecs::Registry;
use static_ecs::driver::Event;
use static_ecs::prelude::*;

use super::response::{Encoder, Response, Status};
use super::worlds::{Accept, Connection, Seats};

/// The most connections taken in one tick.
const BATCH: usize = 64;
/// How long to wait when the system has no more descriptors, or another trouble of its own.
const PAUSE: Duration = Duration::from_millis(100);
/// When to ask again whether the worlds admit more, should nothing happen before.
const ASK_AGAIN: Duration = Duration::from_millis(1);
/// How long peers wait in the backlog while they do not; then they are told.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a refused peer has to read its 503 before the socket is closed. Closing at once can
/// take the answer back: a request that is on its way would be met by a reset.
const FAREWELL: Duration = Duration::from_millis(500);
/// The most refused sockets that are kept open for that.
const MOST_REFUSED: usize = 256;

/// How many peers were turned away. A resource of the accept world.
#[derive(Debug, Default)]
pub(crate) struct Refused(pub(crate) u64);

pub(crate) struct Door {
    /// Gone once the server closes.
    listener: Option<TcpListener>,
    seats: Seats,
    /// Whether there may be more to accept: no event tells again.
    pending: bool,
    /// When to try again after the system or the worlds refused.
    retry: Option<Instant>,
    /// Since when the worlds admit no more.
    overloaded: Option<Instant>,
    /// Sockets with a 503 on its way, and when to close them.
    leaving: VecDeque<(Instant, TcpStream)>,
    encoder: Encoder,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, seats: Seats) -> Self {
        Self {
            listener: Some(listener),
            seats,
            pending: false,
            retry: None,
            overloaded: None,
            leaving: VecDeque::new(),
            encoder: Encoder::new(),
        }
    }

    /// Accepts one connection. Answers whether there may be more.
    fn accept(&mut self, world: &mut World<Accept>, now: Instant) -> bool {
        let Some(listener) = &self.listener else { return false };
        match listener.accept() {
            Ok((stream, _)) => {
                // Answers leave in one piece. A socket that refuses this works all the same.
                let _ = stream.set_nodelay(true);
                self.admit(world, stream, now);
                true
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => false,
                ErrorKind::Interrupted
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset => true,
                // Too many open files, for example: connections wait in the backlog.
                _ => {
                    self.retry = Some(now + PAUSE);
                    false
                }
            },
        }
    }

    /// Whether to wait for the worlds to admit more. They recover from a burst in no time.
    fn must_wait(&mut self, world: &World<Accept>, now: Instant) -> bool {
        if world.try_admit(1).is_ok() {
            self.overloaded = None;
            return false;
        }
        let since = *self.overloaded.get_or_insert(now);
        now.duration_since(since) < PATIENCE
    }

    fn admit(&mut self, world: &mut World<Accept>, stream: TcpStream, now: Instant) {
        let seat = if self.overloaded.is_none() { self.seats.take() } else { None };
        let Some(_seat) = seat else { return self.refuse(world, stream, now) };
        if let Ok(entity) = world.spawn(Connection { stream, _seat }) {
            // It was spawned just now, so it is here.
            let _ = world.complete(entity);
        }
    }

    fn refuse(&mut self, world: &mut World<Accept>, mut stream: TcpStream, now: Instant) {
        if let Some(refused) = world.resource_mut::<Refused>() {
            refused.0 += 1;
        }
        let mut answer = Vec::new();
        let response = Response::error(Status::ServiceUnavailable);
        self.encoder.write(&response, SystemTime::now(), &mut answer);
        // A new socket has room for it; if not, the peer is gone already.
        if stream.write(&answer).is_ok() && stream.shutdown(Shutdown::Write).is_ok() {
            if self.leaving.len() == MOST_REFUSED {
                self.leaving.pop_front();
            }
            self.leaving.push_back((now + FAREWELL, stream));
        }
    }

    fn close_left(&mut self, now: Instant) {
        while self.leaving.front().is_some_and(|&(due, _)| due <= now) {
            self.leaving.pop_front();
        }
    }
}

impl Driver<Accept> for Door {
    fn start(&mut self, world: &mut World<Accept>, registry: &Registry) -> io::Result<()> {
        world.insert_resource(Refused::default());
        self.listener
            .as_mut()
            .map_or(Ok(()), |listener| registry.register(listener, 0, Interest::READABLE))
    }

    fn poll(
        &mut self,
        world: &mut World<Accept>,
        events: &[Event],
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        if events.is_empty() && !self.pending && self.leaving.is_empty() && self.retry.is_none() {
            return Ok(false);
        }
        let now = Instant::now();
        self.close_left(now);
        if self.retry.is_some_and(|retry| retry <= now) {
            self.retry = None;
            self.pending = true;
        }
        self.pending |= !events.is_empty();
        let mut taken = 0;
        while self.pending && taken < BATCH {
            if self.must_wait(world, now) {
                self.retry = Some(now + ASK_AGAIN);
                break;
            }
            self.pending = self.accept(world, now);
            taken += usize::from(self.pending);
        }
        Ok(taken > 0)
    }

    fn timeout(&self) -> Option<Duration> {
        let left = self.leaving.front().map(|&(due, _)| due);
        let next = left.into_iter().chain(self.retry).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn close(&mut self, _: &mut World<Accept>) {
        self.listener = None;
        self.pending = false;
        self.retry = None;
        self.leaving.clear();
    }
}
