//! One thread that waits in epoll, parses with `httparse`, and answers at once: what any server
//! must do at least, with nothing that it does to be safe from bad peers.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use http_servers::http::{Date, Input};
use http_servers::{announce, listen};

const LISTENER: u64 = u64::MAX;
const MOST_EVENTS: usize = 512;

struct Connection {
    stream: TcpStream,
    input: Input,
    output: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    // SAFETY: the call takes no pointers.
    let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
    watch(&epoll, listener.as_raw_fd(), LISTENER, libc::EPOLLIN)?;
    announce(listener.local_addr()?);

    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; MOST_EVENTS];
    let mut buffer = vec![0; 64 * 1024];
    let mut date = Date::new();
    loop {
        let room = events.len() as i32;
        // SAFETY: there is room for as many events as it is told.
        let count = unsafe { libc::epoll_wait(epoll.as_raw_fd(), events.as_mut_ptr(), room, -1) };
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) if io::Error::last_os_error().kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(io::Error::last_os_error().into()),
        };
        date.tick();
        for event in &events[..count] {
            let token = event.u64;
            if token == LISTENER {
                accept(&listener, &epoll, &mut connections)?;
                continue;
            }
            let slot = &mut connections[token as usize];
            let ended = slot.as_mut().is_some_and(|it| it.serve(&mut buffer, date.text()).is_err());
            if ended {
                *slot = None;
            }
        }
    }
}

fn owned(descriptor: i32) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was made just now, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

fn watch(epoll: &OwnedFd, descriptor: i32, token: u64, what: i32) -> io::Result<()> {
    let mut event = libc::epoll_event { events: what as u32, u64: token };
    let (epoll, add) = (epoll.as_raw_fd(), libc::EPOLL_CTL_ADD);
    // SAFETY: the event lives until the call returns.
    match unsafe { libc::epoll_ctl(epoll, add, descriptor, ptr::from_mut(&mut event)) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A connection's place is its descriptor: the least that is free.
fn accept(
    listener: &TcpListener,
    epoll: &OwnedFd,
    connections: &mut Vec<Option<Connection>>,
) -> io::Result<()> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let descriptor = stream.as_raw_fd();
        let place = descriptor as usize;
        watch(epoll, descriptor, place as u64, libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLET)?;
        if connections.len() <= place {
            connections.resize_with(place + 1, || None);
        }
        connections[place] =
            Some(Connection { stream, input: Input::default(), output: Vec::new() });
    }
}

impl Connection {
    /// An error ends the connection.
    fn serve(&mut self, buffer: &mut [u8], date: &str) -> io::Result<()> {
        self.flush()?;
        while self.output.is_empty() {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.input.take(&buffer[..count], &mut self.output, date)?;
            self.flush()?;
            if count < buffer.len() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.output.len() {
            match self.stream.write(&self.output[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.output.drain(..written);
        Ok(())
    }
}
