//! `ntt-auth doctor`

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Failure, print, wait};
use crate::doctor::{Finding, Level, examine};
use crate::ports::SystemClock;
use crate::settings::{self, Inputs};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON: an object for each line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(given: &DoctorArgs, inputs: &Inputs) -> Result<(), Failure> {
    let findings = match settings::load(inputs) {
        Ok(settings) => wait(async { Ok(examine(&settings, Arc::new(SystemClock)).await) })?,
        Err(problems) => problems
            .0
            .iter()
            .map(|problem| Finding {
                level: Level::Fail,
                check: "configuration",
                what: match &problem.key {
                    Some(key) => format!("{key} ({}): {}", problem.source, problem.what),
                    None => format!("{}: {}", problem.source, problem.what),
                },
                cure: Some(problem.cure.clone()),
            })
            .collect(),
    };
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| match given.json {
            true => json!({
                "level": finding.level.as_str(),
                "check": finding.check,
                "what": finding.what,
                "cure": finding.cure,
            })
            .to_string(),
            false => finding.to_string(),
        })
        .collect();
    print(&format!("{}\n", lines.join("\n")))?;
    let failed = findings
        .iter()
        .filter(|finding| finding.level == Level::Fail)
        .count();
    match failed {
        0 => Ok(()),
        1 => Err(Failure::Unhealthy("one thing is wrong".to_owned())),
        _ => Err(Failure::Unhealthy(format!("{failed} things are wrong"))),
    }
}
