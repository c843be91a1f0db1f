//! What `raw_epoll` does, by io_uring: an accept, and a receive for each connection, that go on
//! by themselves and fill buffers from a ring; and one call of the kernel for all answers of a
//! turn and the wait for what comes next. Needs Linux 6.1.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd};
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use http_servers::http::{Date, Input};
use http_servers::{announce, listen};
use io_uring::types::{BufRingEntry, Fd};
use io_uring::{IoUring, cqueue, opcode, squeue};

/// What is asked of the kernel at once, and what can be done before it is looked at.
const ENTRIES: u32 = 4096;
const COMPLETIONS: u32 = 4 * ENTRIES;

/// What was asked, in the upper half of a tag; whose place it is, in the lower.
const ACCEPT: u64 = 0;
const RECEIVE: u64 = 1;
const SEND: u64 = 2;
const REST: u64 = 3;

struct Connection {
    stream: TcpStream,
    input: Input,
    output: Vec<u8>,
    /// What was handed to the kernel last.
    sending: Vec<u8>,
    /// Of which a rest waits for room.
    stalled: bool,
    receiving: bool,
    queued: bool,
}

struct Server {
    listener: TcpListener,
    ring: IoUring,
    buffers: Buffers,
    connections: Vec<Option<Connection>>,
    /// Those with answers to send.
    queue: Vec<usize>,
    date: Date,
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    // Else an accept would not wait.
    listener.set_nonblocking(false)?;
    let ring = IoUring::builder()
        .setup_single_issuer()
        .setup_coop_taskrun()
        .setup_defer_taskrun()
        .setup_cqsize(COMPLETIONS)
        .build(ENTRIES)?;
    let buffers = Buffers::new(&ring)?;
    let (connections, queue, date) = (Vec::new(), Vec::new(), Date::new());
    let mut server = Server { listener, ring, buffers, connections, queue, date };
    server.accept()?;
    announce(server.listener.local_addr()?);

    let mut done = Vec::new();
    loop {
        server.send()?;
        server.wait()?;
        server.date.tick();
        done.extend(server.ring.completion());
        for entry in done.drain(..) {
            server.handle(&entry)?;
        }
    }
}

impl Server {
    fn ask(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        // SAFETY: what an entry points to are buffers of the ring, which last for ever, or what a
        // connection sends, which lasts and is not changed before that is done.
        while unsafe { self.ring.submission().push(entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        let accept = opcode::AcceptMulti::new(Fd(self.listener.as_raw_fd()));
        self.ask(&accept.flags(libc::SOCK_CLOEXEC).build().user_data(tag(ACCEPT, 0)))
    }

    fn receive(&mut self, place: usize) -> io::Result<()> {
        let receive = opcode::RecvMulti::new(Fd(place as i32), Buffers::GROUP);
        self.ask(&receive.build().user_data(tag(RECEIVE, place)))
    }

    /// Asks for all answers to be sent, as far as there is room for them: what does not fit is
    /// told, what does is not.
    fn send(&mut self) -> io::Result<()> {
        let queue = std::mem::take(&mut self.queue);
        for &place in &queue {
            let Some(connection) = &mut self.connections[place] else { continue };
            connection.queued = false;
            connection.sending.clear();
            std::mem::swap(&mut connection.output, &mut connection.sending);
            let (from, length) = (connection.sending.as_ptr(), connection.sending.len() as u32);
            let send = opcode::Send::new(Fd(place as i32), from, length)
                .flags(libc::MSG_DONTWAIT | libc::MSG_WAITALL | libc::MSG_NOSIGNAL)
                .build()
                .flags(squeue::Flags::SKIP_SUCCESS);
            self.ask(&send.user_data(tag(SEND, place)))?;
        }
        self.queue = queue;
        self.queue.clear();
        Ok(())
    }

    /// Until something is done. All that was asked is begun then, and what need not wait is done.
    fn wait(&mut self) -> io::Result<()> {
        loop {
            match self.ring.submit_and_wait(1) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ if self.ring.submission().is_empty() => return Ok(()),
                _ => {}
            }
        }
    }

    fn handle(&mut self, entry: &cqueue::Entry) -> io::Result<()> {
        let result = usize::try_from(entry.result())
            .map_err(|_| io::Error::from_raw_os_error(-entry.result()));
        let (goes_on, place) = (cqueue::more(entry.flags()), entry.user_data() as u32 as usize);
        match entry.user_data() >> 32 {
            ACCEPT => {
                self.accepted(result?)?;
                if goes_on { Ok(()) } else { self.accept() }
            }
            RECEIVE => {
                let buffer = cqueue::buffer_select(entry.flags());
                self.received(place, result, buffer, goes_on)
            }
            SEND => self.sent_in_part(place, result),
            _ => {
                self.sent_rest(place, result);
                Ok(())
            }
        }
    }

    /// A connection's place is its descriptor: the least that is free.
    fn accepted(&mut self, place: usize) -> io::Result<()> {
        // SAFETY: it was accepted just now, and nobody else has it.
        let stream = unsafe { TcpStream::from_raw_fd(place as i32) };
        stream.set_nodelay(true)?;
        if self.connections.len() <= place {
            self.connections.resize_with(place + 1, || None);
        }
        self.connections[place] = Some(Connection {
            stream,
            input: Input::default(),
            output: Vec::new(),
            sending: Vec::new(),
            stalled: false,
            receiving: true,
            queued: false,
        });
        self.receive(place)
    }

    fn received(
        &mut self,
        place: usize,
        result: io::Result<usize>,
        buffer: Option<u16>,
        goes_on: bool,
    ) -> io::Result<()> {
        let Some(connection) = &mut self.connections[place] else { return Ok(()) };
        let taken = match (result, buffer) {
            (Ok(length @ 1..), Some(buffer)) => self.buffers.take(buffer, length, |came| {
                connection.input.take(came, &mut connection.output, self.date.text())
            }),
            // All buffers were full.
            (Err(error), _) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(()),
            (Err(error), _) => Err(error),
            (Ok(_), _) => Err(ErrorKind::UnexpectedEof.into()),
        };
        if taken.is_err() {
            connection.receiving = goes_on;
            self.end(place);
            return Ok(());
        }
        self.queue_up(place);
        if goes_on { Ok(()) } else { self.receive(place) }
    }

    fn queue_up(&mut self, place: usize) {
        let Some(connection) = &mut self.connections[place] else { return };
        if !connection.output.is_empty() && !connection.stalled && !connection.queued {
            connection.queued = true;
            self.queue.push(place);
        }
    }

    fn sent_in_part(&mut self, place: usize, result: io::Result<usize>) -> io::Result<()> {
        let Some(connection) = &mut self.connections[place] else { return Ok(()) };
        let sent = match result {
            Ok(sent) => sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => {
                self.end(place);
                return Ok(());
            }
        };
        connection.stalled = true;
        let rest = &connection.sending[sent..];
        let send = opcode::Send::new(Fd(place as i32), rest.as_ptr(), rest.len() as u32)
            .flags(libc::MSG_WAITALL | libc::MSG_NOSIGNAL);
        self.ask(&send.build().user_data(tag(REST, place)))
    }

    fn sent_rest(&mut self, place: usize, result: io::Result<usize>) {
        let Some(connection) = &mut self.connections[place] else { return };
        connection.stalled = false;
        match result {
            Ok(_) => self.queue_up(place),
            Err(_) => self.end(place),
        }
    }

    /// Closes a connection, at once or when the kernel has done with it.
    fn end(&mut self, place: usize) {
        let Some(connection) = &self.connections[place] else { return };
        if connection.receiving || connection.stalled {
            // It is closed already where this fails.
            let _ = connection.stream.shutdown(Shutdown::Both);
        } else {
            self.connections[place] = None;
        }
    }
}

fn tag(what: u64, place: usize) -> u64 {
    what << 32 | place as u64
}

/// Buffers that the kernel takes when something comes.
struct Buffers {
    entries: *mut BufRingEntry,
    memory: *mut u8,
    tail: u16,
}

/// As the kernel wants it: a page.
#[repr(C, align(4096))]
struct Entries([BufRingEntry; Buffers::COUNT]);

impl Buffers {
    const GROUP: u16 = 0;
    const COUNT: usize = 256;
    const BYTES: usize = 4096;

    fn new(ring: &IoUring) -> io::Result<Self> {
        // SAFETY: all of it are plain numbers.
        let entries: Box<Entries> = unsafe { Box::new_zeroed().assume_init() };
        let entries = (&raw mut Box::leak(entries).0).cast();
        let memory = vec![0; Self::COUNT * Self::BYTES].leak().as_mut_ptr();
        // SAFETY: there are as many as is told, and they last for ever.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(
                entries as u64,
                Self::COUNT as u16,
                Self::GROUP,
                0,
            )?;
        }
        let mut buffers = Self { entries, memory, tail: 0 };
        (0..Self::COUNT as u16).for_each(|id| buffers.give(id));
        Ok(buffers)
    }

    fn at(&self, id: u16) -> *mut u8 {
        // SAFETY: there are as many bytes for each of as many buffers.
        unsafe { self.memory.add(usize::from(id) * Self::BYTES) }
    }

    /// Works on what has come, then gives the buffer back.
    fn take<R>(&mut self, id: u16, length: usize, work: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: the kernel has filled so many bytes of the buffer, which is ours until it is
        // given back.
        let result = work(unsafe { slice::from_raw_parts(self.at(id), length) });
        self.give(id);
        result
    }

    fn give(&mut self, id: u16) {
        // SAFETY: there are so many entries, and the kernel reads none from its end on.
        let entry = unsafe { &mut *self.entries.add(usize::from(self.tail) % Self::COUNT) };
        entry.set_addr(self.at(id) as u64);
        entry.set_len(Self::BYTES as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the first entry is there; it holds the ring's end, which the kernel reads and we
        // write.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.entries).cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}
