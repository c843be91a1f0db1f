//! One connection's conversation: reads requests, keeps their answers in order, writes them.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use static_ecs::driver::{Port, Sending, Socket};
use static_ecs::prelude::*;

use super::deadlines::Deadline;
use super::http::{Decoder, Limits, ReceiveBuffer};
use super::response::{CONTINUE, Encoder, Response, Status};
use super::worlds::{Exchange, Origin};

/// The most requests of a connection that are away or wait to be written.
pub(crate) const MAX_PIPELINED: usize = 64;
/// A connection is not read while its requests and answers hold more bytes than this.
const MAX_HELD: usize = 256 * 1024;
/// Bytes that a slow peer must move to get its whole time again.
const PROGRESS: usize = 16 * 1024;
/// Output buffers above this are given back once they are written.
const KEPT_OUTPUT: usize = 64 * 1024;
/// Buffers above this are given back when nothing is asked any more.
const KEPT_IDLE: usize = 4 * 1024;
/// How long a closed connection waits for its peer to close too.
const LINGER: Duration = Duration::from_secs(1);

/// A connection's conversation, in the io world.
#[derive(Component)]
pub(crate) struct Session {
    pub(crate) socket: Socket,
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
    /// Answers to be sent when those before have gone.
    output: Vec<u8>,
    /// How many bytes are on their way.
    sending: usize,
    /// A buffer for the next answers, while another is on its way.
    spare: Vec<u8>,
    /// Bytes of bodies in the slots.
    held: usize,
    /// Whether the port was told to receive no more.
    paused: bool,
    /// The peer has closed its side: nothing comes after what is in `input`.
    read_closed: bool,
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
    pub(crate) requests: &'a mut Vec<(Origin, Exchange)>,
    pub(crate) answered: &'a mut u64,
}

impl Session {
    pub(crate) fn new(socket: Socket, limits: &Limits) -> Self {
        Self {
            socket,
            queued: false,
            blocked: false,
            deadline: Deadline::default(),
            input: ReceiveBuffer::new(limits.window()),
            decoder: Decoder::default(),
            slots: VecDeque::new(),
            first: 0,
            output: Vec::new(),
            sending: 0,
            spare: Vec::new(),
            held: 0,
            paused: false,
            read_closed: false,
            starved: true,
            intake: Intake::Open,
            phase: Phase::Answering,
            progress: 0,
        }
    }

    /// Bytes have come.
    pub(crate) fn on_received(&mut self, bytes: &[u8]) {
        self.progress += bytes.len();
        if self.phase != Phase::Lingering {
            self.input.extend(bytes);
            self.starved = false;
        }
    }

    /// The peer has closed its side.
    pub(crate) fn on_ended(&mut self) {
        self.read_closed = true;
    }

    /// Bytes have gone; with the last of them their buffer comes back.
    pub(crate) fn on_sent(&mut self, count: usize, buffer: Option<Vec<u8>>) {
        self.progress += count;
        self.sending -= count;
        if let Some(buffer) = buffer {
            self.keep(buffer);
        }
    }

    /// Keeps a buffer for the next answers, unless it is a large one.
    fn keep(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEPT_OUTPUT {
            buffer.clear();
            self.spare = buffer;
        }
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
    pub(crate) fn turn(&mut self, port: &mut Port<'_>, turn: &mut Turn<'_>) -> Next {
        let next = self.advance(port, turn);
        let wanted = self.phase == Phase::Lingering
            || self.intake == Intake::Open && self.has_room() && next != Next::Blocked;
        if self.paused == wanted {
            self.paused = !wanted;
            if wanted { port.resume(self.socket) } else { port.pause(self.socket) }
        }
        self.set_deadline(next, turn);
        next
    }

    fn advance(&mut self, port: &mut Port<'_>, turn: &mut Turn<'_>) -> Next {
        if self.phase == Phase::Lingering {
            return if self.read_closed { Next::Close } else { Next::Wait };
        }
        self.encode(turn);
        // First, for what has gone makes room.
        if !self.send(port) {
            return Next::Close;
        }
        let next = self.receive(turn);
        if self.starved && self.slots.is_empty() && self.decoder.take_continue() {
            self.output.extend_from_slice(CONTINUE);
        }
        self.encode(turn);
        if !self.send(port) {
            return Next::Close;
        }
        let busy = !self.slots.is_empty() || !self.output.is_empty() || self.sending > 0;
        if self.intake == Intake::Open || busy {
            return next;
        }
        // With unread bytes a close is a reset, which can overtake the last answer.
        if self.intake == Intake::Ended || self.read_closed {
            return Next::Close;
        }
        port.shutdown(self.socket);
        self.input.clear();
        self.phase = Phase::Lingering;
        self.deadline.due = Some(turn.now + LINGER);
        Next::Wait
    }

    fn receive(&mut self, turn: &mut Turn<'_>) -> Next {
        while self.intake == Intake::Open && self.has_room() {
            if self.starved {
                if self.read_closed {
                    self.intake = Intake::Ended;
                }
                return Next::Wait;
            }
            if !turn.admitted {
                return Next::Blocked;
            }
            self.decode(turn);
        }
        Next::Wait
    }

    fn has_room(&self) -> bool {
        self.slots.len() < MAX_PIPELINED && self.held + self.output.len() + self.sending <= MAX_HELD
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
                turn.requests.push((origin, Exchange::Asked(request)));
            }
            Ok(None) => self.starved = true,
            Err(error) => self.refuse(Response::from(error)),
        }
    }

    /// The last answer, which no request asked for.
    fn refuse(&mut self, response: Response) {
        self.intake = Intake::Stopped;
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

    /// Sends what is written, unless something is on its way. `false` if the connection is gone.
    fn send(&mut self, port: &mut Port<'_>) -> bool {
        if self.output.is_empty() || self.sending > 0 {
            return true;
        }
        let output = std::mem::replace(&mut self.output, std::mem::take(&mut self.spare));
        let count = output.len();
        match port.send(self.socket, output) {
            Ok(Sending::Done(buffer)) => {
                self.progress += count;
                self.keep(buffer);
            }
            Ok(Sending::Begun) => self.sending = count,
            Err(_) => return false,
        }
        true
    }

    /// A new phase has the whole time, and so has a peer that moves enough bytes; a byte now and
    /// then does not buy time.
    fn set_deadline(&mut self, next: Next, turn: &Turn<'_>) {
        if self.phase == Phase::Lingering {
            return;
        }
        let phase = if self.sending > 0 {
            Phase::Writing
        } else if !self.slots.is_empty() || next == Next::Blocked {
            Phase::Answering
        } else if self.decoder.is_idle(&self.input) {
            Phase::Idle
        } else {
            Phase::Receiving
        };
        if phase != self.phase && phase == Phase::Idle {
            self.give_memory_back();
        }
        if phase != self.phase || self.progress >= PROGRESS {
            self.phase = phase;
            self.progress = 0;
            self.deadline.due = (phase != Phase::Answering).then_some(turn.now + turn.timeout);
        }
    }

    /// Of thousands of connections most are idle: they hold little.
    fn give_memory_back(&mut self) {
        if self.input.capacity() > KEPT_IDLE {
            self.input.clear();
        }
        for buffer in [&mut self.output, &mut self.spare] {
            if buffer.capacity() > KEPT_IDLE {
                *buffer = Vec::new();
            }
        }
    }
}
