//! What a driver can ask for.

use std::cmp::Reverse;
use std::fs::File;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use super::completion::{Completion, SendError, SendErrorKind, Sending, Socket, Told};
use super::{Backend, Desk, Reactor, Wire};
use crate::driver::Port;

/// What to do on the wire that the desk has, with what the wire needs to work. Only the desk of
/// a world whose driver came after the start has a wire to nowhere.
macro_rules! wired {
    ($port:ident,
        readiness($sockets:ident, $poller:pat) => $readiness:expr,
        uring($rings:ident, $ring:pat) => $uring:expr,
        none => $none:expr $(,)?
    ) => {
        match (&mut $port.desk.wire, $port.reactor.as_deref_mut()) {
            (Wire::Readiness($sockets), Some(Reactor::Readiness($poller))) => $readiness,
            (Wire::Uring($rings), Some(Reactor::Uring($ring))) => $uring,
            _ => $none,
        }
    };
}

/// Sockets, files and timers. The keys are the driver's own, an entity's
/// [bits](ecs_core::entity::Entity::to_bits) for example, and come back in completions.
///
/// What a port keeps open it closes when its world halts in a stop, or fails for good; that of
/// worlds that are ticked by hand, at the next start.
///
/// # Examples
/// A world that answers each line with the same line:
/// ```
/// use std::error::Error;
/// use std::io::{BufRead, BufReader, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// use static_ecs::driver::{Completion, Port};
/// use static_ecs::prelude::*;
///
/// # #[derive(Component)] struct Connection;
/// #[world_config(components(Connection), role = io, source)]
/// struct Echo;
/// coordinator!(type Program = (Echo,));
///
/// struct Lines(Option<TcpListener>);
///
/// impl Driver<Echo> for Lines {
///     fn start(&mut self, _: &mut World<Echo>, port: &mut Port<'_>) -> std::io::Result<()> {
///         let listener = self.0.take().expect("it starts once");
///         port.listen(listener, 0).map(drop)
///     }
///
///     fn poll(
///         &mut self,
///         world: &mut World<Echo>,
///         port: &mut Port<'_>,
///     ) -> Result<bool, Box<dyn Error + Send + Sync>> {
///         let mut busy = false;
///         while let Some(completion) = port.completion() {
///             busy = true;
///             match completion {
///                 Completion::Accepted { stream, .. } => {
///                     let connection = world.spawn(Connection)?;
///                     port.open(stream, connection.to_bits())?;
///                 }
///                 Completion::Received { socket, bytes, .. } => {
///                     let line = bytes.to_vec();
///                     let _ = port.send(socket, line)?;
///                 }
///                 Completion::Ended { key, socket } | Completion::Failed { key, socket, .. } => {
///                     port.close(socket);
///                     world.despawn(Entity::from_bits(key).expect("as it was given"))?;
///                 }
///                 _ => {}
///             }
///         }
///         Ok(busy)
///     }
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut client = TcpStream::connect(listener.local_addr()?)?;
/// let mut program = Program::new();
/// program.set_driver::<Echo>(Lines(Some(listener)));
/// let running = program.run(Placement::Single)?;
///
/// client.write_all(b"hello\n")?;
/// let mut line = String::new();
/// BufReader::new(&client).read_line(&mut line)?;
/// assert_eq!(line, "hello\n");
/// running.stop();
/// # Ok::<(), Box<dyn Error>>(())
/// ```
impl Port<'_> {
    /// How the thread waits: by [`Backend::Uring`] or [`Backend::Readiness`].
    pub fn backend(&self) -> Backend {
        match self.desk.wire {
            Wire::Readiness(_) => Backend::Readiness,
            Wire::Uring(_) => Backend::Uring,
        }
    }

    /// Accepts connections of a listener, until it is paused or closed.
    ///
    /// # Errors
    /// If the operating system refuses to watch it.
    pub fn listen(&mut self, listener: TcpListener, key: u64) -> io::Result<Socket> {
        let place = self.place;
        wired!(self,
            readiness(sockets, poller) => sockets.listen((poller.registry(), place), listener, key),
            uring(sockets, ring) => sockets.listen(ring, listener, key),
            none => Err(io::ErrorKind::Unsupported.into()),
        )
    }

    /// Takes a connection and receives what comes on it, until it is paused or closed.
    ///
    /// # Errors
    /// If the operating system refuses to watch it.
    pub fn open(&mut self, stream: TcpStream, key: u64) -> io::Result<Socket> {
        let place = self.place;
        wired!(self,
            readiness(sockets, poller) => sockets.open((poller.registry(), place), stream, key),
            uring(sockets, ring) => sockets.open(ring, stream, key),
            none => Err(io::ErrorKind::Unsupported.into()),
        )
    }

    /// Accepts or receives no more until [`resume`](Self::resume). What the kernel has
    /// accepted or received already comes all the same: of a connection that is a buffer or
    /// two.
    pub fn pause(&mut self, socket: Socket) {
        wired!(self,
            readiness(sockets, _) => sockets.set_paused(socket, true),
            uring(sockets, ring) => sockets.set_paused(ring, socket, true),
            none => (),
        );
    }

    /// Accepts or receives again.
    pub fn resume(&mut self, socket: Socket) {
        wired!(self,
            readiness(sockets, _) => sockets.set_paused(socket, false),
            uring(sockets, ring) => sockets.set_paused(ring, socket, false),
            none => (),
        );
    }

    /// Sends bytes: at once where there is room, or as room comes.
    ///
    /// # Errors
    /// If others are on their way on this connection, or it is closed: the bytes are handed
    /// back. That it fails is told as a [`Completion::Failed`].
    pub fn send(&mut self, socket: Socket, bytes: Vec<u8>) -> Result<Sending, SendError> {
        let sent: Result<Sending, (Vec<u8>, SendErrorKind)> = wired!(self,
            readiness(sockets, _) => sockets.send(socket, bytes),
            uring(sockets, ring) => sockets.send(ring, socket, bytes),
            none => Err((bytes, SendErrorKind::Closed)),
        );
        sent.map_err(|(bytes, kind)| SendError { bytes, kind })
    }

    /// Tells the peer that nothing more will be sent, once what is on its way has gone. It can
    /// still send.
    pub fn shutdown(&mut self, socket: Socket) {
        match &mut self.desk.wire {
            Wire::Readiness(sockets) => sockets.shutdown(socket),
            Wire::Uring(sockets) => sockets.shutdown(socket),
        }
    }

    /// Closes a connection or listener: nothing more is told of it. What is being sent may or
    /// may not arrive.
    pub fn close(&mut self, socket: Socket) {
        wired!(self,
            readiness(sockets, _) => sockets.close(socket),
            uring(sockets, ring) => sockets.close(ring, socket),
            none => (),
        );
    }

    /// Reads from `offset` bytes into a file on, as many bytes as the buffer has or fewer:
    /// [`Completion::Read`] tells. By readiness this happens at once, for files are always
    /// ready, and the thread waits for the disk.
    pub fn read_at(&mut self, file: &Arc<File>, offset: u64, buffer: Vec<u8>, key: u64) {
        match (&mut self.desk.wire, self.reactor.as_deref_mut()) {
            (Wire::Uring(sockets), Some(Reactor::Uring(ring))) => {
                sockets.read_at(ring, key, file.clone(), offset, buffer);
            }
            _ => {
                let mut buffer = buffer;
                let result = read_at(file, &mut buffer, offset);
                self.desk.told.push_back(Told::Read { key, result, buffer });
            }
        }
    }

    /// Writes the buffer from `offset` bytes into a file on: [`Completion::Written`] tells how
    /// much of it. By readiness at once, as [`read_at`](Self::read_at).
    pub fn write_at(&mut self, file: &Arc<File>, offset: u64, buffer: Vec<u8>, key: u64) {
        match (&mut self.desk.wire, self.reactor.as_deref_mut()) {
            (Wire::Uring(sockets), Some(Reactor::Uring(ring))) => {
                sockets.write_at(ring, key, file.clone(), offset, buffer);
            }
            _ => {
                let result = write_at(file, &buffer, offset);
                self.desk.told.push_back(Told::Written { key, result, buffer });
            }
        }
    }

    /// Tells at a time, by [`Completion::Timer`], once. Any number can run at a time.
    pub fn set_timer(&mut self, at: Instant, key: u64) {
        self.desk.timers.push(Reverse((at, key)));
    }

    /// What became of something. A driver asks for all of them in each tick: while some are
    /// left, its thread does not sleep, and what was received keeps buffers that all connections
    /// of the thread share. So give a world that ticks seldom a thread of its own.
    pub fn completion(&mut self) -> Option<Completion<'_>> {
        let told = match self.desk.told.pop_front() {
            Some(told) => Some(told),
            None => wired!(self,
                readiness(sockets, _) => sockets.told(),
                uring(sockets, ring) => sockets.told(ring),
                none => None,
            ),
        };
        // Last: a peer is not late with what has come while we were busy.
        let told = told.or_else(|| due(self.desk))?;
        Some(told.with(|count| match (&self.desk.wire, self.reactor.as_deref()) {
            (Wire::Readiness(sockets), _) => sockets.bytes(count),
            (Wire::Uring(sockets), Some(Reactor::Uring(ring))) => sockets.bytes(ring),
            (Wire::Uring(_), _) => &[],
        }))
    }
}

fn due(desk: &mut Desk) -> Option<Told> {
    let Reverse((at, key)) = *desk.timers.peek()?;
    if at > Instant::now() {
        return None;
    }
    desk.timers.pop();
    Some(Told::Timer { key })
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_at(file: &File, buffer: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_at(file: &File, buffer: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, buffer, offset)
}
