//! When worlds tick by the clock, and what becomes of ticks that come too late.

use std::time::{Duration, Instant};

/// When a world ticks, on its thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// When something arrives, an event comes, or entities wait to leave; then
    /// again until a tick finds nothing to do.
    #[default]
    OnDemand,
    /// Again and again.
    Continuous,
    /// At a fixed rate. A tick that comes late does not delay those after it;
    /// ticks that were missed altogether are left out, and counted.
    Every(Duration),
    /// In steps of simulated time that keep up with the clock: time adds up, and
    /// each `step` of it is a tick, whose `Time` it is. Ticks that come late are made up for, up to
    /// `max_steps` in a row; the rest is left out, and counted.
    Fixed {
        /// How much time a tick stands for.
        step: Duration,
        /// The most ticks in a row that make up for lost time, this one
        /// included; at least one.
        max_steps: u32,
    },
}

impl Pace {
    /// How much time a tick stands for, if there is a rate.
    pub(crate) fn period(self) -> Option<Duration> {
        match self {
            Self::OnDemand | Self::Continuous => None,
            Self::Every(step) | Self::Fixed { step, .. } => Some(step),
        }
    }

    /// After a tick that was due at `due` and began at `start`: when the next
    /// one is due, and how many are left out before it.
    pub(crate) fn next(
        self,
        due: Option<Instant>,
        start: Option<Instant>,
    ) -> (Option<Instant>, u64) {
        match self {
            Self::OnDemand | Self::Continuous => (due, 0),
            Self::Every(period) => next_due(due, start, period, 1),
            Self::Fixed { step, max_steps } => next_due(due, start, step, max_steps),
        }
    }
}

/// A time that is a whole number of periods after `due`, so that no late tick
/// shifts those after it: the next, or one so late that no more than `most`
/// ticks, the present one included, have come by `start`.
fn next_due(
    due: Option<Instant>,
    start: Option<Instant>,
    period: Duration,
    most: u32,
) -> (Option<Instant>, u64) {
    let (Some(due), Some(start)) = (due.or(start), start) else { return (None, 0) };
    let late = start.saturating_duration_since(due).as_nanos();
    let missed = late.checked_div(period.as_nanos()).unwrap_or(0);
    let skipped = missed.saturating_sub(u128::from(most.max(1) - 1));
    let ahead = period.saturating_mul(u32::try_from(skipped + 1).unwrap_or(u32::MAX));
    (due.checked_add(ahead), u64::try_from(skipped).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pace;

    #[test]
    fn a_late_tick_shifts_none_after_it() {
        let (start, period) = (Instant::now(), Duration::from_millis(10));
        let at = |ms| Some(start + Duration::from_millis(ms));
        let next = |due, start| Pace::Every(period).next(due, start);
        assert_eq!(next(at(0), at(0)), (at(10), 0));
        assert_eq!(next(at(0), at(9)), (at(10), 0));
        // Missed altogether, and left out.
        assert_eq!(next(at(0), at(10)), (at(20), 1));
        assert_eq!(next(at(0), at(35)), (at(40), 3));
        // Early, or the first.
        assert_eq!(next(at(20), at(15)), (at(30), 0));
        assert_eq!(next(None, at(5)), (at(15), 0));
        assert_eq!(Pace::Every(Duration::ZERO).next(at(0), at(7)), (at(0), 0));
        assert_eq!(Pace::Continuous.next(at(0), at(70)), (at(0), 0));
    }

    #[test]
    fn fixed_steps_make_up_for_lost_time_up_to_a_bound() {
        let (begin, step) = (Instant::now(), Duration::from_millis(10));
        let at = |ms| Some(begin + Duration::from_millis(ms));
        let pace = Pace::Fixed { step, max_steps: 3 };
        assert_eq!(pace.next(at(0), at(0)), (at(10), 0));
        // Two more are due at once, and come.
        assert_eq!(pace.next(at(0), at(25)), (at(10), 0));
        assert_eq!(pace.next(at(10), at(25)), (at(20), 0));
        assert_eq!(pace.next(at(20), at(25)), (at(30), 0));
        // Of five that are due three come.
        assert_eq!(pace.next(at(0), at(49)), (at(30), 2));
        assert_eq!(pace.next(at(30), at(49)), (at(40), 0));
        let least = Pace::Fixed { step, max_steps: 0 };
        assert_eq!(least.next(at(0), at(49)), (at(50), 4));
    }
}
