//! What connects a world to the outside: sockets, timers, sources of messages.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use ecs_core::config::WorldConfig;
use ecs_core::world::World;

/// Connects a world to the outside. Worlds with the role `accept`, `io` or
/// `custom` have one.
///
/// All worlds of one thread share one wait for the operating system: a driver
/// registers its sources, says how long it can wait, and is polled with what
/// became ready.
///
/// # Examples
/// ```
/// # use std::error::Error;
/// # use static_ecs::prelude::*;
/// use static_ecs::driver::Event;
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
///         _: &[Event],
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
pub trait Driver<W: WorldConfig>: Send {
    /// Registers the driver's sources, on the world's thread, before its first tick.
    ///
    /// # Errors
    /// If a source can't be registered: the world does not start.
    fn start(&mut self, world: &mut World<W>, registry: &Registry) -> io::Result<()> {
        let _ = (world, registry);
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
        events: &[Event],
    ) -> Result<bool, Box<dyn Error + Send + Sync>>;

    /// How long the driver can wait without events; `None` for as long as it takes.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// The coordinator stops: take in nothing new, and finish what is begun.
    fn close(&mut self, world: &mut World<W>) {
        let _ = world;
    }

    /// Whether everything that was begun is finished.
    fn is_idle(&self) -> bool {
        true
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
pub const MAX_TOKEN: usize = 1 << WORLD_SHIFT;
const WORLD_SHIFT: u32 = usize::BITS - 9;

/// Where a driver registers its sources.
pub struct Registry {
    #[cfg(all(feature = "net", any(unix, windows)))]
    inner: Option<mio::Registry>,
    #[cfg_attr(not(all(feature = "net", any(unix, windows))), allow(dead_code))]
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
            self.inner()?.register(source, self.token(token)?, interest)
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
            self.inner()?.reregister(source, self.token(token)?, interest)
        }

        /// Ends the wait for a source. Closing it does the same.
        ///
        /// # Errors
        /// If it is not registered.
        pub fn deregister(&self, source: &mut impl Source) -> io::Result<()> {
            self.inner()?.deregister(source)
        }

        /// The same registry, for a driver to keep.
        ///
        /// # Errors
        /// If the operating system refuses another handle.
        pub fn try_clone(&self) -> io::Result<Self> {
            let inner = self.inner.as_ref().map(mio::Registry::try_clone).transpose()?;
            Ok(Self { inner, place: self.place })
        }

        fn inner(&self) -> io::Result<&mio::Registry> {
            self.inner.as_ref().ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))
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

/// One wait for the operating system, shared by the drivers of a thread.
pub(crate) use reactor::Reactor;

#[cfg(all(feature = "net", any(unix, windows)))]
mod reactor {
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    use mio::{Events, Poll, Token, Waker};

    use super::{Event, MAX_TOKEN, Registry, WORLD_SHIFT};

    /// The token of the waker: no world has this place.
    const WAKER: Token = Token(usize::MAX);

    pub(crate) struct Reactor {
        poll: Poll,
        events: Events,
        waker: Arc<Waker>,
    }

    impl Reactor {
        pub(crate) fn new() -> io::Result<Option<Self>> {
            let poll = Poll::new()?;
            let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
            Ok(Some(Self { poll, events: Events::with_capacity(1024), waker }))
        }

        pub(crate) fn registry(&self, place: usize) -> io::Result<Registry> {
            Ok(Registry { inner: Some(self.poll.registry().try_clone()?), place })
        }

        /// Ends a wait, from any thread.
        pub(crate) fn interrupt(&self) -> impl Fn() + Send + Sync + 'static {
            let waker = self.waker.clone();
            move || {
                // It fails only where the poll is gone, and nobody waits then.
                let _ = waker.wake();
            }
        }

        /// Waits for events and calls `each` with a world's place and its event.
        pub(crate) fn wait(
            &mut self,
            timeout: Option<Duration>,
            mut each: impl FnMut(usize, Event),
        ) -> io::Result<()> {
            match self.poll.poll(&mut self.events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
                other => other?,
            }
            for event in self.events.iter().filter(|event| event.token() != WAKER) {
                let token = event.token().0;
                let ready = Event {
                    token: token & (MAX_TOKEN - 1),
                    readable: event.is_readable() || event.is_read_closed(),
                    read_closed: event.is_read_closed(),
                    writable: event.is_writable() || event.is_write_closed(),
                    error: event.is_error(),
                };
                each(token >> WORLD_SHIFT, ready);
            }
            Ok(())
        }
    }
}

#[cfg(not(all(feature = "net", any(unix, windows))))]
mod reactor {
    use std::io;
    use std::time::Duration;

    use super::{Event, Registry};

    /// Drivers without sources that the operating system tells about.
    pub(crate) enum Reactor {}

    impl Reactor {
        pub(crate) fn new() -> io::Result<Option<Self>> {
            Ok(None)
        }

        pub(crate) fn registry(&self, _: usize) -> io::Result<Registry> {
            match *self {}
        }

        pub(crate) fn interrupt(&self) -> fn() {
            match *self {}
        }

        pub(crate) fn wait(
            &mut self,
            _: Option<Duration>,
            _: impl FnMut(usize, Event),
        ) -> io::Result<()> {
            match *self {}
        }
    }
}

impl Registry {
    /// A registry for where there is nothing to wait for.
    pub(crate) fn none(place: usize) -> Self {
        Self {
            #[cfg(all(feature = "net", any(unix, windows)))]
            inner: None,
            place,
        }
    }
}
