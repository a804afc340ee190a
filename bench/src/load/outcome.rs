//! What a run of load found.

use std::time::Duration;

use crate::latency::Latency;

/// One answer as the client saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// The status code.
    pub(crate) status: u16,
    /// Whether the answer came before the run's time was over.
    pub(crate) in_time: bool,
    /// Microseconds from the moment the request was due to the end of its answer.
    pub(crate) micros: u32,
}

/// Every answer of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How long the run took, without the wait for the last answers.
    pub(crate) elapsed: Duration,
    /// The answers, in the order in which they came.
    pub(crate) samples: Vec<Sample>,
    /// How many of the 503 answers carried `Retry-After`.
    pub(crate) retry_after: usize,
}

impl Outcome {
    /// Answers of that status a second.
    pub(crate) fn rate(&self, status: u16) -> f64 {
        let in_time = |sample: &&Sample| sample.in_time && sample.status == status;
        as_f64(self.samples.iter().filter(in_time).count()) / self.elapsed.as_secs_f64()
    }

    /// How many answers had that status.
    pub(crate) fn count(&self, status: u16) -> usize {
        self.samples
            .iter()
            .filter(|sample| sample.status == status)
            .count()
    }

    /// The part of all answers that had that status, from 0 to 1.
    pub(crate) fn share(&self, status: u16) -> f64 {
        as_f64(self.count(status)) / as_f64(self.samples.len().max(1))
    }

    /// Latencies of the answers of that status; zeros without any.
    pub(crate) fn latency(&self, status: u16) -> Latency {
        let micros = self
            .samples
            .iter()
            .filter(|sample| sample.status == status)
            .map(|sample| sample.micros)
            .collect();
        Latency::of(micros).unwrap_or_default()
    }

    /// The statuses that are not among `expected`, each once.
    pub(crate) fn unexpected(&self, expected: &[u16]) -> Vec<u16> {
        let mut statuses: Vec<u16> = self
            .samples
            .iter()
            .map(|sample| sample.status)
            .filter(|status| !expected.contains(status))
            .collect();
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }
}

/// A count as a number to calculate with; counts here stay far below 2^52.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts here stay far below 2^52, where f64 is exact"
)]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}
