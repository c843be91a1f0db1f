//! What can go wrong between worlds. A rejected value is handed back.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ecs_core::members::WorldSet;
use thiserror::Error;

use crate::coordinator::WorldCoordinator;
use crate::placement::PlacementError;
use crate::supervise::Handling;

/// Why a transfer was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueueErrorKind {
    /// The queue has no room now.
    #[error("the queue is full: try again after the target has ticked, or give it more capacity")]
    Full,
    /// No edge leads there.
    #[error(
        "no edge leads from world {from} to world {to}: name it in `routing(...)` or `targets(...)`"
    )]
    NoEdge {
        /// The source world's id.
        from: u16,
        /// The target world's id.
        to: u16,
    },
    /// Source and target are the same world.
    #[error("world {0} can't send to itself: put the transfer back with `insert_transfer`")]
    SelfTransfer(u16),
    /// There is no such world.
    #[error(
        "there is no world {0} in this coordinator: ids start at 0, and `id_of` gives a world's"
    )]
    UnknownWorld(u16),
    /// The target's archetypes are closed, and this is none of them.
    #[error(
        "the target's archetypes are closed, and this set of components is none of them: declare it in its `archetypes(...)`"
    )]
    ClosedArchetype,
}

/// A transfer was not queued. Holds it, and says why.
#[derive(Error)]
#[error("{kind}")]
pub struct QueueError<T> {
    kind: QueueErrorKind,
    transfer: Box<T>,
}

impl<T> QueueError<T> {
    pub(crate) fn new(kind: QueueErrorKind, transfer: T) -> Self {
        Self { kind, transfer: Box::new(transfer) }
    }

    /// Why.
    pub fn kind(&self) -> QueueErrorKind {
        self.kind
    }

    /// Whether the queue was full, so that trying again later can help.
    pub fn is_full(&self) -> bool {
        self.kind == QueueErrorKind::Full
    }

    /// The transfer back.
    pub fn into_inner(self) -> T {
        *self.transfer
    }
}

impl<T> fmt::Debug for QueueError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueError").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A world failed.
#[derive(Error)]
#[error("world `{world}` (id {id}) {cause}")]
pub struct Failure {
    /// The world's name.
    pub world: &'static str,
    /// The world's id.
    pub id: u16,
    /// What happened.
    pub cause: Cause,
    /// What was done about it.
    pub handling: Handling,
}

/// As a text, for that is what `main` shows of an error that it returns.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a world failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Cause {
    /// A system, a driver's callback or a component's drop panicked.
    #[error("panicked: {0}")]
    Panic(String),
    /// The world is not the one that the coordinator made: its entities' ids
    /// could collide with others'.
    #[error("was replaced by a world made elsewhere: change the coordinator's own world instead")]
    Replaced,
    /// A system returned an error.
    #[error("stopped: {0}")]
    System(ecs_core::schedule::SystemError),
    /// The driver returned an error.
    #[error("stopped, since its driver failed: {0}")]
    Driver(Box<dyn std::error::Error + Send + Sync>),
    /// The driver's sources could not be registered, or waited for.
    #[error("can't wait for the operating system: {0}")]
    Io(std::io::Error),
}

impl Cause {
    /// Never panics, whatever the panic's payload does.
    pub(crate) fn of_panic(panic: Box<dyn Any + Send>) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        discard(panic);
        Self::Panic(text.unwrap_or_else(|| "a value that is no text".to_owned()))
    }
}

/// Drops the payload of a panic that was caught.
pub(crate) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        // Its drop may panic as well, and so on for good.
        mem::forget(another);
    }
}

/// A coordinator could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The operating system gives no way to wait for events.
    #[error("can't wait for the operating system: {0}")]
    Io(std::io::Error),
    /// A driver could not register its sources.
    #[error("{0}")]
    Driver(Failure),
}

/// Why worlds were not handed to threads.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// The placement does not fit.
    #[error("{0}")]
    Placement(PlacementError),
    /// A thread was to stay on a core that there is not.
    #[error(
        "no thread can stay on core {0}: name cores of this machine that this process may use, as `pin` does"
    )]
    Core(usize),
    /// A thread could not be made.
    #[error("can't start the worlds' threads: {0}")]
    Thread(std::io::Error),
}

/// Worlds were not handed to threads. Holds the coordinator, and says why.
#[derive(Error)]
#[error("{kind}")]
pub struct RunError<Worlds: WorldSet> {
    kind: RunErrorKind,
    coordinator: Box<WorldCoordinator<Worlds>>,
}

impl<Worlds: WorldSet> RunError<Worlds> {
    pub(crate) fn new(coordinator: WorldCoordinator<Worlds>, kind: RunErrorKind) -> Self {
        Self { kind, coordinator: Box::new(coordinator) }
    }

    /// Why.
    pub fn kind(&self) -> &RunErrorKind {
        &self.kind
    }

    /// The coordinator back.
    pub fn into_inner(self) -> WorldCoordinator<Worlds> {
        *self.coordinator
    }
}

impl<Worlds: WorldSet> fmt::Debug for RunError<Worlds> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunError").field("kind", &self.kind).finish_non_exhaustive()
    }
}
