//! Listeners as servers want them.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Makes a listener.
///
/// # Examples
/// ```
/// use static_ecs::driver::Listen;
///
/// // Two worlds share a port: the kernel spreads the connections.
/// # #[cfg(target_os = "linux")] {
/// let first = Listen::new("127.0.0.1:0".parse()?).share_port().bind()?;
/// let second = Listen::new(first.local_addr()?).share_port().bind()?;
/// # drop(second);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    addr: SocketAddr,
    backlog: i32,
    shares: bool,
}

impl Listen {
    /// A listener at this address; port 0 takes a free one. 4,096 peers can wait: with the 128
    /// of the standard library, one of a crowd is told nothing and tries again a second later.
    pub const fn new(addr: SocketAddr) -> Self {
        Self { addr, backlog: 4096, shares: false }
    }

    /// How many peers can wait until they are accepted.
    pub const fn backlog(mut self, peers: i32) -> Self {
        self.backlog = peers;
        self
    }

    /// Lets other listeners have the same address (`SO_REUSEPORT`), of which each gets its
    /// share of the connections: one for each accept world.
    pub const fn share_port(mut self) -> Self {
        self.shares = true;
        self
    }

    /// Makes it.
    ///
    /// # Errors
    /// If the operating system refuses, and where it can't share ports but is asked to.
    pub fn bind(self) -> io::Result<TcpListener> {
        let domain = Domain::for_address(self.addr);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if self.shares {
            share(&socket)?;
        }
        socket.bind(&self.addr.into())?;
        socket.listen(self.backlog)?;
        Ok(socket.into())
    }
}

#[cfg(unix)]
fn share(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn share(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
