//! One connection's conversation: reads requests, keeps their answers in order, writes them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant, SystemTime};

use mio::net::TcpStream;
use static_ecs::driver::Event;
use static_ecs::prelude::*;

use super::deadlines::Deadline;
use super::http::{Decoder, Limits, ReceiveBuffer};
use super::response::{CONTINUE, Encoder, Response, Status};
use super::worlds::{Asked, Origin};

/// The most requests of a connection that are away or wait to be written.
pub(crate) const MAX_PIPELINED: usize = 64;
/// A connection is not read while its requests and answers hold more bytes than this.
const MAX_HELD: usize = 256 * 1024;
/// The most reads in one turn, so that a fast peer does not keep others waiting.
const MAX_READS: usize = 8;
/// Bytes that a slow peer must move to get its whole time again.
const PROGRESS: usize = 16 * 1024;
/// Output buffers above this are given back once they are written.
const KEPT_OUTPUT: usize = 64 * 1024;
/// How long a closed connection waits for its peer to close too.
const LINGER: Duration = Duration::from_secs(1);

/// What a connection needs beside its socket, in the io world.
#[derive(Component)]
pub(crate) struct Session {
    pub(crate) token: usize,
    /// Whether it stands in a list of those that get a turn.
    pub(crate) queued: bool,
    /// Whether it stands in the list of those that wait for admission.
    pub(crate) blocked: bool,
    pub(crate) deadline: Deadline,
    input: ReceiveBuffer,
    decoder: Decoder,
    /// Answers in the order of their requests, from number `first` on.
    slots: VecDeque<Slot>,
    first: u64,
    output: Vec<u8>,
    written: usize,
    /// Bytes of bodies in the slots.
    held: usize,
    /// What the operating system has told and no read or write has refuted.
    readable: bool,
    writable: bool,
    /// The end of the stream is behind what can be read.
    read_closed: bool,
    failed: bool,
    /// The decoder has had all bytes and wants more.
    starved: bool,
    intake: Intake,
    phase: Phase,
    /// Bytes moved since the deadline was set.
    progress: usize,
}

struct Slot {
    held: usize,
    response: Option<Response>,
}

/// Whether more requests are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Intake {
    Open,
    /// The peer has closed its side.
    Ended,
    /// We stop reading. The peer may be sending all the same.
    Stopped,
}

/// What a connection waits for, which decides how long it may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The next request.
    Idle,
    /// The rest of a request.
    Receiving,
    /// Us.
    Answering,
    /// Room to write.
    Writing,
    /// The peer's close, after ours.
    Lingering,
}

/// What becomes of a connection after its turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It waits for an event or an answer.
    Wait,
    /// It has more to do.
    Again,
    /// It has more to do once the worlds admit more requests.
    Blocked,
    Close,
}

/// What connections share in a turn.
pub(crate) struct Turn<'a> {
    pub(crate) entity: Entity,
    pub(crate) now: Instant,
    pub(crate) date: SystemTime,
    pub(crate) timeout: Duration,
    pub(crate) limits: &'a Limits,
    pub(crate) encoder: &'a mut Encoder,
    /// Whether more requests may be taken in.
    pub(crate) admitted: bool,
    pub(crate) requests: &'a mut Vec<(Origin, Asked)>,
    pub(crate) answered: &'a mut u64,
}

impl Session {
    pub(crate) fn new(token: usize, limits: &Limits) -> Self {
        Self {
            token,
            queued: false,
            blocked: false,
            deadline: Deadline::default(),
            input: ReceiveBuffer::new(limits.window()),
            decoder: Decoder::default(),
            slots: VecDeque::new(),
            first: 0,
            output: Vec::new(),
            written: 0,
            held: 0,
            readable: true,
            writable: true,
            read_closed: false,
            failed: false,
            starved: true,
            intake: Intake::Open,
            phase: Phase::Answering,
            progress: 0,
        }
    }

    pub(crate) fn on_event(&mut self, event: &Event) {
        self.readable |= event.readable;
        self.read_closed |= event.read_closed;
        self.writable |= event.writable;
        self.failed |= event.error;
    }

    /// Keeps an answer until it is its turn. `false` if nothing waits for it.
    pub(crate) fn on_answer(&mut self, sequence: u64, response: Response) -> bool {
        let place = sequence.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let Some(slot) = place.and_then(|place| self.slots.get_mut(place)) else { return false };
        self.held += response.body.len();
        self.held -= slot.held;
        *slot = Slot { held: response.body.len(), response: Some(response) };
        true
    }

    /// The peer has taken too long. Answers whether to close at once.
    pub(crate) fn on_deadline(&mut self) -> bool {
        if self.phase != Phase::Receiving {
            return true;
        }
        self.refuse(Response::error(Status::RequestTimeout));
        false
    }

    /// Takes no further request.
    pub(crate) fn stop(&mut self) {
        if self.intake == Intake::Open {
            self.intake = Intake::Stopped;
        }
    }

    /// Does what can be done now.
    pub(crate) fn turn(&mut self, stream: &mut TcpStream, turn: &mut Turn<'_>) -> Next {
        if self.failed {
            return Next::Close;
        }
        // Whatever the error is, the connection can't be used any more.
        let next = self.try_turn(stream, turn).unwrap_or(Next::Close);
        self.set_deadline(next, turn);
        next
    }

    fn try_turn(&mut self, stream: &mut TcpStream, turn: &mut Turn<'_>) -> io::Result<Next> {
        if self.phase == Phase::Lingering {
            return self.discard(stream);
        }
        self.encode(turn);
        self.write(stream)?;
        let next = self.receive(stream, turn)?;
        if self.starved && self.slots.is_empty() && self.decoder.take_continue() {
            self.output.extend_from_slice(CONTINUE);
        }
        self.encode(turn);
        self.write(stream)?;
        if self.intake == Intake::Open || !self.slots.is_empty() || !self.output.is_empty() {
            return Ok(next);
        }
        // With unread bytes a close is a reset, which can overtake the last answer.
        let unread = self.readable || !self.input.held().is_empty();
        if self.intake == Intake::Ended || !unread {
            return Ok(Next::Close);
        }
        stream.shutdown(Shutdown::Write)?;
        self.phase = Phase::Lingering;
        self.deadline.due = Some(turn.now + LINGER);
        self.discard(stream)
    }

    fn receive(&mut self, stream: &mut TcpStream, turn: &mut Turn<'_>) -> io::Result<Next> {
        let mut reads = 0;
        while self.intake == Intake::Open && self.has_room() {
            if self.starved && !self.readable {
                return Ok(Next::Wait);
            }
            if !turn.admitted {
                return Ok(Next::Blocked);
            }
            if !self.starved {
                self.decode(turn);
            } else if reads == MAX_READS {
                return Ok(Next::Again);
            } else {
                reads += 1;
                self.read(stream)?;
            }
        }
        Ok(Next::Wait)
    }

    fn has_room(&self) -> bool {
        self.slots.len() < MAX_PIPELINED && self.held + self.output.len() <= MAX_HELD
    }

    /// The decoder has had all bytes before, so there is room to read.
    fn read(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        let spare = self.input.spare();
        match stream.read(spare) {
            Ok(0) => {
                self.intake = Intake::Ended;
                self.readable = false;
            }
            Ok(count) => {
                // A short read has emptied the socket: no need to be told so by another.
                self.readable = count == spare.len() || self.read_closed;
                self.input.filled(count);
                self.starved = false;
                self.progress += count;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes the next request out of what was read.
    fn decode(&mut self, turn: &mut Turn<'_>) {
        match self.decoder.next(&mut self.input, turn.limits) {
            Ok(Some(request)) => {
                if !request.keep_alive {
                    self.intake = Intake::Stopped;
                }
                let held = request.body.len();
                let sequence = self.first + self.slots.len() as u64;
                let origin = Origin { connection: turn.entity, sequence };
                self.held += held;
                self.slots.push_back(Slot { held, response: None });
                turn.requests.push((origin, Asked(request)));
            }
            Ok(None) => self.starved = true,
            Err(error) => self.refuse(Response::from(error)),
        }
    }

    /// The last answer, which no request asked for.
    fn refuse(&mut self, response: Response) {
        self.intake = Intake::Stopped;
        // More is to be expected, whatever has come so far.
        self.readable = true;
        let held = response.body.len();
        self.held += held;
        self.slots.push_back(Slot { held, response: Some(response) });
    }

    /// Moves the answers whose turn it is to the output.
    fn encode(&mut self, turn: &mut Turn<'_>) {
        while let Some(Slot { held, response: Some(response) }) = self.slots.front() {
            turn.encoder.write(response, turn.date, &mut self.output);
            let close = response.close;
            self.held -= held;
            self.first += 1;
            self.slots.pop_front();
            *turn.answered += 1;
            if close {
                self.stop();
                self.first += self.slots.len() as u64;
                self.slots.clear();
                self.held = 0;
            }
        }
    }

    fn write(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        while self.writable && self.written < self.output.len() {
            match stream.write(&self.output[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count;
                    self.progress += count;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.written == self.output.len() {
            self.written = 0;
            self.output.clear();
            if self.output.capacity() > KEPT_OUTPUT {
                self.output = Vec::new();
            }
        }
        Ok(())
    }

    /// Reads away what the peer sends after our close.
    fn discard(&mut self, stream: &mut TcpStream) -> io::Result<Next> {
        let mut unwanted = [0; 4096];
        for _ in 0..MAX_READS {
            if !self.readable {
                return Ok(Next::Wait);
            }
            match stream.read(&mut unwanted) {
                Ok(0) => return Ok(Next::Close),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Next::Again)
    }

    /// A new phase has the whole time, and so has a peer that moves enough bytes; a byte now and
    /// then does not buy time.
    fn set_deadline(&mut self, next: Next, turn: &Turn<'_>) {
        if self.phase == Phase::Lingering {
            return;
        }
        let phase = if self.written < self.output.len() {
            Phase::Writing
        } else if !self.slots.is_empty() || next == Next::Blocked {
            Phase::Answering
        } else if self.decoder.is_idle(&self.input) {
            Phase::Idle
        } else {
            Phase::Receiving
        };
        if phase != self.phase || self.progress >= PROGRESS {
            self.phase = phase;
            self.progress = 0;
            self.deadline.due = (phase != Phase::Answering).then_some(turn.now + turn.timeout);
        }
    }
}
