//! `ntt-auth audit verify`

use std::time::Instant;

use clap::Args;
use ntt_auth_core::audit::{Finding, parse_checkpoint};
use ntt_auth_core::flow::{AuditReport, verify_audit};
use ntt_auth_core::model::Checkpoint;
use serde_json::json;

use super::super::table::counted;
use super::super::{Failure, open, print};
use super::bar;
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(in super::super) struct Verify {
    /// A checkpoint that was kept elsewhere, or a file in which there are some, such as a log; may be given again
    #[arg(long, value_name = "FILE|TEXT")]
    checkpoint: Vec<String>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(given: &Verify, settings: &Settings) -> Result<(), Failure> {
    let mut checkpoints = Vec::new();
    for text in &given.checkpoint {
        checkpoints.extend(read(text)?);
    }
    let auth = open(settings).await?.auth;
    let bar = bar("Verifying");
    let begun = Instant::now();
    let report = verify_audit(&auth, &checkpoints, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    let took = begun.elapsed();
    match given.json {
        true => print(&format!("{}\n", json_of(&report)))?,
        false => {
            let mut lines: Vec<String> = report.findings.iter().map(Finding::to_string).collect();
            if report.more > 0 {
                lines.push(format!("{} findings more are not shown", report.more));
            }
            lines.extend(report.incomparable.iter().map(|sequence| {
                format!(
                    "the checkpoint at event {sequence} is genuine; its event is too old to be kept"
                )
            }));
            lines.push(format!(
                "{} ({} to {}) and {} {} in {:.1} s\n",
                counted(report.events, "event", "events"),
                report.first,
                report.latest,
                counted(report.checkpoints, "checkpoint", "checkpoints"),
                match report.is_whole() {
                    true => "verified",
                    false => "looked at",
                },
                took.as_secs_f64()
            ));
            print(&lines.join("\n"))?;
        }
    }
    match report.is_whole() {
        true => Ok(()),
        false => {
            let count = u64::try_from(report.findings.len()).unwrap_or(u64::MAX) + report.more;
            Err(Failure::Tampered(count))
        }
    }
}

fn json_of(report: &AuditReport) -> serde_json::Value {
    json!({
        "whole": report.is_whole(),
        "first": report.first,
        "latest": report.latest,
        "events": report.events,
        "checkpoints": report.checkpoints,
        "incomparable": report.incomparable,
        "findings": report.findings.iter().map(|finding| json!({
            "code": finding.code(),
            "sequence": Finding::sequence(finding),
            "message": finding.to_string(),
        })).collect::<Vec<_>>(),
        "more": report.more,
    })
}

/// The checkpoints of a text, or of a file of that name: every word of it that is one, so that a log will do.
fn read(text: &str) -> Result<Vec<Checkpoint>, Failure> {
    if let Ok(checkpoint) = parse_checkpoint(text) {
        return Ok(vec![checkpoint]);
    }
    let unreadable = |why: String| Failure::File(format!("--checkpoint {text}: {why}"));
    let content = std::fs::read_to_string(text).map_err(|error| {
        unreadable(format!(
            "neither a checkpoint nor a file that can be read ({error})"
        ))
    })?;
    let mut found: Vec<Checkpoint> = content
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')))
        .filter_map(|word| parse_checkpoint(word).ok())
        .collect();
    found.dedup();
    match found.is_empty() {
        true => Err(unreadable("there is no checkpoint in this file".to_owned())),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_found_in_a_log() {
        let hash = "A".repeat(43);
        let signature = "A".repeat(86);
        let word = format!("ntt-audit-1.5.0.1700000000000.{hash}.0123456789abcdef.{signature}");
        assert_eq!(read(&word).unwrap().len(), 1);
        let file = tempfile::NamedTempFile::new().unwrap();
        let log = format!(
            "INFO audit: signed checkpoint=\"{word}\" sequence=5\n{{\"checkpoint\":\"{word}\"}}\n"
        );
        std::fs::write(file.path(), log).unwrap();
        let found = read(file.path().to_str().unwrap()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].sequence, 5);
        std::fs::write(file.path(), "nothing").unwrap();
        assert!(read(file.path().to_str().unwrap()).is_err());
        assert!(read("/nowhere").is_err());
    }
}
