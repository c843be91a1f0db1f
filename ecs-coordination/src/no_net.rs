//! Where there is no operating system to wait for: drivers are polled, and that is all.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::driver::{Event, Registry};

pub(crate) enum Reactor {}

impl Reactor {
    pub(crate) fn new(_: Backend) -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn enable(&mut self) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn registry(&self, _: usize) -> io::Result<Registry> {
        match *self {}
    }

    pub(crate) fn interrupt(&self) -> Arc<dyn Fn() + Send + Sync> {
        match *self {}
    }

    pub(crate) fn wait(&mut self, _: Option<Duration>, _: &mut [Desk]) -> io::Result<()> {
        match *self {}
    }
}

/// There is nothing to choose from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Backend {
    #[default]
    Auto,
    Readiness,
}

#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) events: Vec<Event>,
}

impl Desk {
    pub(crate) fn new(_: usize, _: Option<&Reactor>) -> Self {
        Self::default()
    }

    pub(crate) fn begin(&mut self) {}

    pub(crate) fn timeout(&self) -> Option<Duration> {
        None
    }

    pub(crate) fn close(&mut self, _: Option<&mut Reactor>) {}
}
