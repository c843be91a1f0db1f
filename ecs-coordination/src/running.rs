//! Worlds that run on threads, and what comes back from them.

use std::fmt;
use std::time::Duration;

use ecs_core::config::WorldDesc;
use ecs_core::members::WorldSet;
use ecs_core::topology::Topology;

use crate::affinity;
use crate::control::{DEFAULT_DEADLINE, StopHandle};
use crate::coordinator::WorldCoordinator;
use crate::crew::Crew;
use crate::error::{Failure, RunError, RunErrorKind};
use crate::placement::Placement;
use crate::report::Conservation;
use crate::runtime::{NotStarted, Threads};
use crate::seated::Seated;
use crate::stats::{CoordinatorStats, StatsReader};

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// Hands the worlds to threads and starts them.
    ///
    /// # Errors
    /// If the placement does not fit, or a thread can't be made: the coordinator
    /// is handed back.
    pub fn run(self, placement: Placement) -> Result<Running<Worlds>, RunError<Worlds>> {
        self.run_on(placement, |this, crews, sources| {
            Threads::start(crews, this.components.clone(), sources, (&this.cores, this.backend))
        })
    }

    /// Hands the worlds to threads, which `start` makes.
    pub(crate) fn run_on(
        mut self,
        placement: Placement,
        start: impl FnOnce(
            &Self,
            Vec<Crew<Worlds::Schema>>,
            Vec<bool>,
        ) -> Result<Threads<Worlds::Schema>, NotStarted<Worlds::Schema>>,
    ) -> Result<Running<Worlds>, RunError<Worlds>> {
        let threads = match placement.threads(self.len()) {
            Ok(threads) => threads,
            Err(error) => return Err(RunError::new(self, RunErrorKind::Placement(error))),
        };
        if let Some(core) = affinity::missing(&self.cores) {
            return Err(RunError::new(self, RunErrorKind::Core(core)));
        }
        let sources = self.by_place(|desc| desc.role.is_source() || desc.source);
        let nodes = std::mem::replace(&mut self.crew, Crew::new(Vec::new())).into_nodes();
        let mut nodes: Vec<Option<Seated<Worlds::Schema>>> = nodes.map(Some).collect();
        let crews = threads.iter().map(|ids| {
            // Each id is on exactly one thread.
            Crew::new(ids.iter().filter_map(|&id| nodes[id].take()).collect())
        });
        let crews = crews.collect();
        match start(&self, crews, sources) {
            Ok(mut threads) => {
                self.running = true;
                let watched = match self.watch.take() {
                    Some(watch) => threads.watch(watch, self.stats.counters.clone()),
                    None => Ok(()),
                };
                let running = Running::new(self, threads);
                match watched {
                    Ok(()) => Ok(running),
                    Err((watch, error)) => {
                        let mut back = running.stop_within(Duration::ZERO).coordinator;
                        back.watch = Some(watch);
                        Err(RunError::new(back, RunErrorKind::Thread(error)))
                    }
                }
            }
            Err(failed) => {
                self.seat_all(failed.nodes);
                Err(RunError::new(self, RunErrorKind::Thread(failed.error)))
            }
        }
    }

    fn by_place<T>(&self, value: impl Fn(&WorldDesc) -> T) -> Vec<T> {
        let topology = Topology::new(Worlds::GROUPS);
        let desc = |place| &Worlds::GROUPS[topology.locate(place).0].desc;
        (0..topology.total()).map(|place| value(desc(place))).collect()
    }
}

/// Worlds that run on threads. Dropped, it stops them.
pub struct Running<Worlds: WorldSet> {
    /// Without its worlds until they are back.
    coordinator: Option<WorldCoordinator<Worlds>>,
    threads: Option<Threads<Worlds::Schema>>,
    stats: StatsReader,
}

impl<Worlds: WorldSet> Running<Worlds> {
    pub(crate) fn new(
        coordinator: WorldCoordinator<Worlds>,
        threads: Threads<Worlds::Schema>,
    ) -> Self {
        let stats = coordinator.stats_reader();
        Self { coordinator: Some(coordinator), threads: Some(threads), stats }
    }

    /// A handle that stops the worlds from any thread.
    ///
    /// # Panics
    /// Never: the threads are there until [`join`](Self::join).
    pub fn stop_handle(&self) -> StopHandle {
        self.threads.as_ref().expect("until `join` the threads are there").stop_handle()
    }

    /// Whether no stop was asked for and no world has failed.
    pub fn is_running(&self) -> bool {
        self.threads.as_ref().is_some_and(Threads::is_running)
    }

    /// What has been counted so far.
    pub fn stats(&self) -> CoordinatorStats {
        self.stats.read()
    }

    /// Takes the failures after which the worlds went on, as their
    /// [`Supervision`](crate::supervise::Supervision) says: the first 64 since the last call.
    pub fn take_survived(&self) -> Vec<Failure> {
        self.threads.as_ref().map_or(Vec::new(), Threads::take_survived)
    }

    /// Stops the worlds: sources first, then downstream, each group when it has
    /// nothing left to do or 5 s are over.
    pub fn stop(self) -> Stopped<Worlds> {
        self.stop_within(DEFAULT_DEADLINE)
    }

    /// As [`stop`](Self::stop), with another deadline.
    pub fn stop_within(self, deadline: Duration) -> Stopped<Worlds> {
        self.stop_handle().stop_within(deadline);
        self.join()
    }

    /// Waits until a stop is asked for or a world fails, then stops all in order.
    pub fn join(mut self) -> Stopped<Worlds> {
        self.finish().expect("until `join` the threads are there")
    }

    fn finish(&mut self) -> Option<Stopped<Worlds>> {
        let ended = self.threads.take()?.join();
        let mut coordinator = self.coordinator.take()?;
        coordinator.seat_all(ended.nodes);
        coordinator.running = false;
        coordinator.next_step = ended.next_step.unwrap_or(coordinator.next_step);
        let conservation = coordinator.conservation();
        coordinator.watch = ended.watch;
        let (failures, survived, drained) = (ended.failures, ended.survived, ended.drained);
        Some(Stopped { coordinator, failures, survived, drained, conservation })
    }
}

impl<Worlds: WorldSet> Drop for Running<Worlds> {
    fn drop(&mut self) {
        if let Some(threads) = &self.threads {
            threads.stop_handle().stop();
            // What comes back is dropped by who did not ask for it.
            let _ = self.finish();
        }
    }
}

impl<Worlds: WorldSet> fmt::Debug for Running<Worlds> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("is_running", &self.is_running()).finish_non_exhaustive()
    }
}

/// What came back from the threads: everything that is left.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Job(u64);
/// #[world_config(components(Job))]
/// struct Work;
/// coordinator!(type Program = (Work,));
///
/// let mut program = Program::new();
/// program.add_system::<Work, _>(|world: &mut World<Work>| {
///     assert!(world.view::<&Job>().all(|job| job.0 < 10), "a job is too large");
/// });
/// program.world_mut::<Work>().spawn(Job(11))?;
/// let stopped = program.run(Placement::Single)?.join(); // until a world fails
/// assert_eq!(
///     stopped.failures[0].to_string(),
///     "world `Work` (id 0) panicked: a job is too large"
/// );
/// // The world is still there, with what is in it.
/// assert_eq!(stopped.coordinator.world::<Work>().len(), 1);
/// assert!(stopped.conservation.holds());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stopped<Worlds: WorldSet> {
    /// The worlds, with whatever stayed in them and in the queues. It can run again.
    pub coordinator: WorldCoordinator<Worlds>,
    /// Worlds that failed, first to last.
    pub failures: Vec<Failure>,
    /// Failures after which the worlds went on, as their [`Supervision`] says, and which
    /// nobody has [taken](Running::take_survived); the first 64. The statistics count all.
    ///
    /// [`Supervision`]: crate::supervise::Supervision
    pub survived: Vec<Failure>,
    /// Whether everything that was begun was finished before the deadline. What was not, and
    /// is on its way to another world, is had by [`WorldCoordinator::take_unfinished`].
    pub drained: bool,
    /// What became of every entity.
    pub conservation: Conservation,
}

impl<Worlds: WorldSet> Stopped<Worlds> {
    /// The coordinator, if no world failed.
    ///
    /// # Errors
    /// The first failure.
    pub fn into_result(mut self) -> Result<WorldCoordinator<Worlds>, Failure> {
        if self.failures.is_empty() { Ok(self.coordinator) } else { Err(self.failures.remove(0)) }
    }
}

impl<Worlds: WorldSet> fmt::Debug for Stopped<Worlds> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopped")
            .field("failures", &self.failures)
            .field("survived", &self.survived)
            .field("drained", &self.drained)
            .field("conservation", &self.conservation)
            .finish_non_exhaustive()
    }
}
