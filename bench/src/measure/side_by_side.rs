//! Two servers under the same load, in turn.

use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::latency::{Latency, median};
use crate::load::{Load, Outcome, Pace, Traffic, as_f64};
use crate::plan::{Bench, Scale};
use crate::process::{Server, own_processor_time};

/// What one server did under the load, over all rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    /// Answers a second: the median of the rounds.
    pub(crate) rate: f64,
    /// Latency at the client, over all rounds.
    pub(crate) latency: Latency,
    /// Processor time that the server's process took for one answer, over all rounds.
    pub(crate) processor_time: Duration,
    /// Processor time that the client took for one answer, over all rounds.
    pub(crate) client_time: Duration,
}

/// Two servers compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison {
    /// ntt-auth.
    pub(crate) ours: Side,
    /// What it is compared with.
    pub(crate) bare: Side,
    /// Rate of ntt-auth ÷ rate of the other: the median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// Runs a closed loop against both servers, in rounds that alternate.
pub(super) fn compare<O: Traffic, B: Traffic>(
    bench: &Bench,
    connections: usize,
    (ours, our_traffic): (&Server, &mut O),
    (bare, bare_traffic): (&Server, &mut B),
) -> Result<Comparison> {
    let mut our_rounds = Vec::new();
    let mut bare_rounds = Vec::new();
    for round in 0..bench.scale.rounds {
        // Whoever goes first changes, so that neither gains from the machine's drift.
        if round % 2 == 0 {
            our_rounds.push(run(&bench.scale, ours, connections, our_traffic)?);
            bare_rounds.push(run(&bench.scale, bare, connections, bare_traffic)?);
        } else {
            bare_rounds.push(run(&bench.scale, bare, connections, bare_traffic)?);
            our_rounds.push(run(&bench.scale, ours, connections, our_traffic)?);
        }
    }
    Ok(Comparison::of(&our_rounds, &bare_rounds))
}

impl Comparison {
    /// Sums up rounds of both sides, of which those with the same place belong together.
    pub(super) fn of(ours: &[Round], bare: &[Round]) -> Self {
        let ratios = ours
            .iter()
            .zip(bare)
            .map(|(ours, bare)| ours.rate / bare.rate)
            .collect();
        Self {
            ours: Side::of(ours),
            bare: Side::of(bare),
            ratio: median(ratios),
        }
    }
}

impl Side {
    /// Sums up rounds.
    pub(super) fn of(rounds: &[Round]) -> Self {
        let micros = rounds
            .iter()
            .flat_map(|round| round.micros.clone())
            .collect();
        let answers: usize = rounds.iter().map(|round| round.micros.len()).sum();
        let answers = as_f64(answers.max(1));
        let processor_time: Duration = rounds.iter().map(|round| round.processor_time).sum();
        let client_time: Duration = rounds.iter().map(|round| round.client_time).sum();
        Self {
            rate: median(rounds.iter().map(|round| round.rate).collect()),
            latency: Latency::of(micros).unwrap_or_default(),
            processor_time: processor_time.div_f64(answers),
            client_time: client_time.div_f64(answers),
        }
    }
}

/// One server's part of one round.
pub(super) struct Round {
    /// Answers a second.
    pub(super) rate: f64,
    micros: Vec<u32>,
    processor_time: Duration,
    client_time: Duration,
}

impl Round {
    /// Runs `traffic` over the connections of `load` for that long, or until it ends; every answer must be 200.
    pub(super) fn run(
        server: &Server,
        load: &mut Load,
        length: Duration,
        traffic: &mut impl Traffic,
    ) -> Result<Self> {
        Self::expecting(200, server, load, length, traffic)
    }

    /// The same where another status is success.
    pub(super) fn expecting(
        status: u16,
        server: &Server,
        load: &mut Load,
        length: Duration,
        traffic: &mut impl Traffic,
    ) -> Result<Self> {
        let before = (server.processor_time()?, own_processor_time()?);
        let outcome = load.run(Pace::Closed, length, traffic)?;
        let processor_time = server.processor_time()?.saturating_sub(before.0);
        let client_time = own_processor_time()?.saturating_sub(before.1);
        only(status, &outcome)?;
        Ok(Self {
            rate: outcome.rate(status),
            micros: outcome.samples.iter().map(|sample| sample.micros).collect(),
            processor_time,
            client_time,
        })
    }
}

fn run(
    scale: &Scale,
    server: &Server,
    connections: usize,
    traffic: &mut impl Traffic,
) -> Result<Round> {
    let mut load = Load::open(server.address, connections)?;
    load.run(Pace::Closed, scale.warm_up, traffic)?;
    Round::run(server, &mut load, scale.round, traffic)
}

/// Fails if any answer was not 200: a rate of refusals is no rate.
pub(super) fn only_successes(outcome: &Outcome) -> Result<()> {
    only(200, outcome)
}

fn only(status: u16, outcome: &Outcome) -> Result<()> {
    let others = outcome.unexpected(&[status]);
    if others.is_empty() {
        return Ok(());
    }
    Err(Failure::Unmet(format!(
        "of {} answers only {} were {status}; others were {others:?}",
        outcome.samples.len(),
        outcome.count(status)
    )))
}
