//! Sockets by readiness: the kernel says what can be done, and the port does it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::sync::Arc;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use super::completion::{SendErrorKind, Sending, Socket, Told};
use crate::driver::{Event, MAX_TOKEN, WORLD_SHIFT};

/// The token of the waker: no world has this place.
const WAKER: Token = Token(usize::MAX);
/// The most connections that one listener accepts in a tick.
const ACCEPTS: usize = 64;
/// The most bytes of one read. One is made for each connection and tick, so that a fast peer
/// does not keep others waiting.
const READ: usize = 64 * 1024;

/// The wait for events.
pub(crate) struct Poller {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
}

impl Poller {
    /// Tells of up to so many events at a time.
    pub(super) fn new(events: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        Ok(Self { poll, events: Events::with_capacity(events), waker })
    }

    pub(super) fn registry(&self) -> &mio::Registry {
        self.poll.registry()
    }

    pub(super) fn interrupt(&self) -> Arc<dyn Fn() + Send + Sync> {
        let waker = self.waker.clone();
        Arc::new(move || {
            // It fails only where the poll is gone, and nobody waits then.
            let _ = waker.wake();
        })
    }

    /// Waits for events and calls `each` with a world's place and its event. Answers whether
    /// there may be more.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        each: &mut dyn FnMut(usize, Event),
    ) -> io::Result<bool> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            other => other?,
        }
        let mut count = 0;
        for event in &self.events {
            count += 1;
            let Token(token) = event.token();
            if token == WAKER.0 {
                continue;
            }
            let ready = Event {
                token: token & ((1 << WORLD_SHIFT) - 1),
                readable: event.is_readable() || event.is_read_closed(),
                read_closed: event.is_read_closed(),
                writable: event.is_writable() || event.is_write_closed(),
                error: event.is_error(),
            };
            each(token >> WORLD_SHIFT, ready);
        }
        Ok(count == self.events.capacity())
    }

    #[cfg(unix)]
    #[allow(dead_code)]
    pub(super) fn fd(&self) -> std::os::fd::RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&self.poll)
    }
}

enum Source {
    Listener(TcpListener),
    Stream(TcpStream),
}

/// What is on its way out.
struct Output {
    bytes: Vec<u8>,
    written: usize,
    /// How many of them the driver was told of.
    told: usize,
}

struct Slot {
    generation: u32,
    key: u64,
    source: Option<Source>,
    /// Stands in a list of those to look at.
    queued: bool,
    /// What the operating system has told and no call has refuted.
    readable: bool,
    writable: bool,
    /// The end of the stream is behind what can be read.
    read_closed: bool,
    failed: bool,
    /// Its failure was told.
    over: bool,
    paused: bool,
    /// Nothing more will come.
    ended: bool,
    output: Option<Output>,
    /// Nothing more will be sent.
    shuts: bool,
}

impl Slot {
    /// Tells the peer that nothing more will be sent, if so and all has gone.
    fn shut(&self) {
        if let Some(Source::Stream(stream)) = &self.source
            && self.shuts
            && self.output.is_none()
        {
            // It fails only if the peer is gone, and knows.
            let _ = stream.shutdown(net::Shutdown::Write);
        }
    }
}

/// One world's sockets.
#[derive(Default)]
pub(super) struct Sockets {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slots to look at in this tick, and in the next.
    now: VecDeque<u32>,
    next: VecDeque<u32>,
    /// Connections accepted in this tick.
    accepted: usize,
    scratch: Vec<u8>,
}

impl Sockets {
    pub(super) fn begin(&mut self) {
        self.now.append(&mut self.next);
        self.accepted = 0;
    }

    pub(super) fn has_news(&self) -> bool {
        !self.now.is_empty() || !self.next.is_empty()
    }

    /// A source that was closed is still watched while somebody has another handle of it.
    pub(super) fn on_event(&mut self, event: &Event) {
        let (slot, generation) = of_token(event.token);
        let Some(at) = self.slots.get_mut(slot as usize) else { return };
        if at.source.is_none() || at.generation & GENERATIONS != generation {
            return;
        }
        at.readable |= event.readable;
        at.read_closed |= event.read_closed;
        at.writable |= event.writable;
        at.failed |= event.error;
        self.look(slot);
    }

    fn look(&mut self, slot: u32) {
        let at = &mut self.slots[slot as usize];
        if !at.queued {
            at.queued = true;
            self.now.push_back(slot);
        }
    }

    fn find(&mut self, socket: Socket) -> Option<&mut Slot> {
        self.slots.get_mut(socket.slot as usize).filter(|at| at.generation == socket.generation)
    }

    fn add(
        &mut self,
        (registry, place): (&mio::Registry, usize),
        mut source: Source,
        key: u64,
    ) -> io::Result<Socket> {
        let slot = self.free.last().copied().unwrap_or(self.slots.len() as u32);
        let generation = self.slots.get(slot as usize).map_or(0, |free| free.generation);
        let token = own_token(place, slot, generation);
        match &mut source {
            Source::Listener(listener) => {
                registry.register(listener, token, Interest::READABLE)?;
            }
            Source::Stream(stream) => {
                registry.register(stream, token, Interest::READABLE | Interest::WRITABLE)?;
            }
        }
        self.free.pop();
        // What has come already causes an event, which is the first chance to read it. A
        // new connection can be written at once.
        let at = Slot {
            generation,
            key,
            source: Some(source),
            queued: false,
            readable: false,
            writable: true,
            read_closed: false,
            failed: false,
            over: false,
            paused: false,
            ended: false,
            output: None,
            shuts: false,
        };
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = at,
            None => self.slots.push(at),
        }
        Ok(Socket { slot, generation })
    }

    pub(super) fn listen(
        &mut self,
        at: (&mio::Registry, usize),
        listener: net::TcpListener,
        key: u64,
    ) -> io::Result<Socket> {
        listener.set_nonblocking(true)?;
        self.add(at, Source::Listener(TcpListener::from_std(listener)), key)
    }

    pub(super) fn open(
        &mut self,
        at: (&mio::Registry, usize),
        stream: net::TcpStream,
        key: u64,
    ) -> io::Result<Socket> {
        stream.set_nonblocking(true)?;
        self.add(at, Source::Stream(TcpStream::from_std(stream)), key)
    }

    pub(super) fn set_paused(&mut self, socket: Socket, paused: bool) {
        let Some(at) = self.find(socket) else { return };
        at.paused = paused;
        if !paused && at.readable {
            self.look(socket.slot);
        }
    }

    pub(super) fn send(
        &mut self,
        socket: Socket,
        bytes: Vec<u8>,
    ) -> Result<Sending, (Vec<u8>, SendErrorKind)> {
        let Some(at) = self.find(socket) else { return Err((bytes, SendErrorKind::Closed)) };
        if !matches!(at.source, Some(Source::Stream(_))) || at.failed || at.shuts {
            return Err((bytes, SendErrorKind::Closed));
        }
        if at.output.is_some() {
            return Err((bytes, SendErrorKind::Busy));
        }
        let output = at.output.insert(Output { bytes, written: 0, told: 0 });
        if at.writable {
            match write(&at.source, output) {
                Ok(writable) => at.writable = writable,
                // It is told when the slot is looked at.
                Err(_) => at.failed = true,
            }
        }
        match at.output.take_if(|output| output.written == output.bytes.len()) {
            Some(output) => Ok(Sending::Done(output.bytes)),
            None => {
                self.look(socket.slot);
                Ok(Sending::Begun)
            }
        }
    }

    pub(super) fn shutdown(&mut self, socket: Socket) {
        if let Some(at) = self.find(socket) {
            at.shuts = true;
            at.shut();
        }
    }

    /// Closing a socket ends its registration too.
    pub(super) fn close(&mut self, socket: Socket) {
        let Some(at) = self.find(socket) else { return };
        at.generation = at.generation.wrapping_add(1);
        at.source = None;
        at.output = None;
        self.free.push(socket.slot);
    }

    /// The bytes that were just told of.
    pub(super) fn bytes(&self, count: usize) -> &[u8] {
        &self.scratch[..count]
    }

    pub(super) fn told(&mut self) -> Option<Told> {
        loop {
            let slot = self.now.pop_front()?;
            self.slots[slot as usize].queued = false;
            if let Some(told) = self.visit(slot) {
                return Some(told);
            }
        }
    }

    /// Does one thing that a socket can do now.
    fn visit(&mut self, slot: u32) -> Option<Told> {
        let at = &mut self.slots[slot as usize];
        let (key, socket) = (at.key, Socket { slot, generation: at.generation });
        let source = at.source.as_ref()?;
        if at.over {
            return None;
        }
        if at.failed {
            at.over = true;
            let error = match source {
                Source::Stream(stream) => stream.take_error(),
                Source::Listener(listener) => listener.take_error(),
            };
            // Whoever wrote or read may have fetched the reason.
            let error = error.ok().flatten();
            let error = error.unwrap_or_else(|| ErrorKind::ConnectionReset.into());
            return Some(Told::Failed { key, socket, error });
        }
        if let Some(output) = at.output.as_mut().filter(|_| at.writable) {
            match write(&at.source, output) {
                Ok(writable) => at.writable = writable,
                Err(error) => {
                    (at.failed, at.over) = (true, true);
                    return Some(Told::Failed { key, socket, error });
                }
            }
            let count = output.written - std::mem::replace(&mut output.told, output.written);
            let done = at.output.take_if(|output| output.written == output.bytes.len());
            if done.is_some() {
                at.shut();
            }
            if count > 0 || done.is_some() {
                self.look(slot);
                let buffer = done.map(|output| output.bytes);
                return Some(Told::Sent { key, socket, count, buffer });
            }
        }
        if !at.readable || at.paused || at.ended {
            return None;
        }
        match source {
            Source::Listener(_) => self.accept(slot, key, socket),
            Source::Stream(_) => self.read(slot, key, socket),
        }
    }

    fn accept(&mut self, slot: u32, key: u64, socket: Socket) -> Option<Told> {
        let at = &mut self.slots[slot as usize];
        let Some(Source::Listener(listener)) = &at.source else { return None };
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    self.accepted += 1;
                    at.queued = true;
                    match self.accepted < ACCEPTS {
                        true => self.now.push_front(slot),
                        false => self.next.push_back(slot),
                    }
                    return Some(Told::Accepted { key, stream: stream.into() });
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => {
                        at.readable = false;
                        return None;
                    }
                    // The peer is gone again.
                    ErrorKind::Interrupted
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset => {}
                    // Those in the backlog cause no new event.
                    _ => {
                        at.paused = true;
                        return Some(Told::Failed { key, socket, error });
                    }
                },
            }
        }
    }

    fn read(&mut self, slot: u32, key: u64, socket: Socket) -> Option<Told> {
        let at = &mut self.slots[slot as usize];
        let Some(Source::Stream(stream)) = &mut at.source else { return None };
        self.scratch.resize(READ, 0);
        loop {
            match stream.read(&mut self.scratch) {
                Ok(0) => {
                    at.ended = true;
                    return Some(Told::Ended { key, socket });
                }
                Ok(count) => {
                    // A short read has emptied the socket: no need to be told so by another.
                    at.readable = count == READ || at.read_closed;
                    if at.readable {
                        at.queued = true;
                        self.next.push_back(slot);
                    }
                    return Some(Told::Received { key, socket, count });
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    at.readable = false;
                    return None;
                }
                Err(error) => {
                    (at.failed, at.over) = (true, true);
                    return Some(Told::Failed { key, socket, error });
                }
            }
        }
    }
}

/// Of a token: it is a port's own, not one that a driver registered.
pub(super) const OWN: usize = MAX_TOKEN;
/// Where the generation begins in a token of our own, and as much of it as has room there: none
/// where addresses have 32 bits.
const SLOT_BITS: u32 = if usize::BITS < 64 { OWN.trailing_zeros() } else { 32 };
const GENERATIONS: u32 = ((OWN - 1) >> SLOT_BITS) as u32;

/// The token of a socket in a slot.
fn own_token(place: usize, slot: u32, generation: u32) -> Token {
    let generation = (generation & GENERATIONS) as usize;
    Token(place << WORLD_SHIFT | OWN | generation << SLOT_BITS | slot as usize)
}

fn of_token(token: usize) -> (u32, u32) {
    let token = token & (OWN - 1);
    ((token & ((1 << SLOT_BITS) - 1)) as u32, (token >> SLOT_BITS) as u32)
}

/// Writes what can be written. Answers whether there may be room for more.
fn write(source: &Option<Source>, output: &mut Output) -> io::Result<bool> {
    let Some(Source::Stream(stream)) = source else { return Ok(false) };
    let mut stream: &TcpStream = stream;
    while output.written < output.bytes.len() {
        match stream.write(&output.bytes[output.written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => output.written += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
