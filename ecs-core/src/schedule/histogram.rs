//! How long systems take.

use core::fmt;
use core::time::Duration;

/// Tells nanoseconds since any fixed time.
pub type Clock = fn() -> u64;

/// Nanoseconds since the first call; always 0 on targets without a clock.
#[cfg(feature = "std")]
pub(super) fn clock() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        return 0;
    }
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// What the clock says, if there is one.
pub(super) fn read(clock: Option<Clock>) -> Option<u64> {
    clock.map(|clock| clock())
}

/// Buckets for each doubling.
const STEPS: usize = 4;
/// Up to about 18 minutes.
const BUCKETS: usize = 40 * STEPS;

/// How often something took how long: counts by duration, in steps of a quarter of a
/// doubling, so that quantiles are exact to about 20 %.
#[derive(Clone)]
pub struct Histogram {
    counts: [u32; BUCKETS],
    count: u64,
    total: u64,
    least: u64,
    most: u64,
}

impl Histogram {
    /// Of nothing.
    pub const fn new() -> Self {
        Self { counts: [0; BUCKETS], count: 0, total: 0, least: u64::MAX, most: 0 }
    }

    /// Adds a duration in nanoseconds.
    pub fn add(&mut self, nanos: u64) {
        let count = &mut self.counts[bucket(nanos)];
        *count = count.saturating_add(1);
        self.count += 1;
        self.total = self.total.saturating_add(nanos);
        self.least = self.least.min(nanos);
        self.most = self.most.max(nanos);
    }

    /// How many durations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All durations together.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.total)
    }

    /// The mean; zero of nothing.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.total.checked_div(self.count).unwrap_or(0))
    }

    /// The shortest; zero of nothing.
    pub fn min(&self) -> Duration {
        Duration::from_nanos(if self.count == 0 { 0 } else { self.least })
    }

    /// The longest; zero of nothing.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.most)
    }

    /// What the share `quantile` of all took at most, such as 0.99; zero of nothing.
    #[inline]
    pub fn quantile(&self, quantile: f64) -> Duration {
        let wanted = (quantile.clamp(0.0, 1.0) * self.count as f64) as u64;
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if count > 0 && seen >= wanted {
                return Duration::from_nanos(end_of(bucket).clamp(self.least, self.most));
            }
        }
        self.max()
    }
}

/// Durations below 4 ns have a bucket each; then the two bits after the first choose.
fn bucket(nanos: u64) -> usize {
    if nanos < STEPS as u64 {
        return nanos as usize;
    }
    let doubling = nanos.ilog2() as usize;
    let step = (nanos >> (doubling - 2)) as usize & (STEPS - 1);
    ((doubling - 1) * STEPS + step).min(BUCKETS - 1)
}

/// The longest duration of a bucket.
fn end_of(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let (doubling, step) = (bucket / STEPS + 1, bucket % STEPS);
    let width = 1_u64 << (doubling - 2);
    (1 << doubling) + (step as u64 + 1) * width - 1
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count)
            .field("mean", &self.mean())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_in_its_bucket() {
        for nanos in (0..5000).chain([1 << 20, (1 << 20) - 1, 3 << 30]) {
            let bucket = bucket(nanos);
            assert!(nanos <= end_of(bucket), "{nanos}");
            assert!(bucket == 0 || nanos > end_of(bucket - 1), "{nanos}");
            assert!(end_of(bucket) as f64 <= nanos as f64 * 1.25 + 1.0, "{nanos}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_near() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.mean(), histogram.quantile(0.5)), Default::default());
        (1..=1000).for_each(|nanos| histogram.add(nanos * 1000));
        assert_eq!((histogram.count(), histogram.mean().as_nanos()), (1000, 500_500));
        let p50 = histogram.quantile(0.5).as_nanos();
        assert!((500_000..=625_000).contains(&p50), "{p50}");
        assert_eq!(histogram.quantile(1.0), histogram.max());
        assert_eq!(histogram.min().as_nanos(), 1000);
        assert!(format_of(&histogram).contains("p99"));
    }

    fn format_of(histogram: &Histogram) -> alloc::string::String {
        alloc::format!("{histogram:?}")
    }
}
