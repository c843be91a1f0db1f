//! Who runs the systems of a stage.

use core::fmt;
use core::ptr::NonNull;
use core::slice;

use super::histogram::Clock;
use super::roster::Entry;
use super::slot::Slot;
use crate::config::WorldConfig;
use crate::schema::Schema;
use crate::world::World;

/// Runs the systems of stages.
pub trait Executor<W: WorldConfig>: Send {
    /// Runs each job of the stage, in any order, several at once
    /// if it likes. A job that is not run is left out of this tick.
    fn run(&mut self, stage: Stage<'_, W>);
}

/// Runs systems one after the other, as a schedule without an executor does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl<W: WorldConfig> Executor<W> for Sequential {
    fn run(&mut self, stage: Stage<'_, W>) {
        stage.for_each(Job::run);
    }
}

/// The systems of a stage that are to run now, as jobs that are not in each other's way.
pub struct Stage<'s, W: WorldConfig> {
    slots: slice::IterMut<'s, Slot<W>>,
    /// Beside the slots.
    entries: slice::IterMut<'s, Entry>,
    world: NonNull<World<W>>,
    clock: Option<Clock>,
}

impl<'s, W: WorldConfig> Stage<'s, W> {
    /// # Safety
    /// The world is valid for `'s`, the systems are not in each other's way, and nobody
    /// else uses the world.
    pub(super) unsafe fn new(
        slots: &'s mut [Slot<W>],
        entries: &'s mut [Entry],
        world: NonNull<World<W>>,
        clock: Option<Clock>,
    ) -> Self {
        Self { slots: slots.iter_mut(), entries: entries.iter_mut(), world, clock }
    }

    /// The [numbers](Job::number) of the systems, in the order in which they run where
    /// nothing runs them at once.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        self.entries.as_slice().iter().filter(|entry| entry.runs).map(|entry| entry.added)
    }
}

impl<'s, W: WorldConfig> Iterator for Stage<'s, W> {
    type Item = Job<'s, W>;

    fn next(&mut self) -> Option<Job<'s, W>> {
        loop {
            let (slot, entry) = (self.slots.next()?, self.entries.next()?);
            if entry.runs {
                return Some(Job { slot, entry, world: self.world, clock: self.clock });
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.slots.len()))
    }
}

impl<W: WorldConfig> fmt::Debug for Stage<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("systems", &self.slots.len()).finish_non_exhaustive()
    }
}

/// One system of a stage, to run once.
pub struct Job<'s, W: WorldConfig> {
    slot: &'s mut Slot<W>,
    entry: &'s mut Entry,
    world: NonNull<World<W>>,
    clock: Option<Clock>,
}

// SAFETY: a job runs a system, which is `Send`, with commands of its own, on components
// that may be used on another thread, and on resources and events: one that it shares
// with others is `Sync`, one that it writes or sends is `Send` and its alone.
unsafe impl<W: WorldConfig> Send for Job<'_, W> where W::Schema: Schema<Types: Send + Sync> {}

impl<W: WorldConfig> Job<'_, W> {
    /// The system's name.
    pub fn name(&self) -> &str {
        self.entry.info.name()
    }

    /// The number of the system, by which it is told from others of its schedule: its
    /// place in the order of adding, among those that are there.
    pub fn number(&self) -> usize {
        self.entry.added
    }

    /// Runs the system. An error ends the run of the schedule as its policy says.
    pub fn run(self) {
        // SAFETY: `Stage::new` was promised that the world is valid, and that the systems
        // of the stage are not in each other's way.
        unsafe { self.slot.run(self.entry, self.world, self.clock) }
    }
}

impl<W: WorldConfig> fmt::Debug for Job<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.name()).finish()
    }
}
