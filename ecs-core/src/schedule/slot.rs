//! A system in its schedule.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::any::TypeId;
use core::ptr::NonNull;

use super::histogram::{self, Clock, Histogram};
use super::phase::Phase;
use super::roster::Entry;
use crate::commands::Commands;
use crate::config::WorldConfig;
use crate::system::{BoxedSystem, SystemAccess, SystemContext};
use crate::world::World;

/// Which systems are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// Those made of this function, with its name for messages.
    Function(TypeId, &'static str),
    /// Those of this name.
    Name(String),
}

impl Label {
    pub(super) fn of<F: 'static>(_: &F) -> Self {
        Self::Function(TypeId::of::<F>(), core::any::type_name::<F>())
    }

    pub(super) fn named(name: &str) -> Self {
        Self::Name(name.to_string())
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Function(_, name) => name,
            Self::Name(name) => name,
        }
    }
}

/// What is known of a system.
#[derive(Clone, Debug)]
pub struct SystemInfo {
    pub(super) name: String,
    pub(super) phase: Option<Phase>,
    pub(super) access: &'static SystemAccess,
    pub(super) histogram: Option<Box<Histogram>>,
}

impl SystemInfo {
    pub(super) fn new(name: &str, access: &'static SystemAccess) -> Self {
        Self { name: name.to_string(), phase: None, access, histogram: None }
    }

    /// The system's name: its path, if it was given none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The phase that was named for it.
    pub fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// What it may use.
    pub fn access(&self) -> &'static SystemAccess {
        self.access
    }

    /// How long its runs took, if the schedule measures that.
    pub fn histogram(&self) -> Option<&Histogram> {
        self.histogram.as_deref()
    }
}

type Condition<W> = Box<dyn FnMut(&World<W>) -> bool + Send>;

/// What of a system depends on its world. The rest is its [`Entry`], at the same place.
pub(super) struct Slot<W: WorldConfig> {
    system: BoxedSystem<W>,
    pub(super) commands: Commands<W>,
    pub(super) conditions: Vec<Condition<W>>,
}

impl<W: WorldConfig> Slot<W> {
    pub(super) fn new(system: BoxedSystem<W>, commands: Commands<W>) -> Self {
        Self { system, commands, conditions: Vec::new() }
    }

    /// Whether all its conditions hold.
    pub(super) fn holds(&mut self, world: &World<W>) -> bool {
        self.conditions.iter_mut().all(|holds| holds(world))
    }

    /// Runs the system; an error is kept.
    ///
    /// # Safety
    /// The world is valid, and nobody uses it meanwhile in conflict with the access.
    pub(super) unsafe fn run(
        &mut self,
        entry: &mut Entry,
        world: NonNull<World<W>>,
        clock: Option<Clock>,
    ) {
        #[cfg(feature = "tracing")]
        let _span = tracing::info_span!("system", name = entry.info.name()).entered();
        let start = histogram::read(clock);
        let Self { system, commands, .. } = self;
        let ran = Ran { entry, commands };
        let commands = NonNull::from(&mut *ran.commands);
        // SAFETY: the world is valid for the call, as the commands are, which are this
        // system's; the caller keeps others away.
        let result = unsafe { system.run_beside(SystemContext::from_raw(world, commands)) };
        ran.entry.has_run(result, clock, start);
    }
}

/// A system runs. Its end, a panic's too, which an executor may have caught, tells what is to be
/// done.
struct Ran<'a, W: WorldConfig> {
    entry: &'a mut Entry,
    commands: &'a mut Commands<W>,
}

impl<W: WorldConfig> Drop for Ran<'_, W> {
    fn drop(&mut self) {
        self.entry.is_done(self.commands.len());
    }
}
