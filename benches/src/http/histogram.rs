//! Times, counted in buckets that are at most a 128th of their values wide.

/// Buckets for each power of two, as a power of two.
const FINE: u32 = 7;

pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub fn new() -> Self {
        Self { counts: vec![0; bucket(u64::MAX) + 1], total: 0 }
    }

    pub fn add(&mut self, nanos: u64) {
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// What this part of all times does not exceed, by no more than a bucket's width.
    pub fn quantile(&self, part: f64) -> u64 {
        let rank = ((self.total as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        let reaches = |&count: &u64| {
            seen += count;
            seen >= rank
        };
        self.counts.iter().position(reaches).map_or(0, last_of)
    }
}

/// Small values have a bucket each; of others, the highest bits count.
fn bucket(nanos: u64) -> usize {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(FINE + 1);
    ((u64::from(shift) << FINE) + (nanos >> shift)) as usize
}

/// The greatest value in a bucket.
fn last_of(bucket: usize) -> u64 {
    let shift = ((bucket >> FINE) as u32).saturating_sub(1);
    let high = bucket as u64 - (u64::from(shift) << FINE);
    (((u128::from(high) + 1) << shift) - 1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_in_its_bucket() {
        let values = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for value in values.chain([1_000, 123_456_789, u64::MAX]) {
            let place = bucket(value);
            let last = last_of(place);
            assert!(last >= value && last - value <= value >> FINE, "{value}: {last}");
            assert_eq!(bucket(last), place);
            if last < u64::MAX {
                assert_eq!(bucket(last + 1), place + 1);
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut times = Histogram::new();
        assert_eq!(times.quantile(0.5), 0);
        (1..=100).for_each(|value| times.add(value));
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|part| times.quantile(part)), [1, 50, 99, 100]);
        times.clear();
        times.add(7);
        assert_eq!(times.quantile(0.999), 7);
    }
}
