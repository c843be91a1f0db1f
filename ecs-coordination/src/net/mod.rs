//! Sockets, files and timers: a driver asks for something, and is told what became of it.
//!
//! Two ways lead to the operating system, behind the same [`Port`]: io_uring, where the kernel
//! does what was asked and reports, and readiness, where the port does it as soon as the
//! kernel says that it can be done. What a thread's drivers ask for in a tick is handed over
//! at once, before the thread looks for what is new.

mod backend;
mod completion;
mod listen;
mod port;
mod readiness;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod uring;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "no_uring.rs"]
mod uring;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use backend::{Backend, BackendError};
pub use completion::{Completion, SendError, SendErrorKind, Sending, Socket};
pub use listen::Listen;

use crate::driver::{Event, Registry};
use completion::Told;
use readiness::{OWN, Poller};
use uring::Ring;

/// The most events of sockets in a round: others wait for the next.
const EVENTS: usize = 1024;

/// One wait for the operating system, shared by the drivers of a thread.
pub(crate) enum Reactor {
    Readiness(Poller),
    Uring(Box<Ring>),
}

/// What the operating system has told.
pub(crate) enum News {
    Event(Event),
    #[allow(dead_code, reason = "nothing is done where there is no io_uring")]
    Done(uring::Done),
}

impl Reactor {
    pub(crate) fn new(backend: Backend) -> io::Result<Option<Self>> {
        let ring = match backend {
            Backend::Readiness => None,
            Backend::Uring => Some(Ring::new().map_err(uring::explain)?),
            Backend::Auto => Ring::new().ok(),
        };
        Ok(Some(match ring {
            Some(ring) => Self::Uring(Box::new(ring)),
            None => Self::Readiness(Poller::new(EVENTS)?),
        }))
    }

    /// Takes the reactor into service, on the thread that will wait.
    pub(crate) fn enable(&mut self) -> io::Result<()> {
        match self {
            Self::Readiness(_) => Ok(()),
            Self::Uring(ring) => ring.enable(),
        }
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Readiness(_) => Backend::Readiness,
            Self::Uring(_) => Backend::Uring,
        }
    }

    pub(crate) fn registry(&self, place: usize) -> io::Result<Registry> {
        let poller = match self {
            Self::Readiness(poller) => poller,
            Self::Uring(ring) => ring.poller(),
        };
        Ok(Registry::new(poller.registry().try_clone()?, place))
    }

    /// Ends a wait, from any thread.
    pub(crate) fn interrupt(&self) -> Arc<dyn Fn() + Send + Sync> {
        match self {
            Self::Readiness(poller) => poller.interrupt(),
            Self::Uring(ring) => ring.interrupt(),
        }
    }

    /// Hands over what was asked for, waits for news up to `timeout`, and puts it on the desks.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>, desks: &mut [Desk]) -> io::Result<()> {
        let mut give = |place: usize, news: News| {
            if let Some(desk) = desks.iter_mut().find(|desk| desk.place == place) {
                desk.take(news);
            }
        };
        match self {
            Self::Readiness(poller) => {
                poller.wait(timeout, &mut |place, event| give(place, News::Event(event))).map(drop)
            }
            Self::Uring(ring) => ring.wait(timeout, &mut give),
        }
    }
}

enum Wire {
    Readiness(readiness::Sockets),
    Uring(uring::Sockets),
}

/// What one world's driver has asked for, and what it is yet to be told.
pub(crate) struct Desk {
    place: usize,
    /// About sources that the driver registered.
    pub(crate) events: Vec<Event>,
    wire: Wire,
    told: VecDeque<Told>,
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Desk {
    pub(crate) fn new(place: usize, reactor: Option<&Reactor>) -> Self {
        let wire = match reactor.map(Reactor::backend) {
            Some(Backend::Uring) => Wire::Uring(uring::Sockets::new(place)),
            _ => Wire::Readiness(readiness::Sockets::default()),
        };
        let (told, timers) = (VecDeque::new(), BinaryHeap::new());
        Self { place, events: Vec::new(), wire, told, timers }
    }

    fn take(&mut self, news: News) {
        match (news, &mut self.wire) {
            (News::Event(event), Wire::Readiness(sockets)) if event.token & OWN != 0 => {
                sockets.on_event(&event);
            }
            (News::Event(event), _) => self.events.push(event),
            (News::Done(done), Wire::Uring(sockets)) => sockets.on_done(done),
            (News::Done(_), Wire::Readiness(_)) => {}
        }
    }

    /// A tick begins.
    pub(crate) fn begin(&mut self) {
        if let Wire::Readiness(sockets) = &mut self.wire {
            sockets.begin();
        }
    }

    /// How long until the driver is to be told something.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        let waits = !self.told.is_empty()
            || match &self.wire {
                Wire::Readiness(sockets) => sockets.has_news(),
                Wire::Uring(sockets) => sockets.has_news(),
            };
        if waits {
            return Some(Duration::ZERO);
        }
        let Reverse((at, _)) = self.timers.peek()?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// The driver is told nothing any more: closes what it has open.
    pub(crate) fn close(&mut self, reactor: Option<&mut Reactor>) {
        self.events.clear();
        self.told.clear();
        self.timers.clear();
        match (&mut self.wire, reactor) {
            (Wire::Readiness(sockets), _) => *sockets = readiness::Sockets::default(),
            (Wire::Uring(sockets), Some(Reactor::Uring(ring))) => sockets.close_all(ring),
            (Wire::Uring(_), _) => {}
        }
    }
}
