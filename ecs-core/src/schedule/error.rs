//! What goes wrong in a run, and what then.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use super::plan::PlanError;
use crate::commands::ApplyError;
use crate::system::BoxError;

/// What a run does when a system fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The rest of the failed system's stage runs, and no stage after it.
    #[default]
    Stop,
    /// All systems run. Up to `limit` errors are kept, those beyond are counted.
    Collect {
        /// The most errors that are kept; at least one is.
        limit: usize,
    },
}

/// A system failed, or commands wait.
pub struct SystemError {
    /// The system's name.
    pub system: String,
    /// What it failed with.
    pub source: BoxError,
    others: Vec<SystemError>,
    omitted: usize,
}

impl SystemError {
    pub(crate) fn new(system: String, source: BoxError) -> Self {
        Self { system, source, others: Vec::new(), omitted: 0 }
    }

    /// There is no plan.
    pub(super) fn of_plan(error: PlanError) -> Self {
        Self::new("plan".to_string(), Box::new(error))
    }

    /// The errors of other systems in the same run, in the order in which they ran.
    pub fn others(&self) -> &[SystemError] {
        &self.others
    }

    /// How many more errors there were than are kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The spawns and events that found the world full and wait, if nothing else is wrong:
    /// they are tried again at the next run.
    pub fn waits(&self) -> Option<&ApplyError> {
        let refused = self.source.downcast_ref::<ApplyError>()?;
        refused.why.may_pass().then_some(refused)
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system `{}` failed: {}", self.system, self.source)?;
        match self.others.len() + self.omitted {
            0 => Ok(()),
            1 => f.write_str(" (and another system failed)"),
            more => write!(f, " (and {more} others failed)"),
        }
    }
}

/// As a text, for that is what `main` shows of an error that it returns; the errors of other
/// systems on lines of their own.
impl fmt::Debug for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system `{}` failed: {}", self.system, self.source)?;
        self.others.iter().try_for_each(|other| write!(f, "\n{other:?}"))?;
        if self.omitted > 0 { write!(f, "\n(and {} others failed)", self.omitted) } else { Ok(()) }
    }
}

impl Error for SystemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The errors of one run.
pub(super) struct Failures {
    policy: OnError,
    error: Option<SystemError>,
}

impl Failures {
    pub(super) const fn new() -> Self {
        Self { policy: OnError::Stop, error: None }
    }

    /// A run begins.
    pub(super) fn begin(&mut self, policy: OnError) {
        *self = Self { policy, error: None };
    }

    #[cold]
    pub(super) fn add(&mut self, system: &str, source: BoxError) {
        let Some(first) = &mut self.error else {
            self.error = Some(SystemError::new(system.to_string(), source));
            return;
        };
        let limit = match self.policy {
            // Of the same stage.
            OnError::Stop => usize::MAX,
            OnError::Collect { limit } => limit,
        };
        if first.others.len() + 1 < limit {
            first.others.push(SystemError::new(system.to_string(), source));
        } else {
            first.omitted += 1;
        }
    }

    /// Whether no more systems are to run.
    pub(super) fn stop(&self) -> bool {
        self.error.is_some() && self.policy == OnError::Stop
    }

    pub(super) fn take(&mut self) -> Option<SystemError> {
        self.error.take()
    }
}
