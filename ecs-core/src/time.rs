//! Time that passes in a world.

use core::time::Duration;

use crate::resources::Resource;

/// How much time passes in a world, as a resource of its systems: `Res<Time>`.
///
/// `Schedule::tick` lets time pass; a coordinator does so at each tick of a world that has
/// a `Time`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    delta: Duration,
    elapsed: Duration,
    ticks: u64,
}

// SAFETY: the name is constant.
unsafe impl Resource for Time {
    const NAME: &'static str = "ecs_core::time::Time";
}

impl Time {
    /// The time since the last tick.
    pub fn delta(&self) -> Duration {
        self.delta
    }

    /// The time since the last tick, in seconds.
    pub fn delta_secs(&self) -> f32 {
        self.delta.as_secs_f32()
    }

    /// The time since the first tick.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The time since the first tick, in seconds.
    pub fn elapsed_secs(&self) -> f32 {
        self.elapsed.as_secs_f32()
    }

    /// How many ticks there were, this one included.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Lets time pass, as at the start of a tick.
    #[inline]
    pub fn advance(&mut self, delta: Duration) {
        self.delta = delta;
        self.elapsed = self.elapsed.saturating_add(delta);
        self.ticks += 1;
    }
}

/// Steps of a fixed length out of time that passes unevenly.
///
/// What is left of the time is kept for the next call, so that steps keep their rate. At
/// most `most` steps are made at once: what is beyond is dropped and counted, so that a
/// world that can't keep up does not fall behind for good.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// use std::time::Duration;
///
/// let mut steps = FixedSteps::new(Duration::from_millis(10)).with_most(3);
/// assert_eq!(steps.advance(Duration::from_millis(25)), 2);
/// assert_eq!(steps.behind(), Duration::from_millis(5));
/// assert_eq!(steps.advance(Duration::from_millis(100)), 3);
/// assert_eq!(steps.dropped(), 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedSteps {
    step: Duration,
    most: u32,
    behind: Duration,
    dropped: u64,
}

impl FixedSteps {
    /// Steps of this length, at most 8 at once.
    ///
    /// # Panics
    /// If the length is zero.
    pub const fn new(step: Duration) -> Self {
        assert!(!step.is_zero(), "a step takes some time");
        Self { step, most: 8, behind: Duration::ZERO, dropped: 0 }
    }

    /// So many steps a second, at most 8 at once.
    ///
    /// # Panics
    /// If `rate` is zero, or above 10^9.
    pub const fn per_second(rate: u32) -> Self {
        assert!(rate > 0, "there is at least one step a second");
        Self::new(Duration::from_nanos(1_000_000_000 / rate as u64))
    }

    /// At most this many steps at once, at least one.
    pub const fn with_most(mut self, most: u32) -> Self {
        self.most = if most == 0 { 1 } else { most };
        self
    }

    /// Lets time pass; answers how many steps are to be made now.
    #[inline]
    pub fn advance(&mut self, passed: Duration) -> u32 {
        let behind = self.behind.saturating_add(passed);
        let steps = behind.as_nanos() / self.step.as_nanos();
        let rest = behind.as_nanos() % self.step.as_nanos();
        // The rest is less than a step.
        self.behind = Duration::new((rest / 1_000_000_000) as u64, (rest % 1_000_000_000) as u32);
        let now = steps.min(u128::from(self.most)) as u32;
        let dropped = u64::try_from(steps - u128::from(now)).unwrap_or(u64::MAX);
        self.dropped = self.dropped.saturating_add(dropped);
        now
    }

    /// The length of a step.
    pub fn step(&self) -> Duration {
        self.step
    }

    /// The time for which no step was made yet.
    pub fn behind(&self) -> Duration {
        self.behind
    }

    /// How much of the next step has passed, from 0 to 1: to show what is between two
    /// steps.
    pub fn fraction(&self) -> f32 {
        self.behind.as_secs_f32() / self.step.as_secs_f32()
    }

    /// How many steps were dropped because too many were due at once.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
