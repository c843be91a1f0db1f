//! The driver of the accept world: takes connections in and sends them on, as entities.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use static_ecs::driver::{Completion, Port, Socket};
use static_ecs::prelude::*;

use super::response::{Encoder, Response, Status};
use super::worlds::{Accept, Connection, Seats};

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
    /// Until it is handed to the port.
    listener: Option<TcpListener>,
    /// Until the server closes.
    socket: Option<Socket>,
    seats: Seats,
    /// Accepted, but the worlds admit no more now.
    waiting: VecDeque<TcpStream>,
    /// Whether the port was told to accept no more, and when to look again.
    paused: bool,
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
            socket: None,
            seats,
            waiting: VecDeque::new(),
            paused: false,
            retry: None,
            overloaded: None,
            leaving: VecDeque::new(),
            encoder: Encoder::new(),
        }
    }

    /// Sends those who wait on, as far as the worlds admit more. These recover from a burst in
    /// no time, so others wait in the backlog meanwhile; after a while they are told.
    fn admit_waiting(&mut self, world: &mut World<Accept>, now: Instant) {
        while let Some(stream) = self.waiting.pop_front() {
            if world.try_admit(1).is_ok() {
                self.overloaded = None;
                self.admit(world, stream, now);
                continue;
            }
            let since = *self.overloaded.get_or_insert(now);
            if now.duration_since(since) < PATIENCE {
                self.waiting.push_front(stream);
                self.retry = Some(now + ASK_AGAIN);
                return;
            }
            self.refuse(world, stream, now);
        }
    }

    fn admit(&mut self, world: &mut World<Accept>, stream: TcpStream, now: Instant) {
        let Some(_seat) = self.seats.take() else { return self.refuse(world, stream, now) };
        // Answers leave in one piece. A socket that refuses this works all the same.
        let _ = stream.set_nodelay(true);
        // There is room: it was admitted.
        if let Ok(entity) = world.spawn(Connection { stream: Some(stream), _seat }) {
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
    fn start(&mut self, world: &mut World<Accept>, port: &mut Port<'_>) -> io::Result<()> {
        world.insert_resource(Refused::default());
        if let Some(listener) = self.listener.take() {
            self.socket = Some(port.listen(listener, 0)?);
        }
        Ok(())
    }

    fn poll(
        &mut self,
        world: &mut World<Accept>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut any = false;
        let mut failed = false;
        while let Some(completion) = port.completion() {
            any = true;
            match completion {
                Completion::Accepted { stream, .. } => self.waiting.push_back(stream),
                // Too many open files, for example: peers wait in the backlog.
                Completion::Failed { .. } => failed = true,
                _ => {}
            }
        }
        if !any && self.leaving.is_empty() && self.retry.is_none() {
            return Ok(false);
        }
        let now = Instant::now();
        self.close_left(now);
        if self.retry.is_some_and(|retry| retry <= now) {
            self.retry = None;
        }
        self.admit_waiting(world, now);
        if failed {
            self.retry = Some(now + PAUSE);
        }
        if let Some(socket) = self.socket
            && self.paused != self.retry.is_some()
        {
            self.paused = !self.paused;
            if self.paused { port.pause(socket) } else { port.resume(socket) }
        }
        Ok(any)
    }

    fn timeout(&self) -> Option<Duration> {
        let left = self.leaving.front().map(|&(due, _)| due);
        let next = left.into_iter().chain(self.retry).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn close(&mut self, _: &mut World<Accept>, port: &mut Port<'_>) {
        if let Some(socket) = self.socket.take() {
            port.close(socket);
        }
        self.retry = None;
        self.waiting.clear();
        self.leaving.clear();
    }
}
