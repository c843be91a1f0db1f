//! What connects a world to the outside: sockets, timers, sources of messages.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use ecs_core::config::WorldConfig;
use ecs_core::world::World;

#[cfg(all(feature = "net", any(unix, windows)))]
pub use crate::net::{
    Backend, BackendError, Completion, Listen, SendError, SendErrorKind, Sending, Socket,
};
use crate::net::{Desk, Reactor};

/// Connects a world to the outside. Worlds with the role `accept`, `io` or
/// `custom` have one.
///
/// All worlds of one thread share one wait for the operating system. Through its [`Port`] a
/// driver asks for what it wants, on sockets, files and timers, and is told what became of it;
/// it can also register sources of its own, and poll others that the system knows nothing of.
///
/// # Examples
/// ```
/// # use std::error::Error;
/// # use static_ecs::prelude::*;
/// use static_ecs::driver::Port;
/// # #[derive(Component)] struct Line(String);
///
/// #[world_config(components(Line), role = custom)]
/// struct Lines;
/// coordinator!(type Program = (Lines,));
///
/// /// Makes an entity of each line of a text, as the world has room for them.
/// struct Text(std::vec::IntoIter<String>);
///
/// impl Driver<Lines> for Text {
///     fn poll(
///         &mut self,
///         world: &mut World<Lines>,
///         _: &mut Port<'_>,
///     ) -> Result<bool, Box<dyn Error + Send + Sync>> {
///         if world.try_admit(1).is_err() {
///             return Ok(false);
///         }
///         let Some(line) = self.0.next() else { return Ok(false) };
///         world.spawn(Line(line))?;
///         Ok(true)
///     }
/// }
///
/// let mut program = Program::new();
/// let text: Vec<String> = ["one", "two"].map(str::to_owned).into();
/// program.set_driver::<Lines>(Text(text.into_iter()));
/// let running = program.run(Placement::Single)?;
/// while running.is_running() && running.stats().worlds[0].counts.entities < 2 {
///     std::thread::yield_now();
/// }
/// let program = running.stop().into_result()?;
/// assert_eq!(program.world::<Lines>().len(), 2);
/// # Ok::<(), Box<dyn Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a driver of the world `{W}`",
    label = "not a driver",
    note = "a driver is a type of yours that implements `Driver<{W}>` and is `Send`"
)]
pub trait Driver<W: WorldConfig>: Send {
    /// Registers the driver's sources, on the world's thread, before its first tick.
    ///
    /// # Errors
    /// If a source can't be registered: the world does not start.
    fn start(&mut self, world: &mut World<W>, port: &mut Port<'_>) -> io::Result<()> {
        let _ = (world, port);
        Ok(())
    }

    /// Runs in each tick, after entities have arrived (in a world with the role
    /// `accept`, before) and before the systems.
    /// Answers whether it did anything: while someone on the thread does, the
    /// thread does not sleep.
    ///
    /// # Errors
    /// What the driver can't go on with: the coordinator then stops. It is the
    /// user's own error, of any type, which the library only hands on: hence the box.
    fn poll(
        &mut self,
        world: &mut World<W>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>>;

    /// How long the driver can wait without events; `None` for as long as it takes.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// The coordinator stops: take in nothing new, and finish what is begun.
    fn close(&mut self, world: &mut World<W>, port: &mut Port<'_>) {
        let _ = (world, port);
    }

    /// Whether everything that was begun is finished.
    fn is_idle(&self) -> bool {
        true
    }
}

/// A driver's way to the operating system, in one tick.
///
/// With the feature `net` it has sockets, files and timers: what is asked for is handed to the
/// system at the end of the thread's round, all at once, and [`completion`](Self::completion)
/// tells in a later tick what became of it.
pub struct Port<'a> {
    pub(crate) desk: &'a mut Desk,
    pub(crate) reactor: Option<&'a mut Reactor>,
    pub(crate) place: usize,
}

impl Port<'_> {
    /// What became ready of the sources that the driver has registered.
    pub fn events(&self) -> &[Event] {
        &self.desk.events
    }

    /// Where the driver registers sources of its own.
    ///
    /// # Errors
    /// If the operating system refuses; without the feature `net`, always.
    pub fn registry(&self) -> io::Result<Registry> {
        match &self.reactor {
            Some(reactor) => reactor.registry(self.place),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl fmt::Debug for Port<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("events", &self.events()).finish_non_exhaustive()
    }
}

/// What became ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The token with which the source was registered.
    pub token: usize,
    /// There is something to read, or the peer has closed its side.
    pub readable: bool,
    /// The peer has closed its side: reading comes to an end, after what has
    /// arrived. Edge-triggered: no further event tells of that end.
    pub read_closed: bool,
    /// There is room to write, or the peer has closed its side.
    pub writable: bool,
    /// The source has failed.
    pub error: bool,
}

/// Tokens of one driver are below this.
pub const MAX_TOKEN: usize = 1 << (WORLD_SHIFT - 1);
/// Where the place of a world begins in a token.
pub(crate) const WORLD_SHIFT: u32 = usize::BITS - 9;

/// Where a driver registers sources of its own, which it reads by itself.
pub struct Registry {
    #[cfg(all(feature = "net", any(unix, windows)))]
    inner: mio::Registry,
    place: usize,
}

#[cfg(all(feature = "net", any(unix, windows)))]
mod net {
    use std::io;

    use mio::{Interest, Token, event::Source};

    use super::{MAX_TOKEN, Registry, WORLD_SHIFT};

    impl Registry {
        /// Registers a source of readiness. The token must be below [`MAX_TOKEN`].
        ///
        /// # Errors
        /// If the operating system refuses, or the token is too large.
        pub fn register(
            &self,
            source: &mut impl Source,
            token: usize,
            interest: Interest,
        ) -> io::Result<()> {
            self.inner.register(source, self.token(token)?, interest)
        }

        /// Changes what a registered source waits for.
        ///
        /// # Errors
        /// As [`register`](Self::register).
        pub fn reregister(
            &self,
            source: &mut impl Source,
            token: usize,
            interest: Interest,
        ) -> io::Result<()> {
            self.inner.reregister(source, self.token(token)?, interest)
        }

        /// Ends the wait for a source. Closing it does the same.
        ///
        /// # Errors
        /// If it is not registered.
        pub fn deregister(&self, source: &mut impl Source) -> io::Result<()> {
            self.inner.deregister(source)
        }

        pub(crate) fn new(inner: mio::Registry, place: usize) -> Self {
            Self { inner, place }
        }

        /// The same registry, for a driver to keep.
        ///
        /// # Errors
        /// If the operating system refuses another handle.
        pub fn try_clone(&self) -> io::Result<Self> {
            Ok(Self { inner: self.inner.try_clone()?, place: self.place })
        }

        fn token(&self, token: usize) -> io::Result<Token> {
            if token >= MAX_TOKEN {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the token is too large"));
            }
            Ok(Token(self.place << WORLD_SHIFT | token))
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("place", &self.place).finish_non_exhaustive()
    }
}
