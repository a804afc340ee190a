//! Percentiles of what the client saw.

use std::fmt;
use std::time::Duration;

/// Percentiles of a set of latencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Latency {
    /// Half of the answers came within this.
    pub(crate) p50: Duration,
    /// 99 of 100 answers came within this.
    pub(crate) p99: Duration,
    /// 999 of 1000 answers came within this.
    pub(crate) p999: Duration,
    /// The slowest answer.
    pub(crate) max: Duration,
}

impl Latency {
    /// The percentiles of `micros`, in microseconds; `None` without any.
    pub(crate) fn of(mut micros: Vec<u32>) -> Option<Self> {
        micros.sort_unstable();
        Some(Self {
            p50: nearest_rank(&micros, 500)?,
            p99: nearest_rank(&micros, 990)?,
            p999: nearest_rank(&micros, 999)?,
            max: nearest_rank(&micros, 1000)?,
        })
    }
}

/// The value that `per_mille` of the sorted values do not exceed (nearest-rank method).
fn nearest_rank(sorted: &[u32], per_mille: usize) -> Option<Duration> {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    let micros = sorted.get(rank.checked_sub(1)?)?;
    Some(Duration::from_micros(u64::from(*micros)))
}

/// The middle of `values`; the mean of the two middle ones of an even count; 0 without any.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or_default();
    if values.len().is_multiple_of(2) && middle > 0 {
        let lower = values.get(middle - 1).copied().unwrap_or_default();
        f64::midpoint(lower, upper)
    } else {
        upper
    }
}

/// A duration as a person reads it: `87 µs`, `4.21 ms`, `3.20 s`.
pub(crate) struct Readable(pub(crate) Duration);

impl fmt::Display for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds >= 1.0 {
            write!(f, "{seconds:.2} s")
        } else if seconds >= 0.001 {
            write!(f, "{:.2} ms", seconds * 1e3)
        } else {
            write!(f, "{:.0} µs", seconds * 1e6)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let latency = Latency::of((1..=1000).rev().collect()).unwrap();
        assert_eq!(latency.p50, Duration::from_micros(500));
        assert_eq!(latency.p99, Duration::from_micros(990));
        assert_eq!(latency.p999, Duration::from_micros(999));
        assert_eq!(latency.max, Duration::from_millis(1));
    }

    #[test]
    fn one_value_is_every_percentile_and_none_is_none() {
        let latency = Latency::of(vec![7]).unwrap();
        assert_eq!(latency.p50, latency.max);
        assert_eq!(Latency::of(Vec::new()), None);
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(Vec::new()).abs() < f64::EPSILON);
    }

    #[test]
    fn durations_are_shown_in_a_fitting_unit() {
        assert_eq!(Readable(Duration::from_micros(87)).to_string(), "87 µs");
        assert_eq!(Readable(Duration::from_micros(4210)).to_string(), "4.21 ms");
        assert_eq!(Readable(Duration::from_millis(3200)).to_string(), "3.20 s");
    }
}
