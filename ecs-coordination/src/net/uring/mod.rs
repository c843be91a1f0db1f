//! Sockets and files by io_uring: the kernel does what was asked, and reports.
//!
//! A listener and each connection have one operation that goes on until it is cancelled, with
//! buffers that all share; so a request costs one completion, and an answer one submission and
//! one completion. A socket is closed when the kernel has reported the end of all that was
//! asked of it.

mod buffers;
mod ring;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;

use super::completion::{SendErrorKind, Sending, Socket, Told};
use buffers::Lent;
use ring::{Kind, OpId, Owner};

pub(crate) use ring::{Done, Ring};

/// Says what to do.
pub(super) fn explain(error: io::Error) -> io::Error {
    let text = "io_uring needs Linux 6.1 or later and permission to use it; without, choose \
                readiness";
    io::Error::new(error.kind(), format!("{error}: {text}"))
}

enum Source {
    Listener(TcpListener),
    Stream(TcpStream),
}

struct Slot {
    generation: u32,
    key: u64,
    /// Until all operations have ended.
    source: Option<Source>,
    /// Accepts or receives.
    taking: Option<OpId>,
    /// That was asked to end.
    cancelled: bool,
    /// How many bytes have gone, of those on their way.
    sending: Option<usize>,
    /// Operations that have not ended.
    running: u32,
    paused: bool,
    /// Nothing more will come.
    ended: bool,
    /// Its failure was told.
    failed: bool,
    /// Nothing more will be sent.
    shuts: bool,
    closing: bool,
}

/// One world's sockets.
pub(super) struct Sockets {
    place: usize,
    slots: Vec<Slot>,
    free: Vec<u32>,
    done: VecDeque<Done>,
    /// What was told last.
    lent: Option<Lent>,
}

impl Sockets {
    pub(super) fn new(place: usize) -> Self {
        let (slots, free, done) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { place, slots, free, done, lent: None }
    }

    pub(super) fn on_done(&mut self, done: Done) {
        self.done.push_back(done);
    }

    pub(super) fn has_news(&self) -> bool {
        !self.done.is_empty()
    }

    fn find(&mut self, socket: Socket) -> Option<&mut Slot> {
        self.slots
            .get_mut(socket.slot as usize)
            .filter(|at| at.generation == socket.generation && !at.closing)
    }

    fn owner(&self, slot: u32, kind: Kind) -> Owner {
        Owner { place: self.place, slot, kind }
    }

    fn add(&mut self, ring: &mut Ring, source: Source, key: u64) -> Socket {
        let slot = self.put(Slot::new(key, Some(source)));
        let generation = self.slots[slot as usize].generation;
        self.take(ring, slot);
        Socket { slot, generation }
    }

    pub(super) fn listen(
        &mut self,
        ring: &mut Ring,
        listener: TcpListener,
        key: u64,
    ) -> io::Result<Socket> {
        // The kernel waits for us, unless the socket says that nobody may.
        listener.set_nonblocking(false)?;
        Ok(self.add(ring, Source::Listener(listener), key))
    }

    pub(super) fn open(
        &mut self,
        ring: &mut Ring,
        stream: TcpStream,
        key: u64,
    ) -> io::Result<Socket> {
        stream.set_nonblocking(false)?;
        Ok(self.add(ring, Source::Stream(stream), key))
    }

    /// Accepts or receives, if that is wanted and not done already.
    fn take(&mut self, ring: &mut Ring, slot: u32) {
        let owner = |kind| self.owner(slot, kind);
        let (accept, receive) = (owner(Kind::Accept), owner(Kind::Receive));
        let at = &mut self.slots[slot as usize];
        if at.paused || at.ended || at.closing || at.taking.is_some() {
            return;
        }
        at.taking = match &at.source {
            Some(Source::Listener(listener)) => Some(ring.accept(accept, listener.as_raw_fd())),
            Some(Source::Stream(stream)) => Some(ring.receive(receive, stream.as_raw_fd())),
            None => return,
        };
        at.cancelled = false;
        at.running += 1;
    }

    pub(super) fn set_paused(&mut self, ring: &mut Ring, socket: Socket, paused: bool) {
        let Some(at) = self.find(socket) else { return };
        at.paused = paused;
        if !paused {
            return self.take(ring, socket.slot);
        }
        // A connection is cancelled when something comes meanwhile: most are paused for a
        // moment only. A listener would go on and accept.
        if matches!(at.source, Some(Source::Listener(_))) {
            at.cancel(ring);
        }
    }

    pub(super) fn send(
        &mut self,
        ring: &mut Ring,
        socket: Socket,
        bytes: Vec<u8>,
    ) -> Result<Sending, (Vec<u8>, SendErrorKind)> {
        let owner = self.owner(socket.slot, Kind::Send);
        let Some(at) = self.find(socket) else { return Err((bytes, SendErrorKind::Closed)) };
        let Some(Source::Stream(stream)) = &at.source else {
            return Err((bytes, SendErrorKind::Closed));
        };
        if at.shuts || at.failed {
            return Err((bytes, SendErrorKind::Closed));
        }
        if at.sending.is_some() {
            return Err((bytes, SendErrorKind::Busy));
        }
        if bytes.is_empty() {
            return Ok(Sending::Done(bytes));
        }
        ring.send(owner, stream.as_raw_fd(), bytes, 0);
        at.sending = Some(0);
        at.running += 1;
        Ok(Sending::Begun)
    }

    pub(super) fn shutdown(&mut self, socket: Socket) {
        if let Some(at) = self.find(socket) {
            at.shuts = true;
            at.shut();
        }
    }

    pub(super) fn close(&mut self, ring: &mut Ring, socket: Socket) {
        let Some(at) = self.find(socket) else { return };
        at.closing = true;
        at.cancel(ring);
        // What is being sent ends too.
        if let (Some(_), Some(Source::Stream(stream))) = (at.sending, &at.source) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.release(socket.slot);
    }

    pub(super) fn close_all(&mut self, ring: &mut Ring) {
        for slot in 0..self.slots.len() as u32 {
            let generation = self.slots[slot as usize].generation;
            self.close(ring, Socket { slot, generation });
        }
        while self.told(ring).is_some() {}
    }

    /// Closes a socket once nothing that was asked of it goes on.
    fn release(&mut self, slot: u32) {
        let at = &mut self.slots[slot as usize];
        if at.closing && at.running == 0 && at.source.take().is_some() {
            at.generation = at.generation.wrapping_add(1);
            self.free.push(slot);
        }
    }

    pub(super) fn read_at(
        &mut self,
        ring: &mut Ring,
        key: u64,
        file: Arc<File>,
        offset: u64,
        buffer: Vec<u8>,
    ) {
        let slot = self.file(key);
        ring.read(self.owner(slot, Kind::Read), file, offset, buffer);
    }

    pub(super) fn write_at(
        &mut self,
        ring: &mut Ring,
        key: u64,
        file: Arc<File>,
        offset: u64,
        buffer: Vec<u8>,
    ) {
        let slot = self.file(key);
        ring.write(self.owner(slot, Kind::Write), file, offset, buffer);
    }

    /// A slot that remembers the key of an operation on a file.
    fn file(&mut self, key: u64) -> u32 {
        self.put(Slot { running: 1, ended: true, closing: true, ..Slot::new(key, None) })
    }

    /// Puts a slot in the place of one that is free, whose generation it takes over.
    fn put(&mut self, at: Slot) -> u32 {
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = Slot { generation: free.generation, ..at },
            None => self.slots.push(at),
        }
        slot
    }

    /// The bytes that were just told of.
    pub(super) fn bytes<'a>(&'a self, ring: &'a Ring) -> &'a [u8] {
        self.lent.as_ref().map_or(&[], |lent| ring.bytes(lent))
    }

    pub(super) fn told(&mut self, ring: &mut Ring) -> Option<Told> {
        if let Some(lent) = self.lent.take() {
            ring.give_back(lent);
        }
        loop {
            let done = self.done.pop_front()?;
            let slot = done.owner.slot;
            let told = match done.owner.kind {
                Kind::Accept => self.on_accept(ring, done),
                Kind::Receive => self.on_receive(ring, done),
                Kind::Send => self.on_send(ring, done),
                _ => self.on_file(done),
            };
            self.release(slot);
            if told.is_some() {
                return told;
            }
        }
    }

    fn on_accept(&mut self, ring: &mut Ring, done: Done) -> Option<Told> {
        let slot = done.owner.slot;
        let at = &mut self.slots[slot as usize];
        at.end_taking(&done);
        if at.closing {
            return None;
        }
        let (key, socket) = (at.key, Socket { slot, generation: at.generation });
        if let Some(accepted) = done.accepted {
            self.take(ring, slot);
            return Some(Told::Accepted { key, stream: accepted.into() });
        }
        let error = io::Error::from_raw_os_error(-done.result);
        match error.raw_os_error() {
            // The peer is gone again; or it was paused, and is not any more.
            Some(libc::ECONNABORTED | libc::EINTR | libc::EAGAIN | libc::ECANCELED) => {
                self.take(ring, slot);
                None
            }
            _ => {
                at.paused = true;
                Some(Told::Failed { key, socket, error })
            }
        }
    }

    fn on_receive(&mut self, ring: &mut Ring, mut done: Done) -> Option<Told> {
        let slot = done.owner.slot;
        let at = &mut self.slots[slot as usize];
        at.end_taking(&done);
        let lent = done.lent.take();
        let (key, socket) = (at.key, Socket { slot, generation: at.generation });
        match usize::try_from(done.result) {
            Ok(count) if count > 0 && !at.closing => {
                self.lent = lent;
                if at.paused {
                    at.cancel(ring);
                }
                self.take(ring, slot);
                return Some(Told::Received { key, socket, count });
            }
            _ => {}
        }
        if let Some(lent) = lent {
            ring.give_back(lent);
        }
        if at.closing || at.ended {
            return None;
        }
        if done.result == 0 {
            at.ended = true;
            return Some(Told::Ended { key, socket });
        }
        match -done.result {
            // No buffer was free, or it was paused: on, if that is wanted.
            libc::ENOBUFS | libc::ECANCELED | libc::EINTR | libc::EAGAIN => {
                self.take(ring, slot);
                None
            }
            error => at.fail(slot, io::Error::from_raw_os_error(error)),
        }
    }

    fn on_send(&mut self, ring: &mut Ring, done: Done) -> Option<Told> {
        let (slot, owner) = (done.owner.slot, done.owner);
        let at = &mut self.slots[slot as usize];
        at.running -= 1;
        let (Some(gone), Some(buffer)) = (at.sending.take(), done.buffer) else { return None };
        if at.closing {
            return None;
        }
        let (key, socket) = (at.key, Socket { slot, generation: at.generation });
        let count = match (usize::try_from(done.result), -done.result) {
            (Ok(count), _) if count > 0 => count,
            (Err(_), libc::EINTR | libc::EAGAIN) => 0,
            (Ok(_), _) => return at.fail(slot, ErrorKind::WriteZero.into()),
            (Err(_), error) => return at.fail(slot, io::Error::from_raw_os_error(error)),
        };
        let gone = gone + count;
        if gone == buffer.len() {
            at.shut();
            return Some(Told::Sent { key, socket, count, buffer: Some(buffer) });
        }
        if let Some(Source::Stream(stream)) = &at.source {
            ring.send(owner, stream.as_raw_fd(), buffer, gone);
            at.sending = Some(gone);
            at.running += 1;
        }
        (count > 0).then_some(Told::Sent { key, socket, count, buffer: None })
    }

    fn on_file(&mut self, done: Done) -> Option<Told> {
        let slot = done.owner.slot;
        let at = &mut self.slots[slot as usize];
        at.running -= 1;
        self.free.push(slot);
        let result = usize::try_from(done.result);
        let result = result.map_err(|_| io::Error::from_raw_os_error(-done.result));
        let (key, buffer) = (at.key, done.buffer.unwrap_or_default());
        Some(match done.owner.kind {
            Kind::Read => Told::Read { key, result, buffer },
            _ => Told::Written { key, result, buffer },
        })
    }
}

impl Slot {
    fn new(key: u64, source: Option<Source>) -> Self {
        Self {
            generation: 0,
            key,
            source,
            taking: None,
            cancelled: false,
            sending: None,
            running: 0,
            paused: false,
            ended: false,
            failed: false,
            shuts: false,
            closing: false,
        }
    }

    /// What accepts or receives may have ended.
    fn end_taking(&mut self, done: &Done) {
        if !done.more {
            self.taking = None;
            self.running -= 1;
        }
    }

    /// Both directions can fail: that is told once.
    fn fail(&mut self, slot: u32, error: io::Error) -> Option<Told> {
        self.ended = true;
        let socket = Socket { slot, generation: self.generation };
        let told = Told::Failed { key: self.key, socket, error };
        (!std::mem::replace(&mut self.failed, true)).then_some(told)
    }

    /// Tells the peer that nothing more will be sent, if so and all has gone.
    fn shut(&self) {
        if let Some(Source::Stream(stream)) = &self.source
            && self.shuts
            && self.sending.is_none()
        {
            // It fails only if the peer is gone, and knows.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    fn cancel(&mut self, ring: &mut Ring) {
        if let Some(op) = self.taking.filter(|_| !self.cancelled) {
            self.cancelled = true;
            ring.cancel(op);
        }
    }
}
