//! Medians, and how sure one can be of them.

use serde::{Deserialize, Serialize};

/// A median with the interval in which the true one lies, 95 times in 100.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

/// The median of `values` and its interval by order statistics, which assumes
/// nothing about how the values are distributed. Fewer than six values can't
/// bear 95 %: then the interval is from the least to the greatest.
pub fn estimate(mut values: Vec<f64>) -> Option<Estimate> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let median = (values[last / 2] + values[last.div_ceil(2)]) / 2.0;
    let outside = outside(values.len());
    Some(Estimate { median, low: values[outside], high: values[last - outside] })
}

/// How many of `count` values, at each end, the 95 % interval leaves out: the
/// most for which so few heads in `count` throws of a coin come up less than
/// once in 40 times.
fn outside(count: usize) -> usize {
    let mut chance = 0.5_f64.powi(count as i32);
    let mut sum = chance;
    let mut outside = 0;
    // `sum` is the chance of at most `outside` heads.
    loop {
        chance *= (count - outside) as f64 / (outside + 1) as f64;
        sum += chance;
        if sum > 0.025 {
            return outside;
        }
        outside += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        // From the usual tables for the sign test: of 20 values the 6th to the
        // 15th, of 41 the 14th to the 28th.
        assert_eq!(outside(6), 0);
        assert_eq!(outside(7), 0);
        assert_eq!(outside(20), 5);
        assert_eq!(outside(41), 13);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let odd = estimate(vec![3.0, 1.0, 2.0]);
        assert_eq!(odd, Some(Estimate { median: 2.0, low: 1.0, high: 3.0 }));
        assert_eq!(estimate(vec![4.0, 1.0, 2.0, 3.0]).map(|found| found.median), Some(2.5));
        assert_eq!(estimate(Vec::new()), None);
    }
}
