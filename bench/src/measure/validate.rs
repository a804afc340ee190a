//! NUM-1: validation of tokens that the server has seen, beside the bare server.

use super::side_by_side::{Comparison, compare, only_successes};
use super::{POPULATED, ask_one, same_answer};
use crate::accounts::Session;
use crate::failure::Result;
use crate::latency::Readable;
use crate::load::{Load, Outcome, Pace, Repeat};
use crate::plan::Bench;
use crate::process::Server;
use crate::report::{Finding, Report};
use crate::request::{self, VALIDATE};

/// Tokens that are validated over and over.
const TOKENS: usize = 100;

/// The fixed rate of the open loop, requests a second.
const OPEN_LOOP: f64 = 10_000.0;

/// Measures closed loops over 64 and 1000 connections and an open loop over 1000.
pub(super) fn measure(bench: &Bench, sessions: &[Session], report: &mut Report) -> Result<()> {
    let requests: Vec<Vec<u8>> = sessions
        .iter()
        .take(TOKENS)
        .map(|session| request::validate(&session.access_token))
        .collect();
    let ours = bench.start_ours(POPULATED, &[])?;
    let probe = requests.first().cloned().unwrap_or_default();
    let answer = ask_one(ours.address, "GET /auth/validate", probe)?;
    let bare = bench.start_bare(&[same_answer("GET", VALIDATE, &answer)])?;
    for (key, connections) in [("validate-64", 64), ("validate-1000", 1000)] {
        bench.say(&format!(
            "NUM-1: validation, {connections} connections, closed loop"
        ));
        let comparison = compare(
            bench,
            connections,
            (&ours, &mut Repeat::new(&requests)),
            (&bare, &mut Repeat::new(&requests)),
        )?;
        tell(report, key, connections, &comparison);
    }
    bench.say("NUM-1: validation, 1000 connections, 10,000 requests/s, open loop");
    let at_ours = open_loop(bench, &ours, &requests)?;
    let at_bare = open_loop(bench, &bare, &requests)?;
    let p99 = at_ours.latency(200).p99;
    report.latency(
        "validation, 10,000/s over 1000 connections",
        at_ours.latency(200),
    );
    report.latency(
        "bare server, 10,000/s over 1000 connections",
        at_bare.latency(200),
    );
    report.finding(Finding {
        key: "validate-open-loop",
        number: "NUM-1",
        what: "validation at 10,000 requests/s over 1000 connections, p99 from the moment due"
            .to_owned(),
        ours: Readable(p99).to_string(),
        beside: format!("bare {}", Readable(at_bare.latency(200).p99)),
        result: format!(
            "p99 {}, all {} answered 200",
            Readable(p99),
            at_ours.samples.len()
        ),
        target: "p99 < 100 ms".to_owned(),
        reached: Some(p99.as_millis() < 100),
    });
    ours.stop()?;
    bare.stop()
}

fn tell(report: &mut Report, key: &'static str, connections: usize, comparison: &Comparison) {
    report.latency(
        &format!("validation, {connections} connections"),
        comparison.ours.latency,
    );
    report.latency(
        &format!("bare server, {connections} connections"),
        comparison.bare.latency,
    );
    report.processor_time(
        &format!("validation, {connections} connections"),
        comparison,
    );
    report.finding(Finding {
        key,
        number: "NUM-1",
        what: format!("validation, {connections} connections, closed loop"),
        ours: format!("{:.0}/s", comparison.ours.rate),
        beside: format!("bare {:.0}/s", comparison.bare.rate),
        result: format!("{:.2} ×", comparison.ratio),
        target: "≥ 0.75 ×".to_owned(),
        reached: Some(comparison.ratio >= 0.75),
    });
}

fn open_loop(bench: &Bench, server: &Server, requests: &[Vec<u8>]) -> Result<Outcome> {
    let mut load = Load::open(server.address, 1000)?;
    let mut traffic = Repeat::new(requests);
    load.run(Pace::Closed, bench.scale.warm_up, &mut traffic)?;
    let outcome = load.run(
        Pace::PerSecond(OPEN_LOOP),
        bench.scale.open_loop,
        &mut traffic,
    )?;
    only_successes(&outcome)?;
    Ok(outcome)
}
