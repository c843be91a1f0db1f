//! What a driver is told.

use std::fmt;
use std::io;
use std::net::TcpStream;

use thiserror::Error;

/// A listener or a connection that a [`Port`](crate::driver::Port) keeps. It names nothing once
/// it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Socket {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// What became of something that a driver asked for. The keys are those that it gave.
#[derive(Debug)]
pub enum Completion<'a> {
    /// A peer has connected.
    Accepted {
        /// The listener's key.
        key: u64,
        /// The connection: for [`open`](crate::driver::Port::open), here or in another world.
        /// Whether it is blocking depends on the backend: set that for any other use.
        stream: TcpStream,
    },
    /// Bytes have come. More than can be used now? [`pause`](crate::driver::Port::pause).
    Received {
        /// The connection's key.
        key: u64,
        /// The connection.
        socket: Socket,
        /// The bytes, at least one.
        bytes: &'a [u8],
    },
    /// The peer has closed its side: nothing more will come. It may still read.
    Ended {
        /// The connection's key.
        key: u64,
        /// The connection.
        socket: Socket,
    },
    /// Bytes have gone out.
    Sent {
        /// The connection's key.
        key: u64,
        /// The connection.
        socket: Socket,
        /// How many, since it was told last.
        count: usize,
        /// Once all have gone, what was given to [`send`](crate::driver::Port::send).
        buffer: Option<Vec<u8>>,
    },
    /// A connection has failed, which is told once: close it. Or a listener has, for lack of
    /// file descriptors, say: it is paused.
    Failed {
        /// Its key.
        key: u64,
        /// The connection or listener.
        socket: Socket,
        /// Why.
        error: io::Error,
    },
    /// A file was read.
    Read {
        /// The key that was given.
        key: u64,
        /// How many bytes; 0 at its end.
        result: io::Result<usize>,
        /// The buffer that was given: the bytes are at its start, its length is as it was.
        buffer: Vec<u8>,
    },
    /// A file was written.
    Written {
        /// The key that was given.
        key: u64,
        /// How many bytes, which can be fewer than there were.
        result: io::Result<usize>,
        /// The buffer that was given.
        buffer: Vec<u8>,
    },
    /// The time of a timer has come.
    Timer {
        /// The key that was given.
        key: u64,
    },
}

/// What became of bytes to send.
#[derive(Debug)]
#[must_use = "the buffer can be used again"]
pub enum Sending {
    /// They have all gone. This is the buffer.
    Done(Vec<u8>),
    /// They are on their way: [`Completion::Sent`] will tell.
    Begun,
}

/// Bytes that can't be sent.
#[derive(Debug, Error)]
#[error("{kind}")]
pub struct SendError {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Why.
    pub kind: SendErrorKind,
}

/// Why bytes can't be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// Others are on their way: wait for their [`Completion::Sent`].
    Busy,
    /// The socket is closed or shut down, is a listener, or has failed.
    Closed,
}

impl fmt::Display for SendErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => {
                "bytes are on their way on this connection: send these when they have gone"
            }
            Self::Closed => "the connection is closed or has failed",
        })
    }
}

/// A [`Completion`] before its bytes are looked up.
pub(super) enum Told {
    Accepted { key: u64, stream: TcpStream },
    Received { key: u64, socket: Socket, count: usize },
    Ended { key: u64, socket: Socket },
    Sent { key: u64, socket: Socket, count: usize, buffer: Option<Vec<u8>> },
    Failed { key: u64, socket: Socket, error: io::Error },
    Read { key: u64, result: io::Result<usize>, buffer: Vec<u8> },
    Written { key: u64, result: io::Result<usize>, buffer: Vec<u8> },
    Timer { key: u64 },
}

impl Told {
    pub(super) fn with<'a>(self, bytes: impl FnOnce(usize) -> &'a [u8]) -> Completion<'a> {
        match self {
            Self::Accepted { key, stream } => Completion::Accepted { key, stream },
            Self::Received { key, socket, count } => {
                Completion::Received { key, socket, bytes: bytes(count) }
            }
            Self::Ended { key, socket } => Completion::Ended { key, socket },
            Self::Sent { key, socket, count, buffer } => {
                Completion::Sent { key, socket, count, buffer }
            }
            Self::Failed { key, socket, error } => Completion::Failed { key, socket, error },
            Self::Read { key, result, buffer } => Completion::Read { key, result, buffer },
            Self::Written { key, result, buffer } => Completion::Written { key, result, buffer },
            Self::Timer { key } => Completion::Timer { key },
        }
    }
}
