//! Systems on all cores.
//!
//! A stage is worth sharing when it would end earlier by more than it takes to wake a
//! thread. How long its systems take is measured while they run: the stage as a whole each
//! time, each system by itself only where the whole takes long enough to matter, and then
//! now and again. So a stage of little work costs two looks at the clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ecs_core::config::WorldConfig;
use ecs_core::schedule::{Executor, Job, Stage};
use ecs_core::schema::Schema;

/// A stage must end earlier by this much: a parked thread takes 5 to 50 µs to wake.
const WORTH: Duration = Duration::from_micros(40);
/// After how many runs systems that run one by one are measured again.
const AGAIN: u32 = 16;

/// Runs the systems of a stage on all cores, by the pool of `rayon`, where that pays, and
/// one after the other where it doesn't. The world is the same afterwards.
///
/// For schemas of which all components are `Send` and `Sync`.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Heat(f32);
/// # #[derive(Component)] struct Age(u32);
/// # #[world_config(components(Heat, Age))] struct Base;
/// let mut schedule = Schedule::<Base>::new();
/// schedule
///     .add(|mut heats: Query<Base, &mut Heat>| heats.iter_mut().for_each(|heat| heat.0 *= 0.5))
///     .add(|mut ages: Query<Base, &mut Age>| ages.iter_mut().for_each(|age| age.0 += 1))
///     .set_executor(ParallelExecutor::new());
/// assert_eq!(schedule.plan()?.stages().len(), 1);
/// schedule.run(&mut World::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ParallelExecutor {
    worth: Duration,
    /// What the systems take, by their numbers, in nanoseconds; 0 if that is not known.
    costs: Vec<u64>,
    /// Runs until the systems of a stage are measured one by one again, by the number of
    /// its first system.
    rests: Vec<u32>,
}

impl ParallelExecutor {
    /// Shares a stage that is then expected to end earlier by 40 µs or more.
    pub const fn new() -> Self {
        Self { worth: WORTH, costs: Vec::new(), rests: Vec::new() }
    }

    /// Shares a stage that is then expected to end earlier by `worth` or more; by zero,
    /// each stage.
    pub const fn with_worth(mut self, worth: Duration) -> Self {
        self.worth = worth;
        self
    }

    /// How much earlier the stage would end on so many threads: at best, when the
    /// longest system ends, or when all threads have worked as long.
    fn saving<W: WorldConfig>(&self, stage: &Stage<'_, W>, threads: usize) -> Option<Duration> {
        let (mut sum, mut longest) = (0, 0);
        for number in stage.numbers() {
            let cost = self.costs.get(number).copied().unwrap_or(0);
            sum += cost;
            longest = longest.max(cost);
        }
        let best = longest.max(sum / threads as u64);
        (sum > 0).then(|| Duration::from_nanos(sum - best))
    }

    fn set_cost(&mut self, number: usize, took: Duration) {
        if self.costs.len() <= number {
            self.costs.resize(number + 1, 0);
        }
        let (cost, took) = (&mut self.costs[number], took.as_nanos() as u64);
        *cost = if *cost == 0 { took } else { (*cost * 3 + took) / 4 }.max(1);
    }

    /// Runs the systems on this thread.
    fn run_here<W: WorldConfig>(&mut self, stage: Stage<'_, W>) {
        let Some(first) = stage.numbers().next() else { return };
        if self.rests.len() <= first {
            self.rests.resize(first + 1, 0);
        }
        let start = Instant::now();
        if self.rests[first] == 1 {
            let mut before = start;
            for job in stage {
                let number = job.number();
                job.run();
                let now = Instant::now();
                self.set_cost(number, now - before);
                before = now;
            }
            self.rests[first] = AGAIN;
            return;
        }
        stage.for_each(Job::run);
        let rest = &mut self.rests[first];
        if start.elapsed() < self.worth {
            // Nothing to gain.
            *rest = 0;
        } else {
            *rest = rest.checked_sub(1).unwrap_or(1);
        }
    }

    /// Runs the systems on this thread and those of the pool, the longest first.
    fn share<W>(&mut self, stage: Stage<'_, W>, threads: usize)
    where
        W: WorldConfig,
        W::Schema: Schema<Types: Send + Sync>,
    {
        let mut jobs: Vec<Job<'_, W>> = stage.collect();
        let costs = &self.costs;
        // From the end, where they are taken.
        jobs.sort_by_key(|job| costs.get(job.number()).copied().unwrap_or(u64::MAX));
        let helpers = (threads - 1).min(jobs.len().saturating_sub(1));
        let times = Mutex::new(Vec::with_capacity(jobs.len()));
        let jobs = Mutex::new(jobs);
        let work = || {
            loop {
                let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some(job) = job else { break };
                let (number, start) = (job.number(), Instant::now());
                job.run();
                let took = (number, start.elapsed());
                times.lock().unwrap_or_else(PoisonError::into_inner).push(took);
            }
        };
        rayon::in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| work());
            }
            work();
        });
        let times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
        times.into_iter().for_each(|(number, took)| self.set_cost(number, took));
    }
}

impl Default for ParallelExecutor {
    fn default() -> Self {
        Self::new()
    }
}

impl<W> Executor<W> for ParallelExecutor
where
    W: WorldConfig,
    W::Schema: Schema<Types: Send + Sync>,
{
    fn run(&mut self, stage: Stage<'_, W>) {
        let threads = rayon::current_num_threads();
        if threads == 1 {
            return stage.for_each(Job::run);
        }
        let pays = self.worth.is_zero()
            || self.saving(&stage, threads).is_some_and(|saving| saving >= self.worth);
        if pays { self.share(stage, threads) } else { self.run_here(stage) }
    }
}
