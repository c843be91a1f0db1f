//! A system in its schedule.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::any::TypeId;
use core::ptr::NonNull;

use super::histogram::{Clock, Histogram};
use super::phase::Phase;
use super::plan::Node;
use crate::commands::{ApplyError, Commands};
use crate::config::WorldConfig;
use crate::system::{BoxError, BoxedSystem, SystemAccess, SystemContext};
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

pub(super) struct Slot<W: WorldConfig> {
    pub(super) info: SystemInfo,
    system: BoxedSystem<W>,
    pub(super) commands: Commands<W>,
    pub(super) after: Vec<Label>,
    pub(super) before: Vec<Label>,
    pub(super) conditions: Vec<Condition<W>>,
    pub(super) once: bool,
    pub(super) deferred: bool,
    /// Its place in the order of adding.
    pub(super) added: usize,
    /// Whether it runs in this stage.
    pub(super) runs: bool,
    /// Whether it will not run again.
    pub(super) spent: bool,
    pub(super) error: Option<BoxError>,
    /// Why the world last refused its commands.
    pub(super) refusal: Option<ApplyError>,
    /// Since which refusal they wait.
    pub(super) waits_since: Option<u64>,
}

impl<W: WorldConfig> Slot<W> {
    pub(super) fn new(system: BoxedSystem<W>, commands: Commands<W>, added: usize) -> Self {
        let info = SystemInfo {
            name: system.name().to_string(),
            phase: None,
            access: system.access(),
            histogram: None,
        };
        Self {
            info,
            system,
            commands,
            after: Vec::new(),
            before: Vec::new(),
            conditions: Vec::new(),
            once: false,
            deferred: false,
            added,
            runs: false,
            spent: false,
            error: None,
            refusal: None,
            waits_since: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.info.name
    }

    pub(super) fn node(&self) -> Node<'_> {
        Node {
            name: &self.info.name,
            function: self.system.function(),
            phase: self.info.phase,
            access: self.info.access,
            holds_up: self.info.access.commands && !self.deferred,
            asks: !self.conditions.is_empty(),
            after: &self.after,
            before: &self.before,
        }
    }

    /// Runs the system; an error is kept.
    ///
    /// # Safety
    /// The world is valid, and nobody uses it meanwhile in conflict with the access.
    pub(super) unsafe fn run(&mut self, world: NonNull<World<W>>, clock: Option<Clock>) {
        #[cfg(feature = "tracing")]
        let _span = tracing::info_span!("system", name = self.name()).entered();
        let start = clock.map(|clock| clock());
        let commands = NonNull::from(&mut self.commands);
        // SAFETY: the world is valid for the call, as the commands are, which are this
        // system's; the caller keeps others away.
        let result = unsafe { self.system.run_beside(SystemContext::from_raw(world, commands)) };
        self.error = result.err();
        self.spent = self.once;
        if let (Some(clock), Some(start)) = (clock, start) {
            let took = clock().saturating_sub(start);
            self.info.histogram.get_or_insert_with(Box::default).add(took);
        }
    }
}
