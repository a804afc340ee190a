//! NUM-8: durable refresh rotations, beside the bare server with bodies of the same size.

use super::side_by_side::compare;
use super::{POPULATED, ask_one, same_answer};
use crate::accounts::{Chains, Session};
use crate::failure::{Failure, Result};
use crate::plan::Bench;
use crate::report::{Finding, Report};
use crate::request::{self, REFRESH};

/// Each connection rotates its own session's token.
pub(super) fn measure(bench: &Bench, sessions: &mut [Session], report: &mut Report) -> Result<()> {
    let ours = bench.start_ours(POPULATED, &[])?;
    let Some(first) = sessions.first_mut() else {
        return Err(Failure::Unmet("there is no session to refresh".to_owned()));
    };
    let answer = ask_one(
        ours.address,
        "POST /auth/refresh",
        request::refresh(&first.refresh_token),
    )?;
    *first = serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::Unmet(format!("a refresh's answer has no tokens: {error}")))?;
    let bare = bench.start_bare(&[same_answer("POST", REFRESH, &answer)])?;
    for (key, connections) in [("refresh-64", 64), ("refresh-1000", 1000)] {
        bench.say(&format!(
            "NUM-8: refresh rotations, {connections} connections"
        ));
        let mut chains = Chains::new(sessions);
        let mut bare_chains = chains.clone();
        let comparison = compare(
            bench,
            connections,
            (&ours, &mut chains),
            (&bare, &mut bare_chains),
        )?;
        let (_, ends) = chains.into_tokens();
        for (session, end) in sessions.iter_mut().zip(ends) {
            session.refresh_token = end;
        }
        report.latency(
            &format!("refresh, {connections} connections"),
            comparison.ours.latency,
        );
        report.latency(
            &format!("bare server, same bodies, {connections} connections"),
            comparison.bare.latency,
        );
        report.processor_time(&format!("refresh, {connections} connections"), &comparison);
        report.finding(Finding {
            key,
            number: "NUM-8",
            what: format!("refresh rotations, each answered after its commit is on disk, {connections} connections"),
            ours: format!("{:.0}/s", comparison.ours.rate),
            beside: format!("bare {:.0}/s", comparison.bare.rate),
            result: format!("{:.3} ×", comparison.ratio),
            target: "≥ 0.10 ×".to_owned(),
            reached: Some(comparison.ratio >= 0.10),
        });
    }
    ours.stop()?;
    bare.stop()
}
